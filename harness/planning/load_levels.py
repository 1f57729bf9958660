"""Reads load levels from finished runs: the throughput and the times of a shop at each rate."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from harness.measurement.histogram import Histogram
from harness.measurement.interval import extract_interval
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries
from harness.measurement.summary import every_journey, every_page
from harness.objectives.parser import parse
from harness.objectives.throughput import completions
from harness.objectives.verdict import Severity, Verdict
from harness.results.result import Result

JOURNEYS, ORDERS = parse("journey rate > 0/s"), parse("orders rate > 0/s")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadLevel:
    """The measurements of one load.

    ``rate`` is journeys due per second, ``throughput`` and ``orders`` are journeys and orders finished per second, ``pages`` is
    requests per second. ``in_shop`` is the mean number of requests in the shop, ``in_flight`` the mean number of shoppers under way,
    think time included; both by Little's law. ``journey_time`` and ``page_time`` map ``mean``, ``p50``, ``p95`` and ``p99`` to
    seconds. ``kept`` says whether every objective held (None: too few samples). ``steady`` is false if response times did not
    settle. ``patience`` is, for each objective on a time, how many more seconds each request could wait before it breaks.
    ``variation`` is the squared coefficient of variation of the page times. ``left_out`` says why a plan does not use the level.
    """

    source: str
    rate: float
    throughput: float
    orders: float
    pages: float
    in_shop: float
    in_flight: float
    journey_time: Mapping[str, float]
    page_time: Mapping[str, float]
    kept: bool | None
    steady: bool = True
    instances: int | None = None
    broken: tuple[str, ...] = ()
    patience: Mapping[str, float] = field(default_factory=dict)
    variation: float = 1.0
    left_out: str = ""

    @property
    def conversion(self) -> float:
        """The share of finished journeys that ended in an order."""
        return self.orders / self.throughput if self.throughput > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMix:
    """Journeys and requests by payment option, and all journeys and orders."""

    journeys_by_option: Mapping[str, int] = field(default_factory=dict)
    pages_by_option: Mapping[str, int] = field(default_factory=dict)
    journeys: int = 0
    orders: int = 0

    @property
    def pages_per_journey(self) -> dict[str, float]:
        """How many requests a journey with each option takes."""
        return {
            option: self.pages_by_option.get(option, 0) / number
            for option, number in self.journeys_by_option.items()
            if number
        }

    def plus(self, other: PaymentMix) -> PaymentMix:
        """The sum of both mixes."""
        return PaymentMix(
            journeys_by_option=_added(self.journeys_by_option, other.journeys_by_option),
            pages_by_option=_added(self.pages_by_option, other.pages_by_option),
            journeys=self.journeys + other.journeys,
            orders=self.orders + other.orders,
        )


def steady_level(
    result: Result, source: str, *, instances: int | None = None, external_pages: Collection[str] = ()
) -> LoadLevel | None:
    """The load of the steady part of a run; None without a steady part or for an invalid run.

    ``external_pages`` are pages that the shop does not answer, such as those of a bank.
    """
    window = result.recorder.window
    if not math.isfinite(window.steady_until):
        return None
    level = _level(result, result.recorder, source, external_pages)
    if level is None:
        return None
    closed = result.asked.model == "closed"
    offered = result.recorder.arrivals[Phase.STEADY].offered
    findings = result.judgement.findings
    return replace(
        level,
        rate=level.throughput if closed else offered / (window.steady_until - window.steady_from),
        kept={Verdict.PASSED: True, Verdict.FAILED: False}.get(result.judgement.verdict),
        steady=not any(one.check == "steady" and one.level is Severity.INCONCLUSIVE for one in findings),
        instances=instances,
        broken=tuple(one.text for one in result.judgement.objectives if one.verdict is Verdict.FAILED),
    )


def level_between(
    result: Result,
    source: str,
    start: float,
    end: float,
    *,
    instances: int | None = None,
    external_pages: Collection[str] = (),
) -> LoadLevel | None:
    """The load between two moments of a run, in seconds from its start; ``kept`` is unknown."""
    part = extract_interval(result.recorder, start, end)
    length = part.window.steady_until - part.window.steady_from
    if length <= 0:
        return None
    level = _level(result, part, source, external_pages)
    if level is None:
        return None
    # A journey that ended in this time may have been due before it.
    whole = Recorder(part.window, slice_length=part.slice_length, most_slices=part.most_slices)
    whole.pages, whole.journeys = result.recorder.pages, result.recorder.journeys
    return replace(
        level,
        rate=part.arrivals[Phase.STEADY].offered / length,
        throughput=_rate(whole, orders=False),
        orders=_rate(whole, orders=True),
        instances=instances,
    )


def _level(result: Result, measurements: Recorder, source: str, external_pages: Collection[str]) -> LoadLevel | None:
    window = measurements.window
    length = window.steady_until - window.steady_from
    recorder = without_pages(measurements, external_pages)
    journeys, pages = every_journey(recorder), every_page(recorder)
    if result.judgement.verdict is Verdict.INVALID or length <= 0 or not journeys.count:
        return None
    throughput = _rate(recorder, orders=False)
    return LoadLevel(
        source=source,
        rate=throughput,
        throughput=throughput,
        orders=_rate(recorder, orders=True),
        pages=pages.count / length,
        in_shop=_time_spent(recorder, of_pages=True) / length,
        in_flight=_time_spent(recorder, of_pages=False) / length,
        journey_time=_times(journeys.response),
        page_time=_times(pages.response),
        kept=None,
        patience=_patience(result, pages.count / journeys.count),
        variation=_variation(pages.response),
    )


def without_pages(recorder: Recorder, external_pages: Collection[str]) -> Recorder:
    """The same measurements without these pages."""
    inside = Recorder(recorder.window, slice_length=recorder.slice_length, most_slices=recorder.most_slices)
    inside.pages = {key: series for key, series in recorder.pages.items() if key.page not in external_pages}
    inside.journeys, inside.arrivals = recorder.journeys, recorder.arrivals
    return inside


def payment_mix_of(result: Result, external_pages: Collection[str] = ()) -> PaymentMix:
    """The payment mix of the steady part of a run; journeys that the shop failed count as started, not as ended."""
    recorder = result.recorder
    journeys: dict[str, int] = {}
    pages: dict[str, int] = {}
    ended = orders = 0
    for key, series in recorder.journeys.items():
        if key.phase == Phase.STEADY and key.blame != Blame.HARNESS:
            n = series.response.total
            journeys[key.payment_option] = journeys.get(key.payment_option, 0) + n
            if key.blame != Blame.SHOP:
                ended += n
                orders += n * key.ordered
    for page, series in recorder.pages.items():
        if page.phase == Phase.STEADY and page.page not in external_pages:
            pages[page.payment_option] = pages.get(page.payment_option, 0) + series.response.total
    return PaymentMix(journeys_by_option=journeys, pages_by_option=pages, journeys=ended, orders=orders)


def _patience(result: Result, pages_per_journey: float) -> dict[str, float]:
    left = {}
    for one in result.judgement.objectives:
        if one.unit == "s" and one.measured is not None and math.isfinite(one.measured):
            whole = one.text.startswith("journey")
            spare = max(0.0, one.bound - one.measured)
            left[one.text] = spare / max(1.0, pages_per_journey) if whole else spare
    return left


def _variation(times: Histogram) -> float:
    finite = [(value, n) for value, n in times.values() if value < math.inf]
    number = sum(n for _, n in finite)
    if not number or not times.mean > 0:
        return 1.0
    return math.fsum(n * (value - times.mean) ** 2 for value, n in finite) / number / times.mean**2


def _rate(recorder: Recorder, *, orders: bool) -> float:
    counts, length = completions(recorder, ORDERS if orders else JOURNEYS)
    if counts:
        return sum(counts) / (len(counts) * length)
    row, window = every_journey(recorder), recorder.window
    done = row.orders if orders else row.count - row.failed
    return done / (window.steady_until - window.steady_from)


def _time_spent(recorder: Recorder, *, of_pages: bool) -> float:
    if of_pages:
        return math.fsum(_spent(series) for key, series in recorder.pages.items() if key.phase == Phase.STEADY)
    return math.fsum(_spent(series) for key, series in recorder.journeys.items() if key.phase == Phase.STEADY)


def _spent(series: SampleSeries) -> float:
    # An interval of a run has only response times.
    return series.service.sum if series.service.total else series.response.sum


def _times(response: Histogram) -> dict[str, float]:
    return {"mean": response.mean, **{f"p{q * 100:.0f}": response.quantile(q) for q in (0.5, 0.95, 0.99)}}


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
