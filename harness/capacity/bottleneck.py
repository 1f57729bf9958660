"""What gave way first: the demand that was broken, and the page and payment option that slowed down or failed most on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.capacity.controller import FinishedLevel
from harness.capacity.model import Purpose
from harness.capacity.search import worst_objective
from harness.measurement.interval import extract_interval
from harness.measurement.recorder import Recorder
from harness.measurement.summary import FEWEST_FOR_P95, SummaryRow, option_rows, page_rows

STANDS_OUT = 1.5
"""By how many times the usual rise of the others the worst must have risen to be named."""
MENTIONABLE = 0.005
"""Seconds; a rise by less than this is nobody's concern."""


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """What gave way: ``page`` and ``payment_option`` are ``""`` where none stands out, because all gave way alike."""

    objective: str
    page: str
    payment_option: str


def find_bottleneck(finished_levels: Sequence[FinishedLevel], recorder: Recorder) -> Bottleneck | None:
    """Held against each other are the levels that were kept and those that broke a demand; ``None`` if none did."""
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


def _joined(finished_levels: Sequence[FinishedLevel], recorder: Recorder) -> Recorder:
    whole = extract_interval(recorder, 0.0, 0.0)
    for level in finished_levels:
        part = extract_interval(recorder, level.settled, level.end)
        whole.add(part)
    whole.window = recorder.window
    return whole


def _risen(before: Sequence[SummaryRow], after: Sequence[SummaryRow]) -> str:
    """Whose time, times the share of all that it is, rose most, if that was much more than it was for most others."""
    earlier = {row.name: row for row in before}
    rises = {}
    for row in after:
        was = earlier.get(row.name)
        if was is None or min(row.count, was.count) < FEWEST_FOR_P95:
            continue
        rises[row.name] = _hurt(row) - _hurt(was)
    if not rises:
        return ""
    ranked = sorted(rises, key=lambda name: -rises[name])
    middle = sorted(rises.values())[(len(rises) - 1) // 2]
    return ranked[0] if rises[ranked[0]] > STANDS_OUT * max(middle, 0.0) + MENTIONABLE else ""


def _hurt(row: SummaryRow) -> float:
    """Seconds at the 90th percentile; what failed counts as the slowest answer that there was, or a second."""
    value = row.response.quantile(0.9)
    if value < float("inf"):
        return value
    return max(row.response.largest, 1.0) if row.response.total > row.response.infinite else 1.0
