"""Counts journeys and requests under way that are already over a bound, whenever and however they end.

Without them only the fast ones would count, and a shop that keeps some without an answer would look better the longer it keeps
them. Pure: moments are seconds from the start of the load.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from harness.capacity.run_view import RunView
from harness.measurement.pending import PendingAge
from harness.objectives.counting import EVERY_PHASE, matching_series
from harness.objectives.model import Metric, Objective, Statistic, Subject

REPORT_DELAY = 1.5
"""Seconds that the report of an ended journey may take from a worker."""


class CensoredCounts:
    """Counts, for each objective, what is under way and over its bound.

    An objective counts only if it is known before the end of a journey whether the journey belongs to it.
    """

    def __init__(self, objectives: Sequence[Objective], run: RunView) -> None:
        self._objectives = objectives
        self._run = run
        self._known = 0
        self._numbers: dict[Objective, list[int]] = {one: [] for one in objectives if _narrow(one)}

    def counts(self, now: float, waiting: Sequence[PendingAge]) -> list[int]:
        """For each objective, how many journeys or requests are over its bound and have not ended."""
        return [self._count(one, now, waiting) if _counts(one) else 0 for one in self._objectives]

    def _count(self, objective: Objective, now: float, waiting: Sequence[PendingAge]) -> int:
        recorder = self._run.recorder
        if objective.subject is Subject.PAGE:
            wanted = objective.name, objective.label("payment")
            return sum(
                number
                for page, option, age, number in waiting
                if age > objective.bound
                and all(want in ("", has) for want, has in zip(wanted, (page, option), strict=True))
            )
        # Only whole slices, because ended journeys are counted by the slice in which they were due.
        before = math.floor((now - REPORT_DELAY - objective.bound) / recorder.slice_length)
        if before <= 0:
            return 0
        ended = sum(
            times.total
            for _, series in matching_series(recorder, objective, EVERY_PHASE)
            for index, times in list(series.slices.items())
            if index < before
        )
        return max(0, self._due(objective, before * recorder.slice_length) - ended)

    def _due(self, objective: Objective, moment: float) -> int:
        """How many arrivals of an objective were due before a moment."""
        every = self._run.due_between(0.0, moment)
        if not _narrow(objective):
            return every
        for number in range(self._known, every):
            labels = self._run.labels_of(number)
            for one, numbers in self._numbers.items():
                if all(want in ("", has) for want, has in zip((one.name, one.label("payment")), labels, strict=True)):
                    numbers.append(number)
        self._known = max(self._known, every)
        return bisect_left(self._numbers[objective], every)


def _narrow(objective: Objective) -> bool:
    return objective.subject is Subject.JOURNEY and bool(objective.name or objective.label("payment"))


def _counts(objective: Objective) -> bool:
    """Whether a journey or request under way can count as over its bound; its outcome and its SMS verification are unknown."""
    later = objective.label("outcome") or objective.label("verification")
    timed = objective.metric is Metric.RESPONSE_TIME and objective.statistic is Statistic.PERCENTILE
    return timed and not later
