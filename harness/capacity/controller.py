"""Controls a capacity search during a run: extends the schedule level by level and measures each level.

Pure: moments are seconds from the start of the load and come in as arguments. ``harness/run/driver.py`` releases the arrivals.
Levels follow each other without a gap, and journeys continue into the next level. A level is measured twice, when it has settled
and shortly before its end, and judged by what ended in between, so that a slow shop shows at once. A confirming level is judged by
the arrivals due in it, after the longest bound has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness import special_functions
from harness.capacity.effective_rate import EffectiveRate
from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.level_counts import LevelCounter, LevelCounts
from harness.capacity.model import LevelOutcome, Purpose, SearchLevel, SearchPlan, SearchResult
from harness.capacity.run_view import RunView
from harness.capacity.search import search
from harness.measurement.interval import UNFINISHED_LABEL, extract_interval, with_unfinished
from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.objectives.counting import count_samples
from harness.objectives.evaluate import evaluate_objective
from harness.objectives.model import Metric, Objective, Subject
from harness.objectives.share_verdict import share_verdict
from harness.objectives.verdict import ObjectiveResult, Verdict

LEAD = 1.5
"""Seconds before the end of a level at which the next level is decided, so that every worker gets it in time."""
SETTLE, LONGEST_SETTLE = 0.25, 8.0
"""The share of a level, and the most seconds, that the shop gets to settle."""
AFTER = LEAD + 1.5
"""Seconds beyond the longest bound for which a confirming level goes on; it is judged ``LEAD`` before, when the workers have reported."""
LONGEST_AFTER = 60.0
FILLED, FILLED_BY_SHORT = 0.9, 0.75
"""The share of the due journeys that must have ended before their length is known; the second if journeys are short for a level."""
HOLD = 5.0
"""Seconds by which a rate that seems confirmed is held longer, repeatedly, until no journey under way can change the verdict."""


@dataclass(slots=True)
class _CurrentLevel:
    """The level in progress."""

    level: SearchLevel
    rate: float  # the arrival rate
    start: float
    settled: float
    end: float
    first: LevelCounts | None = None
    until: float = 0.0  # the end of the schedule


class CapacityController:
    """Controls one search: ``begin`` and ``step`` return the extensions of the schedule, until there is a result in ``found``.

    An extension is a rate in journeys per second and a length in seconds.
    """

    def __init__(self, plan: SearchPlan, objectives: Sequence[Objective], run: RunView) -> None:
        special_functions.load()  # the estimates under load must not wait for it
        longest = max((one.bound for one in objectives if one.metric.timed), default=0.0)
        self._after = min(longest, LONGEST_AFTER) + AFTER
        self.plan = replace(plan, after=self._after)
        self.objectives = tuple(objectives)
        self._run = run
        self._counter = LevelCounter(self.objectives, run)
        self.finished_levels: list[LevelOutcome] = []
        self.found: SearchResult | None = None
        self.results: tuple[ObjectiveResult, ...] = ()
        self.confirmed_between: tuple[float, float] | None = None
        self._effective_rate = EffectiveRate()
        self._filled = self._lags = False
        self._ended = 0
        self._search = search(self.plan)
        self._current = self._plan_level(next(self._search), 0.0)
        self._joined_from = 0.0

    def begin(self) -> tuple[float, float]:
        """The first part of the schedule."""
        current = self._current
        current.until = current.end
        return self._extend_schedule(current.rate, current.end - current.start)

    def _extend_schedule(self, rate: float, seconds: float) -> tuple[float, float]:
        self._effective_rate.extend_schedule(rate, seconds)
        return rate, seconds

    @property
    def level(self) -> SearchLevel:
        """The level in progress."""
        return self._current.level

    def recheck_after_drain(self, recorder: Recorder) -> None:
        """Judge the confirmed level again after the drain, with the journeys that were under way when it was confirmed."""
        if self.found is None or self.found.confirmed is None or self.confirmed_between is None:
            return
        part = extract_interval(recorder, *self.confirmed_between)
        self.results = tuple(evaluate_objective(part, objective, with_middle=False) for objective in self.objectives)
        if Verdict.worst(one.verdict for one in self.results) is not Verdict.PASSED:
            why = "the journeys still under way when it was confirmed broke an objective"
            self.found = replace(self.found, confirmed=None, why=why)

    def step(self, now: float) -> list[tuple[float, float]]:
        """Measure the level if it is time to; returns the next extensions of the schedule."""
        run, under_way, processor_share = self._run, self._run.under_way, self._run.processor_share
        current = self._current
        if self.found is not None:
            return []
        if current.first is None and now >= current.settled:
            current.first = self._counter.count(now, run.waiting)
        if now < current.end - LEAD:
            return []
        confirming, certain = current.level.purpose is Purpose.CONFIRM, False
        if confirming and current.until < current.end + self._after:
            hold = current.end + self._after - current.until
            current.until += hold
            return [self._extend_schedule(current.rate, hold)]
        if confirming and now < current.until - LEAD:
            return []
        last = self._counter.count(now, ages := run.waiting)
        first = current.first or last
        verdict = None
        if confirming:
            objective_counts, verdict, certain = self._confirmed(current, ages)
        else:
            objective_counts = self._counter.between(first, last)
        trouble = self._counter.trouble(first, last, objective_counts, processor_share)
        if verdict is Verdict.PASSED and not (certain or trouble) and self._can_hold_on(current):
            # Journeys under way may still break an objective. Now the search can go on at a lower rate, after the load it cannot.
            current.until += HOLD
            return [self._extend_schedule(current.rate, HOLD)]
        outcome = LevelOutcome(
            level=current.level,
            arrival_rate=current.rate,
            start=current.start,
            settled=current.settled,
            end=current.end,
            objective_counts=objective_counts,
            under_way=under_way,
            spent=current.until,
            trouble=trouble,
            verdict=verdict,
        )
        return self._next(current, self._with_effective_rates(current, now, outcome))

    def _with_effective_rates(self, current: _CurrentLevel, now: float, outcome: LevelOutcome) -> LevelOutcome:
        """The outcome with the rates that the shop felt, if journeys are so long that it lags behind the level."""
        ended = sum(series.response.total for series in list(self._run.recorder.journeys.values()))
        more, self._ended = ended - self._ended, ended
        kept = not (outcome.trouble or outcome.broken)
        if kept and (self._lags or not self._filled or current.level.purpose is Purpose.WIDEN):
            self._effective_rate.update(self._run.recorder)
        if current.level.purpose is Purpose.WIDEN and kept:
            short = not self._effective_rate.lags(current.level.seconds)
            known = more / max(1, self._run.due_between(current.start, now))
            self._filled = self._filled or known >= (FILLED_BY_SHORT if short else FILLED)
            self._lags = self._filled and not short
        if not self._lags:
            return replace(outcome, journeys_incomplete=not self._filled)
        end = current.end if current.level.purpose is Purpose.CONFIRM else now
        pages = self._effective_rate.during(current.settled, end)
        journeys = self._effective_rate.during(max(0.0, current.settled - self._effective_rate.journey), end)
        effective_rates = tuple(journeys if one.subject is Subject.JOURNEY else pages for one in self.objectives)
        return replace(outcome, effective_rates=effective_rates, longest_journey=self._effective_rate.longest)

    def _can_hold_on(self, current: _CurrentLevel) -> bool:
        return current.until + HOLD <= min(self.plan.budget, current.end + self._after + LONGEST_AFTER)

    def _next(self, current: _CurrentLevel, outcome: LevelOutcome) -> list[tuple[float, float]]:
        self.finished_levels.append(outcome)
        try:
            following = self._search.send(outcome)
        except StopIteration as end:
            self.found = end.value
            return []
        self._current = self._plan_level(following, current.until)
        self._current.until = self._current.end
        return [self._extend_schedule(self._current.rate, self._current.end - self._current.start)]

    def _plan_level(self, level: SearchLevel, start: float) -> _CurrentLevel:
        settle = 0.0 if level.joins_previous else min(SETTLE * level.seconds, LONGEST_SETTLE)
        confirming, rate, seconds = level.purpose is Purpose.CONFIRM, level.rate, level.seconds
        if self._lags and confirming and not level.joins_previous:
            wait = max(0.0, self._effective_rate.settling_time(rate) - settle)
            settle, seconds = settle + wait, seconds + wait
        elif self._lags and not confirming:
            rate = min(self.plan.most, self._effective_rate.rate_to_reach(rate, seconds))
        if confirming and not level.joins_previous:
            self._joined_from = start + settle
        return _CurrentLevel(level, rate, start, start + settle, start + seconds)

    def _confirmed(
        self, current: _CurrentLevel, ages: Sequence[PendingAge]
    ) -> tuple[tuple[ObjectiveCounts, ...], Verdict, bool]:
        """Counts and verdict of the arrivals due in the level, and whether no journey under way can change the verdict."""
        run = self._run
        part = extract_interval(run.recorder, self._joined_from, current.end, run.yield_to_load)
        # Pages and failures to come are unknown. That a journey or request under way already takes too long is known.
        whole = with_unfinished(part, run.due_between, current.until - LEAD, ages)
        results = []
        for objective in self.objectives:
            results.append(evaluate_objective(whole if objective.metric.timed else part, objective, with_middle=False))
            run.yield_to_load()
        self.results = tuple(results)
        self.confirmed_between = (self._joined_from, current.end)
        objective_counts = tuple(
            ObjectiveCounts(one.text, one.samples, one.over, objective.allowed, one.design_effect)
            for one, objective in zip(results, self.objectives, strict=True)
        )
        missing = sum(one.response.total for key, one in whole.journeys.items() if key.outcome == UNFINISHED_LABEL)
        return (
            objective_counts,
            Verdict.worst(one.verdict for one in results),
            all(_kept_at_worst(part, one, missing) for one in self.objectives),
        )


def _kept_at_worst(part: Recorder, objective: Objective, missing: int) -> bool:
    """Whether an objective is kept even if each of the ``missing`` journeys under way adds one sample over the bound."""
    if objective.metric is Metric.DROPPED:
        return True
    ended = count_samples(part, objective)
    worst = replace(ended, total=ended.total + missing, unknown=ended.unknown + missing)
    return share_verdict(worst, objective.allowed, 1 - objective.confidence)[0] is Verdict.PASSED


def can_be_searched(objective: Objective) -> bool:
    """Whether this objective can control a search: a share of response times, failures, or dropped arrivals."""
    return 0 < objective.allowed < 1 and objective.metric is not Metric.SERVICE_TIME
