"""The progress line that a run prints every few seconds: 80 columns at most."""

from __future__ import annotations

from collections.abc import Mapping

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.measurement.totals import RunTotals
from harness.objectives.text import differ_visibly
from harness.reporting.recent_times import RecentServiceTimes, response_p95
from harness.reporting.tables import NO_VALUE
from harness.units import format_duration, format_number

WIDTH = 80
MOST_NAMED = 3
"""How many payment options the line names during the drain."""

PHASES = {Phase.WARM_UP: "warm-up", Phase.STEADY: "steady", Phase.DRAIN: "drain"}


class Progress:
    """Makes the progress lines of one run."""

    def __init__(self) -> None:
        self._service = RecentServiceTimes()

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
        level: str = "",
    ) -> str:
        """The progress of a run: ``elapsed`` of ``total`` seconds, with ``under_way`` journeys in progress.

        After the load, these have ``drain`` seconds at most. ``in_flight`` counts them by payment option, and
        ``requesting`` counts the requests that the shop has not answered yet. ``level`` is the level of a capacity search.

        What finds no room is left out, the least important first.
        """
        counts = RunTotals.of(recorder)
        arrivals = list(recorder.arrivals.values())
        dropped = sum(one.dropped for one in arrivals)
        waiting = sum(one.waiting for one in arrivals)
        draining = phase is Phase.DRAIN
        response, service = response_p95(recorder, elapsed), self._service.p95(recorder, elapsed)
        waited = response is not None and service is not None and differ_visibly(response, service)
        # Each part with its importance: the lowest number stays longest.
        parts = [
            (0, "" if draining else f"{min(elapsed, total):3.0f} of {total:.0f} s"),
            (0, _draining(recorder, elapsed, drain) if draining else level or PHASES[phase]),
            (5, f"{format_number(counts.journeys)} ended"),
            (3, f"{format_number(under_way)} in progress"),
            (4, f"{format_number(counts.orders)} orders"),
            (1, f"{format_number(counts.failed_journeys)} failed"),
            (4 if draining else 2, f"p95 {NO_VALUE if response is None else format_duration(response)}"),
            (2 if waited else 6, "" if service is None else f"{format_duration(service)} from sending"),
            (2, f"{format_number(waiting)} waiting" if waiting > 0 else ""),
            (1, f"{format_number(dropped)} dropped" if dropped else ""),
            (3, _journeys_left(in_flight, requesting) if draining and under_way else ""),
        ]
        return _fitting(parts)


def _fitting(parts: list[tuple[int, str]]) -> str:
    """The parts that find room in a line, the most important ones first; in the order given."""
    kept, room = set[int](), WIDTH
    for place, (_, text) in sorted(enumerate(parts), key=lambda one: one[1][0]):
        needed = len(text) + 2 * bool(kept)
        if text and needed <= room:
            kept.add(place)
            room -= needed
    return ", ".join(text for place, (_, text) in enumerate(parts) if place in kept)


def _draining(recorder: Recorder, elapsed: float, drain: float) -> str:
    window = recorder.window
    since = max(0.0, elapsed - (window.steady_until - window.start))
    return f"drain, {since:.0f} of at most {drain:.0f} s" if drain else PHASES[Phase.DRAIN]


def _journeys_left(in_flight: Mapping[str, int] | None, requesting: int | None) -> str:
    """Why journeys are still in progress: all of them think, or else the payment options that most of them use."""
    if requesting == 0:
        return "none waits for the shop"
    most = sorted((in_flight or {}).items(), key=lambda one: -one[1])[:MOST_NAMED]
    return ", ".join(f"{n:,} {option}" for option, n in most)
