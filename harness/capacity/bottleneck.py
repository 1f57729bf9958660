"""Finds the bottleneck: the objective that broke first, and the page and payment option that slowed down or failed most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.capacity.model import LevelOutcome, Purpose, worst_objective
from harness.measurement.interval import extract_interval
from harness.measurement.recorder import Recorder
from harness.measurement.summary import FEWEST_FOR_P95, SummaryRow, option_rows, page_rows

STANDS_OUT = 1.5
"""The worst is named if its rise is more than this many times the median rise."""
MENTIONABLE = 0.005
"""The least rise in seconds that is named."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What limited the shop; ``page`` and ``payment_option`` are ``""`` if none is clearly worse than the others."""

    objective: str
    page: str
    payment_option: str


def find_bottleneck(finished_levels: Sequence[LevelOutcome], recorder: Recorder) -> Bottleneck | None:
    """Compare the levels that kept all objectives with those that broke one; ``None`` if none broke any."""
    broken = [
        level for level in finished_levels if level.broken and not level.trouble and level.purpose is not Purpose.DRAIN
    ]
    if not broken:
        return None
    highest = min(level.rate for level in broken)
    kept = [level for level in finished_levels if not level.broken and not level.trouble and level.rate < highest]
    judged = [one for level in broken if (one := worst_objective(level.objective_counts)) is not None]
    names = [one.text for one in judged]
    first = max(set(names), key=lambda name: (names.count(name), name), default="")
    before, after = _joined(kept, recorder), _joined(broken, recorder)
    return Bottleneck(
        first, _risen(page_rows(before), page_rows(after)), _risen(option_rows(before), option_rows(after))
    )


def _joined(finished_levels: Sequence[LevelOutcome], recorder: Recorder) -> Recorder:
    whole = extract_interval(recorder, 0.0, 0.0)
    for level in finished_levels:
        part = extract_interval(recorder, level.settled, level.end)
        whole.add(part)
    whole.window = recorder.window
    return whole


def _risen(before: Sequence[SummaryRow], after: Sequence[SummaryRow]) -> str:
    """The name whose time rose most, or ``""`` if the rise is not much more than the median rise."""
    earlier = {row.name: row for row in before}
    rises = {}
    for row in after:
        was = earlier.get(row.name)
        if was is None or min(row.count, was.count) < FEWEST_FOR_P95:
            continue
        rises[row.name] = _typical_time(row) - _typical_time(was)
    if not rises:
        return ""
    ranked = sorted(rises, key=lambda name: -rises[name])
    middle = sorted(rises.values())[(len(rises) - 1) // 2]
    return ranked[0] if rises[ranked[0]] > STANDS_OUT * max(middle, 0.0) + MENTIONABLE else ""


def _typical_time(row: SummaryRow) -> float:
    """The 90th percentile in seconds; failures count as the slowest answer, or as one second if that is longer."""
    value = row.response.quantile(0.9)
    if value < float("inf"):
        return value
    return max(row.response.largest, 1.0) if row.response.total > row.response.infinite else 1.0
