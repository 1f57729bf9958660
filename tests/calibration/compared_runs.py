"""Pairs of simulated runs: shops whose response times are known, on machines that drift, burst and differ from run to run.

Response times are lognormal, times what the machine does to them. Most of the machines are not as a comparison assumes.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase, Window
from harness.measurement.series import SampleSeries
from harness.regression.duet import DuetRun
from harness.regression.figures import Kind
from harness.regression.measures import JOURNEYS, RunMeasures
from harness.regression.measures import PAGES as PAGES_TOGETHER
from harness.regression.percentiles import Estimate, rate_estimate
from harness.regression.spread import GRID

SLICES, SLICE_SECONDS = 10, 6.0
PAGES, SHARES = ("address", "receipt"), {"card": 2 / 3, "gpay": 1 / 3}
RATE, TYPICAL = 20.0, 0.05
"""Journeys a second, and the median of each page in seconds."""


@dataclass(frozen=True)
class Machine:
    """What a machine does to the times of a run, as factors; each field is a standard deviation of the logarithm.

    ``run_effect`` holds for a whole run, and is normal, or with ``heavy`` Student's t with three degrees of freedom, or with
    ``skewed`` exponential. ``drift`` is an AR(1) process over the slices of all runs, one after the other. ``bursts`` is the
    share of slices in which everything takes up to ``burst`` times as long.
    """

    name: str
    run_effect: float
    heavy: bool = False
    skewed: bool = False
    drift: float = 0.0
    memory: float = 0.78
    bursts: float = 0.0
    burst: float = 2.0

    def runs(self, number: int, chance: np.random.Generator, slices: int = SLICES) -> np.ndarray:
        """The factors of this many runs, slice by slice."""
        if self.heavy:
            whole = chance.standard_t(3, number) / math.sqrt(3)
        elif self.skewed:
            whole = chance.exponential(1.0, number) - 1
        else:
            whole = chance.standard_normal(number)
        steps = chance.standard_normal(number * slices) * self.drift * math.sqrt(1 - self.memory**2)
        drift, level = np.empty(number * slices), chance.standard_normal() * self.drift
        for place, step in enumerate(steps):
            level = drift[place] = self.memory * level + step
        burst = np.where(
            chance.random(number * slices) < self.bursts, np.log(chance.uniform(1.2, self.burst, number * slices)), 0.0
        )
        return np.exp((drift + burst).reshape(number, slices) + self.run_effect * whole[:, None])


@dataclass(frozen=True)
class Shop:
    """One version: how much slower it is, the share of journeys that it fails, and the spread of its times."""

    slower: float = 1.0
    failing: float = 0.0
    sigma: float = 0.5
    slow_receipt: float = 1.0
    """How much slower its page of the receipt is, beside that."""


@dataclass(frozen=True)
class SimulatedRun:
    """The samples of one run by page and payment option, one array for each slice, and which journeys failed."""

    times: dict[tuple[str, str], list[np.ndarray]]
    failed: dict[str, list[int]]

    def measures(self) -> RunMeasures:
        """What `measure` finds in the recorder of this run, in a tenth of the time."""
        pages = {page: [*self._slices([(page, option) for option in SHARES])] for page in PAGES}
        options = {option: self._journeys(option) for option in SHARES}
        everything = [np.concatenate(parts) for parts in zip(*pages.values(), strict=True)]
        journeys = [np.concatenate(parts) for parts in zip(*options.values(), strict=True)]
        counts = [(len(each), int(np.isinf(each).sum())) for each in journeys]
        return RunMeasures(
            times={JOURNEYS: _estimate(journeys, 0.95), PAGES_TOGETHER: _estimate(everything, 0.95)},
            median=_estimate(everything, 0.5),
            pages={page: _estimate(slices, 0.95) for page, slices in pages.items()},
            options={option: _estimate(slices, 0.95) for option, slices in options.items()},
            failures=counts,
            orders=rate_estimate([(n - x, n) for n, x in counts]),
            shape=tuple(_shape(each) for each in everything),
        )

    def duet(self) -> DuetRun:
        """This run as one of two at the same time, without its single pages and options."""
        journeys = [np.concatenate(parts) for parts in zip(*map(self._journeys, SHARES), strict=True)]
        everything = [np.concatenate(parts) for parts in zip(*self.times.values(), strict=True)]
        slices = {
            (Kind.TIME, name): {index: _histogram(times) for index, times in enumerate(found)}
            for name, found in ((JOURNEYS, journeys), (PAGES_TOGETHER, everything))
        }
        return DuetRun(self.measures(), slices, SLICE_SECONDS)

    def recorder(self) -> Recorder:
        """The recorder of this run."""
        recorder = Recorder(Window(0.0, 0.0, SLICES * SLICE_SECONDS), slice_length=SLICE_SECONDS)
        for (page, option), slices in self.times.items():
            for index, times in enumerate(slices):
                key = PageKey(page, option, "ok", Blame.NOBODY, Phase.STEADY)
                recorder.pages.setdefault(key, SampleSeries()).slices[index] = _histogram(times)
        for option, failed in self.failed.items():
            for index, times in enumerate(self._sums(option)):
                ends = (("http_5xx", Blame.SHOP, times[: failed[index]]), ("ok", Blame.NOBODY, times[failed[index] :]))
                for outcome, blame, took in ends:
                    key = JourneyKey("guest", option, "", outcome, blame, "", outcome == "ok", Phase.STEADY)
                    recorder.journeys.setdefault(key, SampleSeries()).slices[index] = _histogram(took)
        return recorder

    def _slices(self, keys: Sequence[tuple[str, str]]) -> Iterator[np.ndarray]:
        yield from (np.concatenate(parts) for parts in zip(*(self.times[key] for key in keys), strict=True))

    def _sums(self, option: str) -> list[np.ndarray]:
        return [np.sum(parts, axis=0) for parts in zip(*(self.times[page, option] for page in PAGES), strict=True)]

    def _journeys(self, option: str) -> list[np.ndarray]:
        journeys = self._sums(option)
        for index, number in enumerate(self.failed[option]):
            journeys[index][:number] = math.inf
        return journeys


def a_run(shop: Shop, factors: np.ndarray, chance: np.random.Generator) -> SimulatedRun:
    """One run: each journey has two pages, and two of three shoppers pay by card."""
    times: dict[tuple[str, str], list[np.ndarray]] = {(page, option): [] for page in PAGES for option in SHARES}
    failed: dict[str, list[int]] = {option: [] for option in SHARES}
    for factor in factors * shop.slower * TYPICAL:
        for option, share in SHARES.items():
            number = int(chance.poisson(RATE * SLICE_SECONDS * share))
            failed[option].append(int(chance.binomial(number, shop.failing)))
            for page in PAGES:
                slower = shop.slow_receipt if page == "receipt" else 1.0
                times[page, option].append(factor * slower * chance.lognormal(0.0, shop.sigma, number))
    return SimulatedRun(times, failed)


def _estimate(slices: Sequence[np.ndarray], q: float) -> Estimate:
    whole = _quantile(np.concatenate(slices), q)
    logarithms = np.log([each for each in (_quantile(one, q) for one in slices) if each < math.inf])
    if whole == math.inf or len(logarithms) < 2:
        return Estimate(math.inf, 0.0)
    return Estimate(math.log(whole), float(logarithms.var(ddof=1)) / len(logarithms))


def _quantile(times: np.ndarray, q: float) -> float:
    rank = math.ceil(round(q * len(times), 6)) - 1
    return float(np.partition(times, rank)[rank])


def _shape(times: np.ndarray) -> tuple[float, ...]:
    order = np.sort(times)
    places = np.searchsorted(order, np.array(GRID) * order[math.ceil(len(order) / 2) - 1], side="right")
    return tuple((places / len(order)).tolist())


def _histogram(times: np.ndarray) -> Histogram:
    histogram = Histogram()
    histogram.record_all(times.tolist())
    return histogram


def pairs_of(
    machine: Machine, baseline: Shop, candidate: Shop, number: int, seed: int
) -> Iterator[tuple[RunMeasures, RunMeasures]]:
    """Pairs of runs in the order A B B A A B …"""
    chance = np.random.default_rng(seed)
    factors = machine.runs(2 * number, chance)
    for pair in range(number):
        first, second = factors[2 * pair], factors[2 * pair + 1]
        if pair % 2:
            first, second = second, first
        yield a_run(baseline, first, chance).measures(), a_run(candidate, second, chance).measures()
