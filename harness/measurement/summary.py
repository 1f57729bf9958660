"""The rows of a report: one per page, payment option, SMS verification and outcome.

Times are those of the steady part. As in the verdict, a page or a journey that the shop failed counts as never answered, however
quickly it failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries

FEWEST_FOR_P95 = 20
"""With fewer samples, the p95 is the slowest sample."""
FEWEST_FOR_P99 = 368
"""With fewer samples, the p99 has no confidence interval at 95 %."""

KeyT = TypeVar("KeyT", bound=PageKey | JourneyKey)


@dataclass(slots=True)
class SummaryRow:
    """The samples with one name in the steady part: their number, failures of the shop, orders, and times."""

    name: str
    count: int = 0
    failed: int = 0
    orders: int = 0
    response: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)

    def add(self, series: SampleSeries, *, failed: bool, ordered: bool) -> None:
        """Count a series of the recorder."""
        n = series.response.total
        self.count += n
        if ordered:
            self.orders += n
        if failed:
            self.failed += n
            self.response.record(math.inf, n)
            self.service.record(math.inf, series.service.total)
        else:
            self.response.add(series.response)
            self.service.add(series.service)

    def to_json(self) -> dict[str, Any]:
        """The row with its percentiles in seconds; ``null`` means too few samples, ``"inf"`` never answered."""
        return {
            "name": self.name,
            "count": self.count,
            "failed": self.failed,
            "orders": self.orders,
            "response_time": _percentiles(self.response),
            "service_time": _percentiles(self.service),
        }


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """How many pages and journeys of the whole run ended with one outcome, and who is to blame."""

    outcome: str
    blame: str
    pages: int
    journeys: int


def percentile(histogram: Histogram, q: float) -> float | None:
    """A percentile in seconds, or ``None`` with too few samples to show it."""
    return histogram.quantile(q) if histogram.total >= fewest_samples(q) else None


def fewest_samples(q: float) -> int:
    """The fewest samples with which a percentile is shown."""
    return FEWEST_FOR_P99 if q >= 0.99 else FEWEST_FOR_P95 if q >= 0.95 else 1  # noqa: PLR2004  p99 and p95


def page_rows(recorder: Recorder) -> list[SummaryRow]:
    """One row per page, the most frequent first."""
    return sorted(_rows(recorder.pages, lambda key: key.page), key=lambda row: (-row.count, row.name))


def option_rows(recorder: Recorder, expected: Iterable[str] = ()) -> list[SummaryRow]:
    """One row per payment option, in the ``expected`` order; expected options without a journey have a row, too."""
    return _rows(recorder.journeys, lambda key: key.payment_option, expected)


def verification_rows(recorder: Recorder) -> list[SummaryRow]:
    """One row per kind of SMS verification; ``""`` is for journeys that were not asked for a code."""
    return sorted(_rows(recorder.journeys, lambda key: key.verification), key=lambda row: row.name)


def every_journey(recorder: Recorder) -> SummaryRow:
    """All journeys in one row."""
    return next(iter(_rows(recorder.journeys, lambda _: "all journeys")), SummaryRow("all journeys"))


def every_page(recorder: Recorder) -> SummaryRow:
    """All pages in one row."""
    return next(iter(_rows(recorder.pages, lambda _: "all pages")), SummaryRow("all pages"))


def outcome_rows(recorder: Recorder) -> list[OutcomeRow]:
    """One row per outcome of the whole run, warm-up and drain included; the shop's failures first."""
    pages: dict[tuple[str, str], int] = {}
    journeys: dict[tuple[str, str], int] = {}
    for page, series in recorder.pages.items():
        pages[page.outcome, page.blame] = pages.get((page.outcome, page.blame), 0) + series.response.total
    for journey, series in recorder.journeys.items():
        end = (journey.outcome, journey.blame)
        journeys[end] = journeys.get(end, 0) + series.response.total
    order = [Blame.SHOP, Blame.HARNESS, Blame.SHOPPER, Blame.NOBODY]
    rows = [OutcomeRow(*end, pages.get(end, 0), journeys.get(end, 0)) for end in pages.keys() | journeys.keys()]
    return sorted(rows, key=lambda row: (order.index(Blame(row.blame)), -row.pages - row.journeys, row.outcome))


def _rows(
    all_series: Mapping[KeyT, SampleSeries], name_of: Callable[[KeyT], str], expected: Iterable[str] = ()
) -> list[SummaryRow]:
    rows = {name: SummaryRow(name) for name in expected}
    for key, series in sorted(all_series.items()):
        if key.phase == Phase.STEADY:
            name = name_of(key)
            ordered = isinstance(key, JourneyKey) and key.ordered
            rows.setdefault(name, SummaryRow(name)).add(series, failed=key.blame == Blame.SHOP, ordered=ordered)
    return list(rows.values())


def _percentiles(histogram: Histogram) -> dict[str, float | str | None]:
    shown: dict[str, float | str | None] = {}
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        value = percentile(histogram, q)
        shown[name] = "inf" if value == math.inf else value
    return shown
