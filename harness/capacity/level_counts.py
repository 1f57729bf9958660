"""Reads the counts of a run at one moment of a search: samples of each objective, and how late the load generator was.

A level is what was counted between two readings. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.capacity.censoring import REPORT_DELAY, CensoredCounts
from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.model import broken
from harness.capacity.run_view import RunView
from harness.measurement.histogram import Histogram
from harness.measurement.pending import PendingAge
from harness.measurement.sample import Phase
from harness.objectives.counting import count_samples
from harness.objectives.model import Metric, Objective
from harness.units import format_duration, format_percent

LATE_SECONDS = 0.05
"""The lateness in seconds from which an arrival is late."""
MAX_LATE_SHARE = 0.01
"""The share of late arrivals from which the load generator was the limit of a level."""


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """The counts at one moment.

    ``counted`` has, for each objective, the samples and those over the bound. Of the arrivals, ``taken`` have started, ``late`` of
    them late, ``waited`` of them after a wait for a user. ``dropped`` found no user. ``absent`` were due and are certainly not yet
    released. ``missing`` are these and those whose report may still be on its way.
    """

    counted: tuple[tuple[int, int], ...]
    taken: int
    late: int
    waited: int
    absent: int
    missing: int
    dropped: int


class LevelCounter:
    """Reads the counts of one run."""

    def __init__(self, objectives: Sequence[Objective], run: RunView) -> None:
        self._objectives = objectives
        self._run = run
        self._censored = CensoredCounts(objectives, run)

    def count(self, now: float, waiting: Sequence[PendingAge]) -> LevelCounts:
        """The counts ``now`` (seconds from the start of the load), with everything under way that is over a bound."""
        run, recorder = self._run, self._run.recorder
        counted = []
        unfinished = self._censored.counts(now, waiting)
        for objective, more in zip(self._objectives, unfinished, strict=True):
            one = count_samples(recorder, objective, tuple(Phase), sliced=False)
            counted.append((one.total + more, one.over + more))
            run.yield_to_load()
        lateness, waits = Histogram(), Histogram()
        arrivals = list(recorder.arrivals.values())
        for each in arrivals:
            lateness.add(each.lateness)
            waits.add(each.waits)
        offered = sum(each.offered for each in arrivals)
        absent = max(0, run.due_between(0.0, now - REPORT_DELAY) - offered)
        missing = run.due_between(0.0, now) - offered if absent else 0
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
        """The counts of each objective between two readings."""
        return tuple(
            ObjectiveCounts(objective.text, max(0, total - before), max(0, over - before_over), objective.allowed)
            for objective, (total, over), (before, before_over) in zip(
                self._objectives, last.counted, first.counted, strict=True
            )
        )

    def trouble(
        self, first: LevelCounts, last: LevelCounts, objective_counts: Sequence[ObjectiveCounts], processor_share: float
    ) -> str:
        """Why the load generator was the limit between two readings (``""``: it was not).

        At worst, each arrival that it delayed is over the bound because of that. If the others break an objective all the same,
        the shop is the limit.
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
        pairs = list(zip(objective_counts, self._objectives, strict=True))
        on_drops = [one for one, objective in pairs if objective.metric is Metric.DROPPED]
        others = [one for one, objective in pairs if objective.metric is not Metric.DROPPED]
        if waited > MAX_LATE_SHARE and not broken([*_at_best(others, waited), *on_drops]):
            return f"{format_percent(waited)} of the arrivals found no free virtual user; raise arrivals.users"
        return ""


def _at_best(objective_counts: Sequence[ObjectiveCounts], ours: float) -> list[ObjectiveCounts]:
    """The counts if this share of the samples was over the bound because of the load generator."""
    return [replace(one, over=max(0, one.over - math.ceil(ours * one.total))) for one in objective_counts]
