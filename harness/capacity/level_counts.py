"""What is read off a run at one moment of a search: how each demand fares so far, and how late the load generator was.

Two glances make a level: what was counted between them. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from harness.capacity.censoring import REPORT_DELAY, CensoredCounts, LabelsOf
from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.search import broken
from harness.measurement.histogram import Histogram
from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.counting import count_samples
from harness.objectives.model import Metric, Objective
from harness.units import format_duration, format_percent
from harness.yield_to_load import YieldToLoad

LATE_SECONDS = 0.05
"""Seconds from which an arrival was taken late."""
MAX_LATE_SHARE = 0.01
"""Of a level's arrivals: more of them late, and the load generator was the limit."""


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """For each demand how many samples, and how many over; arrivals taken, of them late, of them after a wait for a user.

    ``dropped`` found no user at all; ``absent`` were due, and the load generator surely has not come to letting them in. ``missing`` are
    these and as many as may be among those whose report is still on its way.
    """

    counted: tuple[tuple[int, int], ...]
    taken: int
    late: int
    waited: int
    absent: int
    missing: int
    dropped: int


class LevelCounter:
    """Takes glances at one run; see ``CensoredCounts`` for the arguments."""

    def __init__(
        self, objectives: Sequence[Objective], due_between: Callable[[float, float], int], labels_of: LabelsOf | None
    ) -> None:
        self._objectives = objectives
        self._due_between = due_between
        self._censored = CensoredCounts(objectives, due_between, labels_of)

    def count(
        self, now: float, recorder: Recorder, waiting: Iterable[PendingAge], yield_to_load: YieldToLoad
    ) -> LevelCounts:
        """A glance ``now`` (seconds from the start of the load); who is over a bound and has not ended counts, too."""
        counted = []
        overdue = self._censored.counts(recorder, now, waiting)
        for objective, more in zip(self._objectives, overdue, strict=True):
            one = count_samples(recorder, objective, tuple(Phase), sliced=False)
            counted.append((one.total + more, one.over + more))
            yield_to_load()
        lateness, waits = Histogram(), Histogram()
        arrivals = list(recorder.arrivals.values())
        for each in arrivals:
            lateness.add(each.lateness)
            waits.add(each.waits)
        offered = sum(each.offered for each in arrivals)
        absent = max(0, self._due_between(0.0, now - REPORT_DELAY) - offered)
        missing = self._due_between(0.0, now) - offered if absent else 0
        taken = sum(each.started for each in arrivals)
        dropped = sum(each.dropped for each in arrivals)
        return LevelCounts(
            tuple(counted),
            taken,
            lateness.count_over(LATE_SECONDS),
            waits.count_over(LATE_SECONDS),
            absent,
            missing,
            dropped,
        )

    def between(self, first: LevelCounts, last: LevelCounts) -> tuple[ObjectiveCounts, ...]:
        """How each demand fared between two glances."""
        return tuple(
            ObjectiveCounts(objective.text, max(0, total - before), max(0, over - before_over), objective.allowed)
            for objective, (total, over), (before, before_over) in zip(
                self._objectives, last.counted, first.counted, strict=True
            )
        )

    def trouble(
        self, first: LevelCounts, last: LevelCounts, objective_counts: Sequence[ObjectiveCounts], processor_share: float
    ) -> str:
        """Why the load generator was the limit between two glances (``""``: it was not), given how each demand fared.

        What it did to the shoppers is over the bound because of that, at worst; a shop that breaks a demand all the same is the
        limit itself.
        """
        taken = last.taken - first.taken
        if taken <= 0:
            return "no arrival was served"
        late = (last.late - first.late + last.absent) / (taken + last.absent)
        at_most = (last.late - first.late + last.missing) / (taken + last.missing)
        if late > MAX_LATE_SHARE and not broken(_at_best(objective_counts, at_most)):
            return (
                f"the load generator took {format_percent(late)} of the arrivals more than {format_duration(LATE_SECONDS)} late, "
                f"at {format_percent(processor_share)} of a core; add a worker"
            )
        dropped = last.dropped - first.dropped
        waited = (last.waited - first.waited + dropped) / (taken + dropped)
        timed = [
            one
            for one, asked in zip(objective_counts, self._objectives, strict=True)
            if asked.metric is not Metric.DROPPED
        ]
        asked_for = [
            one for one, asked in zip(objective_counts, self._objectives, strict=True) if asked.metric is Metric.DROPPED
        ]
        if waited > MAX_LATE_SHARE and not broken([*_at_best(timed, waited), *asked_for]):
            return f"{format_percent(waited)} of the arrivals found no free virtual user; raise arrivals.users"
        return ""


def _at_best(objective_counts: Sequence[ObjectiveCounts], ours: float) -> list[ObjectiveCounts]:
    """The demands if this share of the shoppers was over the bound because of the load generator."""
    return [replace(one, over=max(0, one.over - math.ceil(ours * one.total))) for one in objective_counts]
