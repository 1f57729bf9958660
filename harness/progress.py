"""One line every few seconds, for whoever is watching a run."""

from __future__ import annotations

from harness.histogram import Histogram
from harness.recorder import Recorder
from harness.sample import Blame, Phase
from harness.tables import NONE
from harness.units import spoken_duration, spoken_number

RECENT = 10.0
"""Seconds over which the times in the line are taken."""

_PHASES = {Phase.WARM_UP: "warm-up", Phase.STEADY: "steady", Phase.DRAIN: "drain"}


def progress(recorder: Recorder, elapsed: float, total: float, under_way: int, phase: Phase) -> str:
    """How far a run is and how it goes: ``elapsed`` of ``total`` seconds, so many journeys ``under_way``."""
    counts = recorder.counts()
    arrivals = list(recorder.arrivals.values())
    dropped = sum(one.dropped for one in arrivals)
    waiting = sum(one.waiting for one in arrivals)
    parts = [
        f"{min(elapsed, total):3.0f} of {total:.0f} s",
        _PHASES[phase],
        f"{spoken_number(counts.journeys)} journeys ended",
        f"{under_way:,} under way",
        f"{counts.orders:,} orders",
        f"{counts.failed_journeys:,} failed",
        f"page p95 {_recent(recorder, elapsed)}",
    ]
    if waiting > 0:
        parts.append(f"{waiting:,} waiting for a free user")
    if dropped:
        parts.append(f"{dropped:,} dropped")
    return ", ".join(parts)


def _recent(recorder: Recorder, elapsed: float) -> str:
    """The 95th percentile of the response time of pages that were due lately and that the shop did not fail."""
    first = int((elapsed - RECENT) / recorder.slice_length)
    recent = Histogram()
    for key, cell in recorder.pages.items():
        if key.blame != Blame.SHOP:
            for index, histogram in cell.slices.items():
                if index >= first:
                    recent.add(histogram)
    return spoken_duration(recent.quantile(0.95)) if recent.total else NONE
