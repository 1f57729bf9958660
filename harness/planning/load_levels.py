"""Reads from finished runs what a plan is made of: how much the shop got through at each rate, and how long it took."""

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
    """What was measured while one load was held.

    ``rate`` is journeys due per second, ``throughput`` and ``orders`` journeys and orders finished per second, ``pages``
    requests per second. ``in_shop`` is how many requests the shop had in hand on average, ``in_flight`` how many shoppers
    were on their way, thinking included; both by Little's law. ``journey_time`` and ``page_time`` map ``mean``, ``p50``,
    ``p95`` and ``p99`` to seconds. ``kept`` says whether every objective held; None: too little was seen to tell.
    ``steady`` is false where response times never came to rest, so that the level shows no lasting state. ``patience`` says for
    each objective on a time how many seconds more each request could have waited until it broke. ``variation`` is the squared
    coefficient of variation of the pages' times.
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

    @property
    def conversion(self) -> float:
        """The share of finished journeys that ended in an order."""
        return self.orders / self.throughput if self.throughput > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMix:
    """Who paid how, as counted: journeys and requests by payment option, journeys and orders in all."""

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
        """Both counted together."""
        return PaymentMix(
            journeys_by_option=_added(self.journeys_by_option, other.journeys_by_option),
            pages_by_option=_added(self.pages_by_option, other.pages_by_option),
            journeys=self.journeys + other.journeys,
            orders=self.orders + other.orders,
        )


def steady_level(
    result: Result, source: str, *, instances: int | None = None, outside: Collection[str] = ()
) -> LoadLevel | None:
    """The load that a run held in its steady part; None where there was no steady part to speak of.

    An invalid run has no level: nothing that it measured may be used. ``outside`` names pages that others than the shop answer: a
    bank's.
    """
    window = result.recorder.window
    if not math.isfinite(window.steady_until):
        return None
    level = _level(result, result.recorder, source, outside)
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
    outside: Collection[str] = (),
) -> LoadLevel | None:
    """The load that a run held between two moments, in seconds from its start; nothing is said of whether it was kept."""
    part = extract_interval(result.recorder, start, end)
    length = part.window.steady_until - part.window.steady_from
    if length <= 0:
        return None
    level = _level(result, part, source, outside)
    if level is None:
        return None
    # What ended in this time may have been due before it.
    whole = Recorder(part.window, slice_length=part.slice_length, most_slices=part.most_slices)
    whole.pages, whole.journeys = result.recorder.pages, result.recorder.journeys
    return replace(
        level,
        rate=part.arrivals[Phase.STEADY].offered / length,
        throughput=_rate(whole, orders=False),
        orders=_rate(whole, orders=True),
        instances=instances,
    )


def _level(result: Result, measurements: Recorder, source: str, outside: Collection[str]) -> LoadLevel | None:
    window = measurements.window
    length = window.steady_until - window.steady_from
    recorder = without_pages(measurements, outside)
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


def without_pages(recorder: Recorder, outside: Collection[str]) -> Recorder:
    """The same measurements without the pages that others than the shop answered."""
    inside = Recorder(recorder.window, slice_length=recorder.slice_length, most_slices=recorder.most_slices)
    inside.pages = {key: cell for key, cell in recorder.pages.items() if key.page not in outside}
    inside.journeys, inside.arrivals = recorder.journeys, recorder.arrivals
    return inside


def payment_mix_of(result: Result, outside: Collection[str] = ()) -> PaymentMix:
    """Who paid how in the steady part of a run; those whom the shop failed count as coming, not as having bought."""
    recorder = result.recorder
    journeys: dict[str, int] = {}
    pages: dict[str, int] = {}
    ended = orders = 0
    for key, cell in recorder.journeys.items():
        if key.phase == Phase.STEADY and key.blame != Blame.HARNESS:
            n = cell.response.total
            journeys[key.payment_option] = journeys.get(key.payment_option, 0) + n
            if key.blame != Blame.SHOP:
                ended += n
                orders += n * key.ordered
    for page, cell in recorder.pages.items():
        if page.phase == Phase.STEADY and page.page not in outside:
            pages[page.payment_option] = pages.get(page.payment_option, 0) + cell.response.total
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
        return math.fsum(_spent(cell) for key, cell in recorder.pages.items() if key.phase == Phase.STEADY)
    return math.fsum(_spent(cell) for key, cell in recorder.journeys.items() if key.phase == Phase.STEADY)


def _spent(cell: SampleSeries) -> float:
    # A stretch cut out of a run knows response times only.
    return cell.service.sum if cell.service.total else cell.response.sum


def _times(response: Histogram) -> dict[str, float]:
    return {"mean": response.mean, **{f"p{q * 100:.0f}": response.quantile(q) for q in (0.5, 0.95, 0.99)}}


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
