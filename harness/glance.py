"""What is read off a run at one moment of a search: how each demand fares so far, and how late the load generator was.

Two glances make a level: what was counted between them. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from harness.boundary import Counted
from harness.demand import Metric, Objective
from harness.histogram import Histogram
from harness.overdue import LATELY, LabelsOf, Overdue
from harness.recorder import Recorder
from harness.sample import Phase
from harness.search import broken
from harness.tally import tally
from harness.units import spoken_duration, spoken_share
from harness.waiting import Age

LATE = 0.05
"""Seconds from which an arrival was taken late."""
MOST_LATE = 0.01
"""Of a level's arrivals: more of them late, and the load generator was the limit."""


@dataclass(frozen=True, slots=True)
class Glance:
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


class Glances:
    """Takes glances at one run; see ``Overdue`` for the arguments."""

    def __init__(
        self, objectives: Sequence[Objective], due_between: Callable[[float, float], int], labels_of: LabelsOf | None
    ) -> None:
        self._objectives = objectives
        self._due_between = due_between
        self._overdue = Overdue(objectives, due_between, labels_of)

    def take(self, now: float, recorder: Recorder, waiting: Iterable[Age], breathe: Callable[[], object]) -> Glance:
        """A glance ``now`` (seconds from the start of the load); who is over a bound and has not ended counts, too."""
        counted = []
        overdue = self._overdue.counts(recorder, now, waiting)
        for objective, more in zip(self._objectives, overdue, strict=True):
            one = tally(recorder, objective, tuple(Phase), sliced=False)
            counted.append((one.total + more, one.over + more))
            breathe()
        lateness, waits = Histogram(), Histogram()
        arrivals = list(recorder.arrivals.values())
        for each in arrivals:
            lateness.add(each.lateness)
            waits.add(each.waits)
        offered = sum(each.offered for each in arrivals)
        absent = max(0, self._due_between(0.0, now - LATELY) - offered)
        missing = self._due_between(0.0, now) - offered if absent else 0
        taken = sum(each.started for each in arrivals)
        dropped = sum(each.dropped for each in arrivals)
        return Glance(
            tuple(counted), taken, lateness.count_over(LATE), waits.count_over(LATE), absent, missing, dropped
        )

    def between(self, first: Glance, last: Glance) -> tuple[Counted, ...]:
        """How each demand fared between two glances."""
        return tuple(
            Counted(objective.text, max(0, total - before), max(0, over - before_over), objective.allowed)
            for objective, (total, over), (before, before_over) in zip(
                self._objectives, last.counted, first.counted, strict=True
            )
        )

    def trouble(self, first: Glance, last: Glance, demands: Sequence[Counted], processor_share: float) -> str:
        """Why the load generator was the limit between two glances (``""``: it was not), given how each demand fared.

        What it did to the shoppers is over the bound because of that, at worst; a shop that breaks a demand all the same is the
        limit itself.
        """
        taken = last.taken - first.taken
        if taken <= 0:
            return "no arrival was served"
        late = (last.late - first.late + last.absent) / (taken + last.absent)
        at_most = (last.late - first.late + last.missing) / (taken + last.missing)
        if late > MOST_LATE and not broken(_at_best(demands, at_most)):
            return (
                f"the load generator took {spoken_share(late)} of the arrivals more than {spoken_duration(LATE)} late, "
                f"at {spoken_share(processor_share)} of a core; add a worker"
            )
        dropped = last.dropped - first.dropped
        waited = (last.waited - first.waited + dropped) / (taken + dropped)
        timed = [
            one for one, asked in zip(demands, self._objectives, strict=True) if asked.metric is not Metric.DROPPED
        ]
        asked_for = [
            one for one, asked in zip(demands, self._objectives, strict=True) if asked.metric is Metric.DROPPED
        ]
        if waited > MOST_LATE and not broken([*_at_best(timed, waited), *asked_for]):
            return f"{spoken_share(waited)} of the arrivals found no free virtual user; raise arrivals.users"
        return ""


def _at_best(demands: Sequence[Counted], ours: float) -> list[Counted]:
    """The demands if this share of the shoppers was over the bound because of the load generator."""
    return [replace(one, over=max(0, one.over - math.ceil(ours * one.total))) for one in demands]
