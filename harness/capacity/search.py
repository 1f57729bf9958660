"""The search for the highest arrival rate at which every demand still holds: asks for levels, is sent what was seen.

Pure: a generator that yields the next ``Level`` and is sent a ``LevelOutcome``; it ends with what it ``Found``. Four parts: *widen* until a
demand is broken, *drain* what that left behind, *track* the boundary by stochastic approximation, and *confirm* a rate by a
level of its own. Before tracking, what broke the demand is tried once more. Only a rate that was confirmed is reported.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from harness.capacity.estimate import (
    HIGHEST_TRY,
    USUAL_STEEPNESS,
    BoundaryEstimate,
    ObjectiveCounts,
    estimate_boundary,
    safe_rate,
)
from harness.capacity.model import LevelOutcome, Purpose, SearchLevel, SearchPlan, SearchResult
from harness.objectives.statistics import LEAST_EVIDENCE, proves_broken
from harness.objectives.verdict import Verdict
from harness.units import format_duration

WIDEN_ALPHA = 0.01
"""The doubt at which a widening level counts as broken: looked at often, so it has to be surer than a verdict."""
GAIN, GAIN_DECAY = 0.06, 4.0
"""Kesten's gain sequence: steps shrink each time the search changes its direction, and only then."""
UP, DOWN = 0.08, 0.15
"""The largest steps of the tracking, of the logarithm of the rate."""
MAX_EXCESS = 5.0
"""By how many times the allowed share an excess counts at most; one bad second must not throw the search back for good."""
FEWEST_TRACKED = 10
"""Levels of tracking before it may end because it is exact enough."""
DRAIN_AT = 0.5
"""The share of the last rate that was kept at which the shop gets rid of its queue."""
MOST_DRAINS = 5
CALM = 1.5
"""How many times as many journeys as at the last level that was kept may be under way when the drain is over."""
RETREAT = 0.85
"""The least that is tried next, of a rate that could not be confirmed."""
PROMISING = 0.8
"""Of the allowed share: with fewer than this over the bound, a confirmation is gone on with rather than begun anew lower down."""
TARGET_EXCESS = 0.6
"""Of the allowed share: what the next confirmation is to see."""
FLATTEST = 0.7
"""Of what a demand allows: so much, at most, is taken for over its bound at any rate."""
LAST = 0.8
"""Of the boundary: what is tried at most where there is time for one confirmation only; an answer on the low side is better than none."""
MAX_CONFIRMATIONS = 3
"""How often a confirmation may be gone on with; each look is another chance to be wrong."""
FULL = 0.95
"""Of the highest rate that is tried: felt by the shop, it counts as tried."""
VAGUE = 0.10
"""Of the boundary: half of its interval beyond which a longer search is what helps."""
DOUBTED = 0.5
"""Of the budget: until then, a demand that was broken is tried once more before it is believed."""
LOWEST = 1 / 64
"""Of the first rate: a shop that does not even carry that is reported as carrying nothing that was tried."""


@dataclass(slots=True)
class _SearchState:
    plan: SearchPlan
    kept: float = 0.0
    calm: float = math.inf
    broken: float = math.inf
    spent: float = 0.0
    under_way: float = 0.0
    trouble: str = ""
    journey: float = 0.0
    tracked: list[tuple[float, ObjectiveCounts]] = field(default_factory=list)
    usual: dict[str, list[float]] = field(default_factory=dict)

    def keep(self, rate: float, seen: LevelOutcome) -> None:
        """A level at which every demand was kept."""
        self.kept, self.calm = rate, seen.under_way
        for one in seen.objective_counts:
            self.usual.setdefault(one.text, []).append(one.excess)

    def flat(self, demand: ObjectiveCounts) -> float:
        """The part of what a demand allows that is over its bound at any rate, as the levels that were kept show.

        A service that is slow now and then by itself is over its bound long before the shop is busy; only the rest tells how busy it is.
        """
        seen = self.usual.get(demand.text, [])
        return min(FLATTEST, math.fsum(seen) / len(seen)) if seen else 0.0

    @property
    def confirmation(self) -> float:
        """How long it takes to confirm a rate, from the moment at which it is let in."""
        return self.plan.confirmation + self.journey


Asking = Generator[SearchLevel, LevelOutcome, LevelOutcome | None]


def search(plan: SearchPlan) -> Generator[SearchLevel, LevelOutcome, SearchResult]:
    """Search as planned; see the module."""
    state = _SearchState(plan)
    yield from _widen(state, min(plan.start, plan.most))
    yield from _doubt(state)
    if math.isinf(state.broken):
        if not state.kept:
            return SearchResult(None, why=state.trouble or "no level of the search could be measured")
        yield from _drain(state)
        why = state.trouble or f"the search was told to try no more than {plan.most:g} journeys a second"
        return (yield from _confirm(state, state.kept, None, at_least=True, why=why))
    if not state.kept:
        return SearchResult(None, why=state.trouble or f"even {state.broken:.3g} journeys a second broke a demand")
    yield from _drain(state)
    yield from _track(state)
    if state.trouble:
        yield from _drain(state)
        return (yield from _confirm(state, state.kept, None, at_least=True, why=state.trouble))
    # While the shop was still on its way to the rates of a few levels, these tell nothing.
    found = estimate_boundary(state.tracked) if not state.journey or len(state.tracked) >= FEWEST_TRACKED else None
    yield from _drain(state)  # what the last level of the tracking left behind must not speak against the first try
    why = "" if found else "the budget left no time to find where a demand gives way"
    return (yield from _confirm(state, _first_try(state, found), found, at_least=found is None, why=why))


def worst_objective(objective_counts: Sequence[ObjectiveCounts]) -> ObjectiveCounts | None:
    """The demand that is broken most, in proportion to what it allows; ``None`` without a sample."""
    return max((each for each in objective_counts if each.total), key=lambda each: each.excess, default=None)


def broken(objective_counts: Sequence[ObjectiveCounts], alpha: float = WIDEN_ALPHA) -> bool:
    """Whether one of the demands is surely not kept."""
    return any(
        each.over >= LEAST_EVIDENCE
        and (each.allowed <= 0 or proves_broken(each.total / each.effect, each.over / each.effect, each.allowed, alpha))
        for each in objective_counts
    )


def _ask(state: _SearchState, purpose: Purpose, rate: float, seconds: float) -> Asking:
    """One level; once more where the load generator was in trouble, and ``None`` where it was again."""
    for _ in range(2):
        seen = yield SearchLevel(purpose, rate, seconds)
        state.spent, state.under_way, state.journey = seen.spent, seen.under_way, seen.journey
        if not seen.trouble:
            return seen
        state.trouble = seen.trouble
        if state.spent + seconds + state.confirmation > state.plan.budget:
            break
    return None


def _widen(state: _SearchState, first: float) -> Generator[SearchLevel, LevelOutcome, None]:  # noqa: C901 - one level after the other, and what each may mean
    plan, rate, patience = state.plan, first, 1.0
    while state.spent + plan.length(rate) * patience + state.confirmation <= plan.budget:
        seen = yield from _ask(state, Purpose.WIDEN, rate, plan.length(rate) * patience)
        if seen is None:
            return
        state.trouble = ""
        judged = worst_objective(seen.objective_counts)
        if judged is None:
            # Silence keeps no demand: journeys take longer than the level, or the shop hangs.
            patience *= 2
            state.trouble = f"nothing ended while {rate:.3g} journeys a second were tried"
            continue
        effective_rate = seen.effective_rate_for(judged, rate)
        if broken(seen.objective_counts):
            state.broken = effective_rate
            rate /= plan.grow**2
            if state.kept or rate < plan.start * LOWEST:
                return
            continue
        if seen.journeys_incomplete or _lacks_time(state):
            state.trouble = _too_short(state, seen.journey or state.spent)
            if seen.journeys_incomplete:
                continue
            return
        if effective_rate >= plan.most * FULL and _can_hold(state, rate, patience):
            patience = plan.confirm / plan.length(rate)
            continue
        state.keep(effective_rate, seen)
        if not math.isinf(state.broken) or effective_rate >= plan.most * FULL:
            return
        rate = min(effective_rate * plan.grow, plan.most)
    if state.kept and math.isinf(state.broken):
        state.trouble = f"the budget ended before a demand was broken; {state.kept:.3g} journeys a second were kept"


def _doubt(state: _SearchState) -> Generator[SearchLevel, LevelOutcome, None]:
    """Try once more what broke a demand, and widen on where it is kept now.

    A shop that stands still now and then breaks a demand far below what it carries; the tracking would take most of its levels for the
    way up from there. Not where journeys outlast a level: each try takes too long. Nor at the highest rate: that was held for longer.
    """
    plan = state.plan
    while state.kept and state.broken < plan.most * FULL and not state.journey:
        yield from _drain(state)
        rate = state.broken
        if state.spent + 3 * plan.length(rate) + state.confirmation > plan.budget * DOUBTED:
            return
        seen = yield from _ask(state, Purpose.WIDEN, rate, plan.length(rate))
        state.trouble = ""
        judged = None if seen is None else worst_objective(seen.objective_counts)
        if seen is None or judged is None or broken(seen.objective_counts):
            return
        state.keep(seen.effective_rate_for(judged, rate), seen)
        state.broken = math.inf
        yield from _widen(state, min(rate * plan.grow, plan.most))


def _can_hold(state: _SearchState, rate: float, patience: float) -> bool:
    """Whether the highest rate was held for a short level only, and can be held for longer: a queue takes time to show."""
    plan = state.plan
    held = plan.length(rate) * patience
    return state.kept > 0 and held < plan.confirm and state.spent + 2 * plan.confirm + state.confirmation <= plan.budget


def _lacks_time(state: _SearchState) -> bool:
    """Whether journeys turn out to be so long that no more than the first rate could be tried."""
    return not state.kept and state.spent + state.journey + state.confirmation > state.plan.budget


def _too_short(state: _SearchState, journey: float) -> str:
    """Why a budget is too short for journeys that take so many seconds, or more."""
    return (
        f"journeys take up to {format_duration(journey)}, and the shop feels a rate only after that: "
        f"this budget is too short; the search takes at least {state.plan.shortest(journey) / 60:.0f} minutes"
    )


def _drain(state: _SearchState) -> Generator[SearchLevel, LevelOutcome, None]:
    """Let the shop get rid of what is under way, if there is more of it than at the last level that was kept."""
    plan, rate = state.plan, state.kept * DRAIN_AT
    for _ in range(MOST_DRAINS if state.under_way > state.calm * CALM else 0):
        if state.spent + plan.level + state.confirmation > plan.budget:
            return
        seen = yield SearchLevel(Purpose.DRAIN, rate, plan.level)
        state.spent, state.under_way = seen.spent, seen.under_way
        if seen.under_way <= max(1.0, state.calm * CALM):
            return
        rate *= DRAIN_AT  # what was kept for a short time may have been more than the shop carries


def _track(state: _SearchState) -> Generator[SearchLevel, LevelOutcome, None]:
    plan = state.plan
    # A level of widening is short, and a queue takes time to show: the last one that was kept may have been too high already.
    apart = min(plan.grow, max(1.0, state.broken / state.kept))
    logarithm, turns, rising = math.log(state.kept) - math.log(apart) / 2, 0, True
    # At the least a confirmation, and a level before it in which the shop gets rid of what the tracking has left behind.
    once = state.confirmation
    reserve = max(plan.level + once, min(3 * once, (plan.budget - state.spent) / 2))
    while state.spent + plan.length(math.exp(logarithm)) + reserve <= plan.budget:
        rate = min(math.exp(logarithm), plan.most)
        seen = yield from _ask(state, Purpose.TRACK, rate, plan.length(rate))
        if seen is None:
            return
        state.trouble = ""
        judged = worst_objective(seen.objective_counts)
        if judged is None:
            continue
        effective_rate = seen.effective_rate_for(judged, rate)
        logarithm = min(
            math.log(effective_rate) + UP, max(math.log(effective_rate) - UP, logarithm)
        )  # it may lag behind
        state.tracked.append((effective_rate, judged))
        pull = min(1.0, max(-MAX_EXCESS, (1.0 - judged.excess) / (1.0 - state.flat(judged))))
        turns += (pull > 0) is not rising
        rising = pull > 0
        logarithm += min(UP, max(-DOWN, GAIN * GAIN_DECAY / (turns + GAIN_DECAY) * pull))
        if len(state.tracked) >= FEWEST_TRACKED and turns >= 2:  # noqa: PLR2004 - it has been on both sides
            found = estimate_boundary(state.tracked)
            if found is not None and found.half_width <= plan.precision:
                return


def _first_try(state: _SearchState, found: BoundaryEstimate | None) -> float:
    """The rate to confirm first: one that a level of this length will probably prove."""
    if found is None:
        # Too few levels for an interval: what was kept was seen for a short time only, so well below it.
        logs = [math.log(rate) for rate, _ in state.tracked] or [math.log(state.kept / math.sqrt(state.plan.grow))]
        return min(state.kept, math.exp(math.fsum(logs) / len(logs))) * RETREAT
    # Where slow answers are rare and come in clusters, a confirmation may be spared them all: then the interval is the better judge.
    return min(safe_rate(found, state.plan.confirm), max(found.low, found.rate * RETREAT))


def _confirm(
    state: _SearchState, rate: float, found: BoundaryEstimate | None, *, at_least: bool, why: str
) -> Generator[SearchLevel, LevelOutcome, SearchResult]:
    plan, looks = state.plan, 0
    while not looks or state.spent + state.confirmation <= plan.budget:
        joins_previous, seconds = 0 < looks < MAX_CONFIRMATIONS, plan.confirm
        if found is not None and state.spent + 2 * state.confirmation > plan.budget:
            joins_previous, rate = False, min(rate, found.rate * LAST)
            seconds = max(seconds, plan.budget - plan.after - state.journey - state.spent)
        seen = yield SearchLevel(Purpose.CONFIRM, rate, seconds, joins_previous)
        looks = looks + 1 if joins_previous else 1
        state.spent, state.under_way = seen.spent, seen.under_way
        if seen.trouble:
            at_least, why, looks = True, seen.trouble, MAX_CONFIRMATIONS
            rate *= RETREAT
            yield from _drain(state)
            continue
        if seen.verdict is Verdict.PASSED:
            return SearchResult(min([rate, *seen.effective_rates]), at_least, why, found)
        judged = worst_objective(seen.objective_counts)
        excess = MAX_EXCESS if judged is None else judged.excess
        if seen.verdict is Verdict.INCONCLUSIVE and excess < PROMISING:
            continue  # more of the same will probably do
        steepness = USUAL_STEEPNESS if found is None else found.steepness
        rate *= max(RETREAT, min(HIGHEST_TRY, (TARGET_EXCESS / max(excess, TARGET_EXCESS)) ** (1 / steepness)))
        looks = MAX_CONFIRMATIONS
        state.kept = min(state.kept, rate)
        yield from _drain(state)
    if state.journey and plan.shortest(state.journey) > plan.budget:
        why = _too_short(state, state.journey)
    ended = "the budget ended before a rate was confirmed"
    if found is not None and found.half_width > VAGUE:
        ended += ": slow answers came in bursts, of which it saw few; search longer"
    return SearchResult(None, at_least, why or ended, found)
