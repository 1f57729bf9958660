"""Flies a run through its search for capacity: says which level comes next, and looks at what the last one did.

Pure: moments are seconds from the start of the load and come in as arguments; ``harness/run.py`` lets the arrivals in.
Levels follow each other without a gap, and journeys under way are carried over. A level is looked at twice, once it has settled and
shortly before it ends, and is judged by what ended between: a slow shop shows while it is slow. A confirming level is
judged by the arrivals that were due in it, after their longest demand has passed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harness.boundary import Counted
from harness.demand import Metric, Objective
from harness.excerpt import excerpt, with_those_under_way
from harness.gate import assess
from harness.histogram import Histogram
from harness.recorder import Recorder
from harness.sample import Phase
from harness.search import Found, Level, Plan, Purpose, Seen, broken, search
from harness.tally import tally
from harness.units import spoken_duration, spoken_share
from harness.verdict import ObjectiveResult, Verdict

ANSWERED = "the search has its answer"
"""Why a run ends that has found what it searched for, or that there is nothing to find."""
LEAD = 1.5
"""Seconds before the end of a level at which the next one is decided, so that every worker knows of it in time."""
SETTLE, LONGEST_SETTLE = 0.25, 8.0
"""The share of a level, and the most seconds, that are given to the shop to settle."""
LATE = 0.05
"""Seconds from which an arrival was taken late."""
MOST_LATE = 0.01
"""Of a level's arrivals: more of them late, and the load generator was the limit."""
AFTER = LEAD + 1.5
"""Seconds beyond the longest bound that a confirming level is held on; it is judged ``LEAD`` before, when workers have told of it."""
LONGEST_AFTER = 60.0


@dataclass(frozen=True, slots=True)
class Step:
    """A level that is over: when it was (seconds from the start), and what came of it."""

    purpose: Purpose
    rate: float
    start: float
    settled: float
    end: float
    demands: tuple[Counted, ...]
    under_way: float
    trouble: str
    verdict: Verdict | None
    broken: bool


@dataclass(frozen=True, slots=True)
class _Look:
    counted: tuple[tuple[int, int], ...]
    taken: int
    late: int
    waited: int


@dataclass(slots=True)
class _Leg:
    """The level that is being flown."""

    level: Level
    start: float
    settled: float
    end: float
    first: _Look | None = None
    until: float = 0.0  # to which arrivals have been let in


class Pilot:
    """One search; ``begin`` gives its first stretch, ``steer`` all others, until there is something ``found``.

    ``steps`` are the levels that are over. A stretch is a rate in journeys per second and a length in seconds, to be let in after the last
    one. ``due_between`` says how many arrivals were due between two moments: who has not ended yet is in no recorder.
    """

    def __init__(self, plan: Plan, objectives: Sequence[Objective], due_between: Callable[[float, float], int]) -> None:
        longest = max((one.bound for one in objectives if one.metric.timed), default=0.0)
        self._after = min(longest, LONGEST_AFTER) + AFTER
        self.plan = replace(plan, after=self._after)
        self.objectives = tuple(objectives)
        self._due_between = due_between
        self.steps: list[Step] = []
        self.found: Found | None = None
        self.results: tuple[ObjectiveResult, ...] = ()
        self.confirmed_between: tuple[float, float] | None = None
        self._search = search(self.plan)
        self._leg = self._plan_leg(next(self._search), 0.0)
        self._joined_from = 0.0

    def begin(self) -> tuple[float, float]:
        """The first stretch."""
        leg = self._leg
        leg.until = leg.end
        return leg.level.rate, leg.level.seconds

    @property
    def level(self) -> Level:
        """The level that is on."""
        return self._leg.level

    def settle(self, recorder: Recorder) -> None:
        """Everybody is home: what was confirmed while some were still on their way has to hold for them, too."""
        if self.found is None or self.found.confirmed is None or self.confirmed_between is None:
            return
        part = excerpt(recorder, *self.confirmed_between)
        self.results = tuple(assess(part, objective) for objective in self.objectives)
        if _together(self.results) is not Verdict.PASSED:
            why = "those who were still on their way when it was confirmed were not served as demanded"
            self.found = replace(self.found, confirmed=None, why=why)

    def steer(
        self,
        now: float,
        recorder: Recorder,
        under_way: float,
        processor_share: float,
        breathe: Callable[[], object] = lambda: None,
    ) -> list[tuple[float, float]]:
        """Look at the run if it is time to; returns the stretches to let in next."""
        leg = self._leg
        if self.found is not None:
            return []
        if leg.first is None and now >= leg.settled:
            leg.first = self._look(recorder, breathe)
        if now < leg.end - LEAD:
            return []
        confirming = leg.level.purpose is Purpose.CONFIRM
        if confirming and leg.until < leg.end + self._after:
            hold = leg.end + self._after - leg.until
            leg.until += hold
            return [(leg.level.rate, hold)]
        if confirming and now < leg.until - LEAD:
            return []
        seen = self._confirmed(leg, recorder, under_way, processor_share, breathe) if confirming else None
        return self._next(leg, seen or self._seen(leg, recorder, under_way, processor_share, breathe))

    def _next(self, leg: _Leg, seen: Seen) -> list[tuple[float, float]]:
        level = leg.level
        self.steps.append(
            Step(
                level.purpose,
                level.rate,
                leg.start,
                leg.settled,
                leg.end,
                tuple(seen.demands),
                seen.under_way,
                seen.trouble,
                seen.verdict,
                broken(seen.demands),
            )
        )
        try:
            following = self._search.send(seen)
        except StopIteration as end:
            self.found = end.value
            return []
        self._leg = self._plan_leg(following, leg.until)
        self._leg.until = self._leg.end
        return [(following.rate, following.seconds)]

    def _plan_leg(self, level: Level, start: float) -> _Leg:
        settle = 0.0 if level.joins else min(SETTLE * level.seconds, LONGEST_SETTLE)
        if level.purpose is Purpose.CONFIRM and not level.joins:
            self._joined_from = start + settle
        return _Leg(level, start, start + settle, start + level.seconds)

    def _look(self, recorder: Recorder, breathe: Callable[[], object]) -> _Look:
        counted = []
        for objective in self.objectives:
            one = tally(recorder, objective, tuple(Phase), sliced=False)
            counted.append((one.total, one.over))
            breathe()
        lateness, waits = Histogram(), Histogram()
        for arrivals in recorder.arrivals.values():
            lateness.add(arrivals.lateness)
            waits.add(arrivals.waits)
        taken = sum(arrivals.started for arrivals in recorder.arrivals.values())
        return _Look(tuple(counted), taken, lateness.count_over(LATE), waits.count_over(LATE))

    def _seen(
        self,
        leg: _Leg,
        recorder: Recorder,
        under_way: float,
        processor_share: float,
        breathe: Callable[[], object],
    ) -> Seen:
        last = self._look(recorder, breathe)
        first = leg.first or last
        demands = tuple(
            Counted(objective.text, total - before, over - before_over, objective.allowed)
            for objective, (total, over), (before, before_over) in zip(
                self.objectives, last.counted, first.counted, strict=True
            )
        )
        trouble = self._trouble(first, last, demands, processor_share)
        return Seen(demands, under_way, leg.until, trouble)

    def _confirmed(
        self,
        leg: _Leg,
        recorder: Recorder,
        under_way: float,
        processor_share: float,
        breathe: Callable[[], object],
    ) -> Seen:
        part = excerpt(recorder, self._joined_from, leg.end, breathe)
        # A page or failure that is yet to come is nobody's knowledge; that a journey takes too long is.
        whole = with_those_under_way(part, self._due_between, leg.until - LEAD)
        results = []
        for objective in self.objectives:
            results.append(assess(whole if objective.metric.timed else part, objective))
            breathe()
        self.results = tuple(results)
        self.confirmed_between = (self._joined_from, leg.end)
        demands = tuple(
            Counted(one.text, one.samples, one.over, objective.allowed, one.design_effect)
            for one, objective in zip(results, self.objectives, strict=True)
        )
        last = self._look(recorder, breathe)
        trouble = self._trouble(leg.first or last, last, demands, processor_share)
        return Seen(demands, under_way, leg.until, trouble, _together(results))

    def _trouble(self, first: _Look, last: _Look, demands: Sequence[Counted], processor_share: float) -> str:
        """Why the load generator was the limit of this level; a shop that breaks a demand is the limit itself."""
        taken = last.taken - first.taken
        if taken <= 0:
            return "no arrival was served"
        late, waited = (last.late - first.late) / taken, (last.waited - first.waited) / taken
        # What came late is over the bound because of that, at worst; a shop that breaks a demand all the same is the limit itself.
        at_best = [replace(one, over=max(0, one.over - math.ceil(late * one.total))) for one in demands]
        if late > MOST_LATE and not broken(at_best):
            return (
                f"the load generator took {spoken_share(late)} of the arrivals more than {spoken_duration(LATE)} late, "
                f"at {spoken_share(processor_share)} of a core; add a worker"
            )
        if waited > MOST_LATE and not broken(demands):
            return f"{spoken_share(waited)} of the arrivals found no free virtual user; raise arrivals.users"
        return ""


def _together(results: Sequence[ObjectiveResult]) -> Verdict:
    verdicts = {one.verdict for one in results}
    for verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return Verdict.PASSED


def can_be_searched(objective: Objective) -> bool:
    """Whether a search can be led by this demand: a share of response times, failures, or dropped arrivals."""
    return 0 < objective.allowed < 1 and objective.metric is not Metric.SERVICE_TIME
