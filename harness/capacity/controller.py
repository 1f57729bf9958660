"""Flies a run through its search for capacity: says which level comes next, and looks at what the last one did.

Pure: moments are seconds from the start of the load and come in as arguments; ``harness/run/driver.py`` lets the arrivals in.
Levels follow each other without a gap, and journeys under way are carried over. A level is looked at twice, once it has settled and
shortly before it ends, and is judged by what ended between: a slow shop shows while it is slow. A confirming level is
judged by the arrivals that were due in it, after their longest demand has passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from harness.capacity.censoring import LabelsOf
from harness.capacity.effective_rate import EffectiveRate
from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.level_counts import LevelCounter, LevelCounts
from harness.capacity.model import LevelOutcome, Purpose, SearchLevel, SearchPlan, SearchResult
from harness.capacity.search import broken, search, worst_objective
from harness.measurement.interval import UNFINISHED_LABEL, extract_interval, with_unfinished
from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.objectives.counting import count_samples
from harness.objectives.evaluate import evaluate_objective
from harness.objectives.model import Metric, Objective, Subject
from harness.objectives.share_verdict import share_verdict
from harness.objectives.verdict import ObjectiveResult, Verdict
from harness.yield_to_load import NEVER, YieldToLoad

SEARCH_COMPLETE = "the search has its answer"
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
class FinishedLevel:
    """A level that is over: when it was (seconds from the start), and what came of it."""

    purpose: Purpose
    rate: float
    start: float
    settled: float
    end: float
    objective_counts: tuple[ObjectiveCounts, ...]
    under_way: float
    trouble: str
    verdict: Verdict | None
    broken: bool


@dataclass(slots=True)
class _CurrentLevel:
    """The level that is being flown."""

    level: SearchLevel
    rate: float  # at which arrivals are let in
    start: float
    settled: float
    end: float
    first: LevelCounts | None = None
    until: float = 0.0  # to which arrivals have been let in


class CapacityController:
    """One search; ``begin`` gives its first stretch, ``steer`` all others, until there is something ``found``.

    ``steps`` are the levels that are over. A stretch is a rate in journeys per second and a length in seconds, to be let in after the last
    one. ``due_between`` says how many arrivals were due between two moments: who has not ended yet is in no recorder. ``labels_of``
    gives journey and payment option of an arrival, for demands on some of them.
    """

    def __init__(
        self,
        plan: SearchPlan,
        objectives: Sequence[Objective],
        due_between: Callable[[float, float], int],
        labels_of: LabelsOf | None = None,
    ) -> None:
        longest = max((one.bound for one in objectives if one.metric.timed), default=0.0)
        self._after = min(longest, LONGEST_AFTER) + AFTER
        self.plan = replace(plan, after=self._after)
        self.objectives = tuple(objectives)
        self._due_between = due_between
        self._counter = LevelCounter(self.objectives, due_between, labels_of)
        self.finished_levels: list[FinishedLevel] = []
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
        """The first stretch."""
        current = self._current
        current.until = current.end
        return self._extend_schedule(current.rate, current.end - current.start)

    def _extend_schedule(self, rate: float, seconds: float) -> tuple[float, float]:
        self._effective_rate.extend_schedule(rate, seconds)
        return rate, seconds

    @property
    def level(self) -> SearchLevel:
        """The level that is on."""
        return self._current.level

    def recheck_after_drain(self, recorder: Recorder) -> None:
        """Everybody is home: what was confirmed while some were still on their way has to hold for them, too."""
        if self.found is None or self.found.confirmed is None or self.confirmed_between is None:
            return
        part = extract_interval(recorder, *self.confirmed_between)
        self.results = tuple(evaluate_objective(part, objective, with_middle=False) for objective in self.objectives)
        if _worst_verdict(self.results) is not Verdict.PASSED:
            why = "those who were still on their way when it was confirmed were not served as demanded"
            self.found = replace(self.found, confirmed=None, why=why)

    def step(
        self,
        now: float,
        recorder: Recorder,
        under_way: float,
        processor_share: float,
        *,
        yield_to_load: YieldToLoad = NEVER,
        waiting: Callable[[], Iterable[PendingAge]] = tuple,
    ) -> list[tuple[float, float]]:
        """Look at the run if it is time to; returns the stretches to let in next.

        ``waiting`` says which requests have been waiting for their reply, and for how long.
        """
        current = self._current
        if self.found is not None:
            return []
        if current.first is None and now >= current.settled:
            current.first = self._counter.count(now, recorder, waiting(), yield_to_load)
        if now < current.end - LEAD:
            return []
        confirming, certain = current.level.purpose is Purpose.CONFIRM, False
        if confirming and current.until < current.end + self._after:
            hold = current.end + self._after - current.until
            current.until += hold
            return [self._extend_schedule(current.rate, hold)]
        if confirming and now < current.until - LEAD:
            return []
        last = self._counter.count(now, recorder, ages := list(waiting()), yield_to_load)
        first = current.first or last
        verdict = None
        if confirming:
            objective_counts, verdict, certain = self._confirmed(current, recorder, ages, yield_to_load)
        else:
            objective_counts = self._counter.between(first, last)
        trouble = self._counter.trouble(first, last, objective_counts, processor_share)
        if verdict is Verdict.PASSED and not (certain or trouble) and self._can_hold_on(current):
            # Who is still on her way may yet speak against it: the search can go on lower down now, and not once the load has ended.
            current.until += HOLD
            return [self._extend_schedule(current.rate, HOLD)]
        seen = LevelOutcome(objective_counts, under_way, current.until, trouble, verdict)
        return self._next(current, self._lagging(current, now, recorder, seen))

    def _lagging(self, current: _CurrentLevel, now: float, recorder: Recorder, seen: LevelOutcome) -> LevelOutcome:
        """The same, with the rate that the shop felt, where journeys are so long that it is not the level's own."""
        ended = sum(cell.response.total for cell in list(recorder.journeys.values()))
        more, self._ended = ended - self._ended, ended
        kept = not (seen.trouble or broken(seen.objective_counts))
        if kept and (self._lags or not self._filled or current.level.purpose is Purpose.WIDEN):
            self._effective_rate.update(recorder)
        if current.level.purpose is Purpose.WIDEN and kept:
            short = not self._effective_rate.lags(current.level.seconds)
            known = more / max(1, self._due_between(current.start, now))
            self._filled = self._filled or known >= (FILLED_BY_SHORT if short else FILLED)
            self._lags = self._filled and not short
        if not self._lags:
            return replace(seen, journeys_incomplete=not self._filled)
        end = current.end if current.level.purpose is Purpose.CONFIRM else now
        pages = self._effective_rate.during(current.settled, end)
        journeys = self._effective_rate.during(max(0.0, current.settled - self._effective_rate.journey), end)
        effective_rates = [journeys if one.subject is Subject.JOURNEY else pages for one in self.objectives]
        return replace(seen, effective_rates=effective_rates, journey=self._effective_rate.longest)

    def _can_hold_on(self, current: _CurrentLevel) -> bool:
        return current.until + HOLD <= min(self.plan.budget, current.end + self._after + LONGEST_AFTER)

    def _next(self, current: _CurrentLevel, seen: LevelOutcome) -> list[tuple[float, float]]:
        level = current.level
        self.finished_levels.append(
            FinishedLevel(
                level.purpose,
                level.rate
                if level.purpose is Purpose.CONFIRM
                else seen.effective_rate_for(worst_objective(seen.objective_counts), current.rate),
                current.start,
                current.settled,
                current.end,
                tuple(seen.objective_counts),
                seen.under_way,
                seen.trouble,
                seen.verdict,
                broken(seen.objective_counts),
            )
        )
        try:
            following = self._search.send(seen)
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
        self,
        current: _CurrentLevel,
        recorder: Recorder,
        ages: Sequence[PendingAge],
        yield_to_load: YieldToLoad,
    ) -> tuple[tuple[ObjectiveCounts, ...], Verdict, bool]:
        """How the demands were kept by all who were due in the level, and whether nobody under way can change that."""
        part = extract_interval(recorder, self._joined_from, current.end, yield_to_load)
        # A page or failure that is yet to come is nobody's knowledge; that a journey or request takes too long is.
        whole = with_unfinished(part, self._due_between, current.until - LEAD, ages)
        results = []
        for objective in self.objectives:
            results.append(evaluate_objective(whole if objective.metric.timed else part, objective, with_middle=False))
            yield_to_load()
        self.results = tuple(results)
        self.confirmed_between = (self._joined_from, current.end)
        objective_counts = tuple(
            ObjectiveCounts(one.text, one.samples, one.over, objective.allowed, one.design_effect)
            for one, objective in zip(results, self.objectives, strict=True)
        )
        missing = sum(cell.response.total for key, cell in whole.journeys.items() if key.outcome == UNFINISHED_LABEL)
        return (
            objective_counts,
            _worst_verdict(results),
            all(_kept_at_worst(part, one, missing) for one in self.objectives),
        )


def _kept_at_worst(part: Recorder, objective: Objective, missing: int) -> bool:
    """Whether a demand is kept even if each of those who are missing, all under way, brings it one more that is over."""
    if objective.metric is Metric.DROPPED:
        return True
    ended = count_samples(part, objective)
    worst = replace(ended, total=ended.total + missing, unknown=ended.unknown + missing)
    return share_verdict(worst, objective.allowed, 1 - objective.confidence)[0] is Verdict.PASSED


def _worst_verdict(results: Sequence[ObjectiveResult]) -> Verdict:
    verdicts = {one.verdict for one in results}
    for verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return Verdict.PASSED


def can_be_searched(objective: Objective) -> bool:
    """Whether a search can be led by this demand: a share of response times, failures, or dropped arrivals."""
    return 0 < objective.allowed < 1 and objective.metric is not Metric.SERVICE_TIME
