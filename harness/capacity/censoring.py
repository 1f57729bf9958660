"""Who has been under way for longer than a demand allows: over its bound for certain, whenever and however they will end.

Left out, a level would be judged by the quick ones alone, and a shop that leaves some without an answer would look better the longer
it keeps them. Pure: moments are seconds from the start of the load.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence

from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.objectives.counting import EVERY_PHASE, matching_series
from harness.objectives.model import Metric, Objective, Statistic, Subject

LabelsOf = Callable[[int], tuple[str, str]]
"""Journey and payment option of an arrival, by its number."""

REPORT_DELAY = 1.5
"""Seconds for which the end of a journey may be on its way from a worker."""


class CensoredCounts:
    """Counts them for each of the demands, as far as it can be known whom a demand means before she has ended.

    ``due_between`` says how many arrivals were due between two moments, the first being number 0; without ``labels_of``
    a demand on some of the journeys only counts none.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        due_between: Callable[[float, float], int],
        labels_of: LabelsOf | None = None,
    ) -> None:
        self._objectives = objectives
        self._due_between = due_between
        self._labels_of = labels_of
        self._known = 0
        self._numbers: dict[Objective, list[int]] = {one: [] for one in objectives if _narrow(one)}

    def counts(self, recorder: Recorder, now: float, waiting: Iterable[PendingAge] = ()) -> list[int]:
        """For each demand how many are over its bound and have not ended."""
        told = list(waiting)
        return [self._count(one, recorder, now, told) if _counts(one) else 0 for one in self._objectives]

    def _count(self, objective: Objective, recorder: Recorder, now: float, waiting: Sequence[PendingAge]) -> int:
        if objective.subject is Subject.PAGE:
            wanted = objective.name, objective.label("payment")
            return sum(
                number
                for page, option, age, number in waiting
                if age > objective.bound
                and all(want in ("", has) for want, has in zip(wanted, (page, option), strict=True))
            )
        # Whole slices only: who ended is known by the slice in which she was due.
        before = math.floor((now - REPORT_DELAY - objective.bound) / recorder.slice_length)
        if before <= 0:
            return 0
        ended = sum(
            times.total
            for _, cell in matching_series(recorder, objective, EVERY_PHASE)
            for index, times in list(cell.slices.items())
            if index < before
        )
        return max(0, self._came(objective, before * recorder.slice_length) - ended)

    def _came(self, objective: Objective, moment: float) -> int:
        """How many that the demand means were due before the moment."""
        every = self._due_between(0.0, moment)
        if not _narrow(objective):
            return every
        if self._labels_of is None:
            return 0
        for number in range(self._known, every):
            labels = self._labels_of(number)
            for one, numbers in self._numbers.items():
                if all(want in ("", has) for want, has in zip((one.name, one.label("payment")), labels, strict=True)):
                    numbers.append(number)
        self._known = max(self._known, every)
        return bisect_left(self._numbers[objective], every)


def _narrow(objective: Objective) -> bool:
    return objective.subject is Subject.JOURNEY and bool(objective.name or objective.label("payment"))


def _counts(objective: Objective) -> bool:
    """Whether somebody under way can be known to break it: how she will end, or prove who she is, cannot."""
    later = objective.label("outcome") or objective.label("verification")
    timed = objective.metric is Metric.RESPONSE_TIME and objective.statistic is Statistic.PERCENTILE
    return timed and not later
