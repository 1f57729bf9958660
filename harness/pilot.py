"""Flies a run through its search for capacity: says which level comes next, and looks at what the last one did.

Pure: moments are seconds from the start of the load and come in as arguments; ``harness/run.py`` lets the arrivals in.
Levels follow each other without a gap, and journeys under way are carried over. A level is looked at twice, once it has settled and
shortly before it ends, and is judged by what ended between: a slow shop shows while it is slow. A confirming level is
judged by the arrivals that were due in it, after their longest demand has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from harness.boundary import Counted
from harness.demand import Metric, Objective, Subject
from harness.excerpt import UNDER_WAY, excerpt, with_those_under_way
from harness.felt_rate import FeltRate
from harness.gate import assess
from harness.glance import Glance, Glances
from harness.overdue import LabelsOf
from harness.recorder import Recorder
from harness.search import Found, Level, Plan, Purpose, Seen, broken, search, worst
from harness.shares import share_verdict
from harness.tally import tally
from harness.verdict import ObjectiveResult, Verdict
from harness.waiting import Age

ANSWERED = "the search has its answer"
"""Why a run ends that has found what it searched for, or that there is nothing to find."""
LEAD = 1.5
"""Seconds before the end of a level at which the next one is decided, so that every worker knows of it in time."""
SETTLE, LONGEST_SETTLE = 0.25, 8.0
"""The share of a level, and the most seconds, that are given to the shop to settle."""
AFTER = LEAD + 1.5
"""Seconds beyond the longest bound that a confirming level is held on; it is judged ``LEAD`` before, when workers have told of it."""
LONGEST_AFTER = 60.0
FILLED, FILLED_BY_SHORT = 0.9, 0.75
"""Of the journeys that are due: as many must end before their length is known; fewer, where it is short for a level."""
HOLD = 5.0
"""Seconds for which a rate that looks confirmed is held on, as often as it takes until nobody under way can speak against it."""


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


@dataclass(slots=True)
class _Leg:
    """The level that is being flown."""

    level: Level
    rate: float  # at which arrivals are let in
    start: float
    settled: float
    end: float
    first: Glance | None = None
    until: float = 0.0  # to which arrivals have been let in


class Pilot:
    """One search; ``begin`` gives its first stretch, ``steer`` all others, until there is something ``found``.

    ``steps`` are the levels that are over. A stretch is a rate in journeys per second and a length in seconds, to be let in after the last
    one. ``due_between`` says how many arrivals were due between two moments: who has not ended yet is in no recorder. ``labels_of``
    gives journey and payment option of an arrival, for demands on some of them.
    """

    def __init__(
        self,
        plan: Plan,
        objectives: Sequence[Objective],
        due_between: Callable[[float, float], int],
        labels_of: LabelsOf | None = None,
    ) -> None:
        longest = max((one.bound for one in objectives if one.metric.timed), default=0.0)
        self._after = min(longest, LONGEST_AFTER) + AFTER
        self.plan = replace(plan, after=self._after)
        self.objectives = tuple(objectives)
        self._due_between = due_between
        self._glances = Glances(self.objectives, due_between, labels_of)
        self.steps: list[Step] = []
        self.found: Found | None = None
        self.results: tuple[ObjectiveResult, ...] = ()
        self.confirmed_between: tuple[float, float] | None = None
        self._felt = FeltRate()
        self._filled = self._lags = False
        self._ended = 0
        self._search = search(self.plan)
        self._leg = self._plan_leg(next(self._search), 0.0)
        self._joined_from = 0.0

    def begin(self) -> tuple[float, float]:
        """The first stretch."""
        leg = self._leg
        leg.until = leg.end
        return self._let_in(leg.rate, leg.end - leg.start)

    def _let_in(self, rate: float, seconds: float) -> tuple[float, float]:
        self._felt.let_in(rate, seconds)
        return rate, seconds

    @property
    def level(self) -> Level:
        """The level that is on."""
        return self._leg.level

    def settle(self, recorder: Recorder) -> None:
        """Everybody is home: what was confirmed while some were still on their way has to hold for them, too."""
        if self.found is None or self.found.confirmed is None or self.confirmed_between is None:
            return
        part = excerpt(recorder, *self.confirmed_between)
        self.results = tuple(assess(part, objective, levels=False) for objective in self.objectives)
        if _together(self.results) is not Verdict.PASSED:
            why = "those who were still on their way when it was confirmed were not served as demanded"
            self.found = replace(self.found, confirmed=None, why=why)

    def steer(
        self,
        now: float,
        recorder: Recorder,
        under_way: float,
        processor_share: float,
        *,
        breathe: Callable[[], object] = lambda: None,
        waiting: Callable[[], Iterable[Age]] = tuple,
    ) -> list[tuple[float, float]]:
        """Look at the run if it is time to; returns the stretches to let in next.

        ``waiting`` says which requests have been waiting for their reply, and for how long.
        """
        leg = self._leg
        if self.found is not None:
            return []
        if leg.first is None and now >= leg.settled:
            leg.first = self._glances.take(now, recorder, waiting(), breathe)
        if now < leg.end - LEAD:
            return []
        confirming, certain = leg.level.purpose is Purpose.CONFIRM, False
        if confirming and leg.until < leg.end + self._after:
            hold = leg.end + self._after - leg.until
            leg.until += hold
            return [self._let_in(leg.rate, hold)]
        if confirming and now < leg.until - LEAD:
            return []
        last = self._glances.take(now, recorder, ages := list(waiting()), breathe)
        first = leg.first or last
        verdict = None
        if confirming:
            demands, verdict, certain = self._confirmed(leg, recorder, ages, breathe)
        else:
            demands = self._glances.between(first, last)
        trouble = self._glances.trouble(first, last, demands, processor_share)
        if verdict is Verdict.PASSED and not (certain or trouble) and self._can_hold_on(leg):
            # Who is still on her way may yet speak against it: the search can go on lower down now, and not once the load has ended.
            leg.until += HOLD
            return [self._let_in(leg.rate, HOLD)]
        seen = Seen(demands, under_way, leg.until, trouble, verdict)
        return self._next(leg, self._lagging(leg, now, recorder, seen))

    def _lagging(self, leg: _Leg, now: float, recorder: Recorder, seen: Seen) -> Seen:
        """The same, with the rate that the shop felt, where journeys are so long that it is not the level's own."""
        ended = sum(cell.response.total for cell in list(recorder.journeys.values()))
        more, self._ended = ended - self._ended, ended
        kept = not (seen.trouble or broken(seen.demands))
        if kept and (self._lags or not self._filled or leg.level.purpose is Purpose.WIDEN):
            self._felt.learn(recorder)
        if leg.level.purpose is Purpose.WIDEN and kept:
            short = not self._felt.lags(leg.level.seconds)
            known = more / max(1, self._due_between(leg.start, now))
            self._filled = self._filled or known >= (FILLED_BY_SHORT if short else FILLED)
            self._lags = self._filled and not short
        if not self._lags:
            return replace(seen, filling=not self._filled)
        end = leg.end if leg.level.purpose is Purpose.CONFIRM else now
        pages = self._felt.during(leg.settled, end)
        journeys = self._felt.during(max(0.0, leg.settled - self._felt.journey), end)
        felt = [journeys if one.subject is Subject.JOURNEY else pages for one in self.objectives]
        return replace(seen, felt=felt, journey=self._felt.longest)

    def _can_hold_on(self, leg: _Leg) -> bool:
        return leg.until + HOLD <= min(self.plan.budget, leg.end + self._after + LONGEST_AFTER)

    def _next(self, leg: _Leg, seen: Seen) -> list[tuple[float, float]]:
        level = leg.level
        self.steps.append(
            Step(
                level.purpose,
                level.rate if level.purpose is Purpose.CONFIRM else seen.felt_by(worst(seen.demands), leg.rate),
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
        return [self._let_in(self._leg.rate, self._leg.end - self._leg.start)]

    def _plan_leg(self, level: Level, start: float) -> _Leg:
        settle = 0.0 if level.joins else min(SETTLE * level.seconds, LONGEST_SETTLE)
        confirming, rate, seconds = level.purpose is Purpose.CONFIRM, level.rate, level.seconds
        if self._lags and confirming and not level.joins:
            wait = max(0.0, self._felt.settled_after(rate) - settle)
            settle, seconds = settle + wait, seconds + wait
        elif self._lags and not confirming:
            rate = min(self.plan.most, self._felt.towards(rate, seconds))
        if confirming and not level.joins:
            self._joined_from = start + settle
        return _Leg(level, rate, start, start + settle, start + seconds)

    def _confirmed(
        self, leg: _Leg, recorder: Recorder, ages: Sequence[Age], breathe: Callable[[], object]
    ) -> tuple[tuple[Counted, ...], Verdict, bool]:
        """How the demands were kept by all who were due in the level, and whether nobody under way can change that."""
        part = excerpt(recorder, self._joined_from, leg.end, breathe)
        # A page or failure that is yet to come is nobody's knowledge; that a journey or request takes too long is.
        whole = with_those_under_way(part, self._due_between, leg.until - LEAD, ages)
        results = []
        for objective in self.objectives:
            results.append(assess(whole if objective.metric.timed else part, objective, levels=False))
            breathe()
        self.results = tuple(results)
        self.confirmed_between = (self._joined_from, leg.end)
        demands = tuple(
            Counted(one.text, one.samples, one.over, objective.allowed, one.design_effect)
            for one, objective in zip(results, self.objectives, strict=True)
        )
        missing = sum(cell.response.total for key, cell in whole.journeys.items() if key.outcome == UNDER_WAY)
        return demands, _together(results), all(_kept_at_worst(part, one, missing) for one in self.objectives)


def _kept_at_worst(part: Recorder, objective: Objective, missing: int) -> bool:
    """Whether a demand is kept even if each of those who are missing, all under way, brings it one more that is over."""
    if objective.metric is Metric.DROPPED:
        return True
    ended = tally(part, objective)
    worst = replace(ended, total=ended.total + missing, unknown=ended.unknown + missing)
    return share_verdict(worst, objective.allowed, 1 - objective.confidence)[0] is Verdict.PASSED


def _together(results: Sequence[ObjectiveResult]) -> Verdict:
    verdicts = {one.verdict for one in results}
    for verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return Verdict.PASSED


def can_be_searched(objective: Objective) -> bool:
    """Whether a search can be led by this demand: a share of response times, failures, or dropped arrivals."""
    return 0 < objective.allowed < 1 and objective.metric is not Metric.SERVICE_TIME
