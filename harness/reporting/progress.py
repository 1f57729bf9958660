"""The progress line that a run prints every few seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.measurement.totals import RunTotals
from harness.reporting.tables import NO_VALUE
from harness.units import format_duration, format_number

RECENT = 10.0
"""Seconds over which the line computes percentiles."""

MOST_NAMED = 3
"""How many payment options the line names during the drain."""

_PHASES = {Phase.WARM_UP: "warm-up", Phase.STEADY: "steady", Phase.DRAIN: "drain"}


class Progress:
    """Makes the progress lines of one run."""

    def __init__(self) -> None:
        self._snapshots: deque[tuple[float, Histogram]] = deque([(0.0, Histogram())])

    def line(
        self,
        recorder: Recorder,
        elapsed: float,
        total: float,
        under_way: int,
        phase: Phase,
        *,
        drain: float = 0.0,
        in_flight: Mapping[str, int] | None = None,
        requesting: int | None = None,
    ) -> str:
        """The progress of a run: ``elapsed`` of ``total`` seconds, with ``under_way`` journeys in progress.

        After the load, these have ``drain`` seconds at most. ``in_flight`` counts them by payment option, and
        ``requesting`` counts the requests that the shop has not answered yet.
        """
        counts = RunTotals.of(recorder)
        arrivals = list(recorder.arrivals.values())
        dropped = sum(one.dropped for one in arrivals)
        waiting = sum(one.waiting for one in arrivals)
        draining = phase is Phase.DRAIN
        parts = [
            f"{min(elapsed, total):3.0f} of {total:.0f} s",
            _draining(recorder, elapsed, drain) if draining else _PHASES[phase],
            f"{format_number(counts.journeys)} journeys ended",
            f"{under_way:,} in progress{_in_flight_text(in_flight, requesting, under_way) if draining else ''}",
            f"{counts.orders:,} orders",
            f"{counts.failed_journeys:,} failed",
            f"page p95 {_recent(recorder, elapsed)} ({self._service(recorder, elapsed)} from sending)",
        ]
        if waiting > 0:
            parts.append(f"{waiting:,} waiting for a free user")
        if dropped:
            parts.append(f"{dropped:,} dropped")
        return ", ".join(parts)

    def _service(self, recorder: Recorder, elapsed: float) -> str:
        """The 95th percentile of the service time of recent pages that the shop did not fail."""
        whole = Histogram()
        for key, cell in list(recorder.pages.items()):
            if key.blame != Blame.SHOP:
                whole.add(cell.service)
        while len(self._snapshots) > 1 and self._snapshots[1][0] <= elapsed - RECENT:
            self._snapshots.popleft()
        recent = whole.difference(self._snapshots[0][1])
        self._snapshots.append((elapsed, whole))
        return format_duration(recent.quantile(0.95)) if recent.total else NO_VALUE


def _draining(recorder: Recorder, elapsed: float, drain: float) -> str:
    window = recorder.window
    since = max(0.0, elapsed - (window.steady_until - window.start))
    return f"drain, {since:.0f} of at most {drain:.0f} s" if drain else _PHASES[Phase.DRAIN]


def _in_flight_text(in_flight: Mapping[str, int] | None, requesting: int | None, under_way: int) -> str:
    """The journeys in progress by payment option, and whether they wait for the shop."""
    if not under_way or not in_flight:
        return ""
    options = ", ".join(
        f"{n:,} {option}" for option, n in sorted(in_flight.items(), key=lambda one: -one[1])[:MOST_NAMED]
    )
    waits = "; none waits for the shop: all think, or let a code expire" if requesting == 0 else ""
    return f" ({options}{waits})"


def _recent(recorder: Recorder, elapsed: float) -> str:
    """The 95th percentile of the response time of recently due pages that the shop did not fail."""
    first = int((elapsed - RECENT) / recorder.slice_length)
    recent = Histogram()
    for key, cell in recorder.pages.items():
        if key.blame != Blame.SHOP:
            for index, histogram in cell.slices.items():
                if index >= first:
                    recent.add(histogram)
    return format_duration(recent.quantile(0.95)) if recent.total else NO_VALUE
