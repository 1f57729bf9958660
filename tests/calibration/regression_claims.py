"""The claims about `checkload compare` and `checkload regress`: how often a verdict over pairs of runs is wrong.

Only the runs are simulated: response times are lognormal, times what the machine does to them. Most of the machines are not as
the comparison assumes. A test shows that ``measures`` are those of a recorder.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from claims import Row, share_row

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase, Window
from harness.measurement.series import SampleSeries
from harness.objectives.verdict import Verdict
from harness.regression.comparison import compare
from harness.regression.duet import DuetRun, compare_rounds
from harness.regression.figures import Kind, Plan
from harness.regression.measures import JOURNEYS, RunMeasures
from harness.regression.measures import PAGES as PAGES_TOGETHER
from harness.regression.percentiles import Estimate, rate_estimate
from harness.regression.spread import GRID
from harness.regression.tolerance import DUET_LOOKS, EVERY_PAIR, MAX_PAIRS, THREE_LOOKS, Alphas, RunEffect, Tolerance

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


# -- verdicts ---------------------------------------------------------------------------------------------------------

QUIET = Machine("runs differ by 2 %", 0.02)
SHARED = Machine("runs differ by 6 %", 0.06)
AWFUL = Machine("runs differ by 15 %", 0.15)
MACHINES = (
    QUIET,
    SHARED,
    AWFUL,
    replace(SHARED, name="6 %, drift of 6 %, bursts", drift=0.06, bursts=0.05),
    replace(AWFUL, name="15 %, drift of 15 %, long bursts", drift=0.15, memory=0.98, bursts=0.05, burst=3.0),
    replace(AWFUL, name="15 %, heavy tails", heavy=True),
    replace(AWFUL, name="15 %, one-sided", skewed=True),
)
"""The first three are as the comparison assumes, the others are not."""
EACH_PAIR, THREE = tuple(range(1, 9)), (4, 8, 12)
SAME = Shop()


@dataclass(frozen=True)
class Decided:
    """How many comparisons ended with each verdict, and how many had failed after each number of pairs."""

    ends: Counter[Verdict]
    failed_after: Counter[int]


def decided(machine: Machine, candidate: Shop, stops: Sequence[int], alphas: Alphas, runs: int, seed: int) -> Decided:
    """Comparisons of a shop with this candidate; each adds pairs until it is decided after one of the numbers of pairs in ``stops``."""
    plan = Plan(Tolerance(), RunEffect(), alphas)
    ends, failed_after = Counter[Verdict](), Counter[int]()
    for run in range(runs):
        pairs: list[tuple[RunMeasures, RunMeasures]] = []
        verdict = Verdict.INCONCLUSIVE
        for pair in pairs_of(machine, SAME, candidate, stops[-1], seed + run):
            pairs.append(pair)
            if len(pairs) in stops and (verdict := compare(pairs, plan).verdict) is not Verdict.INCONCLUSIVE:
                break
        ends[verdict] += 1
        if verdict is Verdict.FAILED:
            failed_after[len(pairs)] += 1
    return Decided(ends, failed_after)


def compared(runs: int, machines: Sequence[Machine], seed: int = 41_000) -> Iterator[Row]:
    """How often `compare` is wrong if pairs are added until it decides, up to eight, and what it finds."""
    for machine in machines:
        what = f"compare, up to 8 pairs, {machine.name}"
        same = decided(machine, SAME, EACH_PAIR, EVERY_PAIR, runs, seed)
        yield share_row(f"{what}: the same shop failed", same.ends[Verdict.FAILED], runs, seed, at_most=0.01)
        slower = decided(machine, Shop(slower=1.1), EACH_PAIR, EVERY_PAIR, runs, seed)
        yield share_row(f"{what}: 10 % slower passed", slower.ends[Verdict.PASSED], runs, seed, at_most=0.05)


def looked_at_often(runs: int, seed: int = 45_000) -> Iterator[Row]:
    """How often `compare` is wrong if pairs are added until it decides, up to the most that it takes."""
    stops, what = tuple(range(1, MAX_PAIRS + 1)), f"compare, up to {MAX_PAIRS} pairs, {AWFUL.name}"
    same = decided(AWFUL, SAME, stops, EVERY_PAIR, runs, seed)
    yield share_row(f"{what}: the same shop failed", same.ends[Verdict.FAILED], runs, seed, at_most=0.01)
    slower = decided(AWFUL, Shop(slower=1.1), stops, EVERY_PAIR, runs, seed)
    yield share_row(f"{what}: 10 % slower passed", slower.ends[Verdict.PASSED], runs, seed, at_most=0.05)


def power(runs: int, machine: Machine = SHARED, seed: int = 42_000) -> Iterator[Row]:
    """How many regressions of 20 % are found with more and more pairs."""
    found = decided(machine, Shop(slower=1.2), EACH_PAIR, EVERY_PAIR, runs, seed)
    for pairs, least in ((4, 0.02), (5, 0.1), (6, 0.25), (8, 0.6)):
        caught = sum(number for after, number in found.failed_after.items() if after <= pairs)
        claim = f"compare, {machine.name}: 20 % slower found within {pairs} pairs"
        yield share_row(claim, caught, runs, seed, at_least=least)


def failing(runs: int, seed: int = 43_000) -> Iterator[Row]:
    """What happens to a candidate that is as fast, but fails one journey of a hundred, and to one with a wider spread."""
    spoilt = decided(QUIET, Shop(failing=0.01), EACH_PAIR, EVERY_PAIR, runs, seed)
    claim = "compare, up to 8 pairs: 1 % of the candidate's journeys fail, none of the baseline's"
    yield share_row(f"{claim}: passed", spoilt.ends[Verdict.PASSED], runs, seed, at_most=0.05)
    yield share_row(f"{claim}: failed", spoilt.ends[Verdict.FAILED], runs, seed, at_least=0.75)
    wider = decided(QUIET, Shop(sigma=0.8), EACH_PAIR, EVERY_PAIR, runs, seed)
    claim = "compare, up to 8 pairs: equal medians, a wider spread (sigma 0.8 for 0.5): failed"
    yield share_row(claim, wider.ends[Verdict.FAILED], runs, seed, at_least=0.75)


def looked_at_thrice(runs: int, machines: Sequence[Machine], seed: int = 44_000) -> Iterator[Row]:
    """How often `regress abba` is wrong, which looks after 4, 8 and 12 pairs, and what it finds."""
    for machine in machines:
        what = f"abba, looks at 4, 8 and 12 pairs, {machine.name}"
        same = decided(machine, SAME, THREE, THREE_LOOKS, runs, seed)
        yield share_row(f"{what}: the same shop failed", same.ends[Verdict.FAILED], runs, seed, at_most=0.01)
        slower = decided(machine, Shop(slower=1.1), THREE, THREE_LOOKS, runs, seed)
        yield share_row(f"{what}: 10 % slower passed", slower.ends[Verdict.PASSED], runs, seed, at_most=0.05)
        if machine is QUIET:
            yield share_row(f"{what}: 10 % slower found", slower.ends[Verdict.FAILED], runs, seed, at_least=0.75)


DUET_SLICES, ROUNDS = 12, 3


def in_duet(machine: Machine, candidate: Shop, runs: int, seed: int) -> Counter[Verdict]:
    """How duets with this candidate end: both versions share what the machine does, and up to three rounds are compared."""
    plan, ends = Plan(Tolerance(), RunEffect(), DUET_LOOKS), Counter[Verdict]()
    for run in range(runs):
        chance = np.random.default_rng(seed + run)
        rounds: list[tuple[DuetRun, DuetRun]] = []
        verdict = Verdict.INCONCLUSIVE
        for factors in machine.runs(ROUNDS, chance, DUET_SLICES):
            rounds.append((a_run(SAME, factors, chance).duet(), a_run(candidate, factors, chance).duet()))
            if (verdict := compare_rounds(rounds, 0.95, plan).verdict) is not Verdict.INCONCLUSIVE:
                break
        ends[verdict] += 1
    return ends


def duets(runs: int, machines: Sequence[Machine], seed: int = 46_000) -> Iterator[Row]:
    """How often `regress duet` is wrong, and what it finds."""
    for machine in machines:
        what = f"duet, up to 3 rounds of 72 s, {machine.name}"
        same = in_duet(machine, SAME, runs, seed)
        yield share_row(f"{what}: the same shop failed", same[Verdict.FAILED], runs, seed, at_most=0.01)
        slower = in_duet(machine, Shop(slower=1.1), runs, seed)
        yield share_row(f"{what}: 10 % slower passed", slower[Verdict.PASSED], runs, seed, at_most=0.05)
        yield share_row(f"{what}: 10 % slower found", slower[Verdict.FAILED], runs, seed, at_least=0.5)


def rows(*, quick: bool) -> Iterator[Row]:
    """All claims, in the size of the table or of the tests."""
    runs = 8 if quick else 1_000
    yield from compared(runs, (AWFUL,) if quick else MACHINES)
    yield from failing(runs)
    yield from duets(runs, (AWFUL,) if quick else (QUIET, MACHINES[3], MACHINES[4]))
    yield from looked_at_thrice(runs, (QUIET,) if quick else MACHINES[:5])
    if not quick:
        yield from power(runs)
        yield from looked_at_often(runs)
