"""Searches for the highest arrival rate at which every objective holds.

Pure: a generator that yields the next ``SearchLevel``, is sent its ``LevelOutcome``, and returns a ``SearchResult``. It has four
parts: *widen* until an objective breaks, *drain* the queue that this left, *track* the boundary by stochastic approximation, and
*confirm* a rate with a level of its own. Before tracking, it tries the rate that broke an objective once more. It only reports a
confirmed rate.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, field

from harness.capacity.estimate import (
    HIGHEST_TRY,
    USUAL_STEEPNESS,
    BoundaryEstimate,
    ObjectiveCounts,
    estimate_boundary,
    safe_rate,
)
from harness.capacity.model import LevelOutcome, Purpose, SearchLevel, SearchPlan, SearchResult, worst_objective
from harness.objectives.verdict import Verdict
from harness.units import format_duration

GAIN, GAIN_DECAY = 0.06, 4.0
"""Kesten's gain sequence: steps become smaller only when the search changes its direction."""
UP, DOWN = 0.08, 0.15
"""The largest steps of tracking, on the logarithm of the rate."""
MAX_EXCESS = 5.0
"""The highest excess that counts, as a multiple of the allowed share; so one bad second does not set the search far back."""
FEWEST_TRACKED = 10
"""The least number of tracking levels before tracking may end early."""
DRAIN_AT = 0.5
"""The share of the last kept rate at which the shop clears its queue."""
MOST_DRAINS = 5
CALM = 1.5
"""The number of journeys under way at the end of a drain, at most, as a multiple of the last kept level."""
RETREAT = 0.85
"""The least factor from an unconfirmed rate to the next rate that is tried."""
PROMISING = 0.8
"""The share of the allowed excess below which an inconclusive confirmation is extended, and not restarted at a lower rate."""
TARGET_EXCESS = 0.6
"""The share of the allowed excess that the next confirmation aims at."""
FLATTEST = 0.7
"""The highest share of the allowed excess that may count as independent of the rate."""
LAST = 0.8
"""The highest share of the boundary that is tried when there is time for one confirmation only; a low answer is better than none."""
MAX_CONFIRMATIONS = 3
"""How often a confirmation may be extended; each test is another chance to be wrong."""
FULL = 0.95
"""The share of the highest allowed rate that counts as that rate when the shop feels it."""
VAGUE = 0.10
"""The relative half-width of the boundary beyond which the answer advises a longer search."""
RETRY_BUDGET_SHARE = 0.5
"""The share of the budget up to which a rate that broke an objective is tried once more."""
LOWEST = 1 / 64
"""The share of the first rate below which the search gives up: the shop carries no rate that was tried."""


@dataclass(slots=True)
class _SearchState:
    plan: SearchPlan
    kept: float = 0.0
    calm: float = math.inf
    broken: float = math.inf
    spent: float = 0.0
    under_way: float = 0.0
    trouble: str = ""
    longest_journey: float = 0.0
    tracked: list[tuple[float, ObjectiveCounts]] = field(default_factory=list)
    usual: dict[str, list[float]] = field(default_factory=dict)

    def keep(self, rate: float, outcome: LevelOutcome) -> None:
        """Record a level that kept every objective."""
        self.kept, self.calm = rate, outcome.under_way
        for one in outcome.objective_counts:
            self.usual.setdefault(one.text, []).append(one.excess)

    def flat(self, objective: ObjectiveCounts) -> float:
        """The excess of an objective that does not depend on the rate, from the levels that were kept.

        A service that is sometimes slow without load is over its bound long before the shop is busy. Only the rest of the excess
        shows how busy the shop is.
        """
        usual = self.usual.get(objective.text, [])
        return min(FLATTEST, math.fsum(usual) / len(usual)) if usual else 0.0

    @property
    def confirmation(self) -> float:
        """How long it takes to confirm a rate, from its first arrival."""
        return self.plan.confirmation + self.longest_journey


LevelRequest = Generator[SearchLevel, LevelOutcome, LevelOutcome | None]


def search(plan: SearchPlan) -> Generator[SearchLevel, LevelOutcome, SearchResult]:
    """Search within the limits of the plan."""
    state = _SearchState(plan)
    yield from _widen(state, min(plan.start, plan.most))
    yield from _retry_broken_rate(state)
    if math.isinf(state.broken):
        if not state.kept:
            return SearchResult(None, why=state.trouble or "no level of the search could be measured")
        yield from _drain(state)
        why = state.trouble or f"the search may try at most {plan.most:g} journeys a second"
        return (yield from _confirm(state, state.kept, None, at_least=True, why=why))
    if not state.kept:
        return SearchResult(None, why=state.trouble or f"even {state.broken:.3g} journeys a second broke an objective")
    yield from _drain(state)
    yield from _track(state)
    if state.trouble:
        yield from _drain(state)
        return (yield from _confirm(state, state.kept, None, at_least=True, why=state.trouble))
    # With long journeys the shop lags behind the first levels, so a few levels show nothing.
    found = (
        estimate_boundary(state.tracked) if not state.longest_journey or len(state.tracked) >= FEWEST_TRACKED else None
    )
    yield from _drain(state)  # so that the queue of the last tracking level does not break the first confirmation
    why = "" if found else "the budget was too short to find the rate at which an objective breaks"
    return (yield from _confirm(state, _first_try(state, found), found, at_least=found is None, why=why))


def _try_level(state: _SearchState, purpose: Purpose, rate: float, seconds: float) -> LevelRequest:
    """Ask for one level, and again if the load generator was the limit; ``None`` if it was the limit again."""
    for _ in range(2):
        outcome = yield SearchLevel(purpose, rate, seconds)
        state.spent, state.under_way, state.longest_journey = outcome.spent, outcome.under_way, outcome.longest_journey
        if not outcome.trouble:
            return outcome
        state.trouble = outcome.trouble
        if state.spent + seconds + state.confirmation > state.plan.budget:
            break
    return None


def _widen(state: _SearchState, first: float) -> Generator[SearchLevel, LevelOutcome, None]:  # noqa: C901 - one level after the other, and what each may mean
    plan, rate, patience = state.plan, first, 1.0
    while state.spent + plan.length(rate) * patience + state.confirmation <= plan.budget:
        outcome = yield from _try_level(state, Purpose.WIDEN, rate, plan.length(rate) * patience)
        if outcome is None:
            return
        state.trouble = ""
        judged = worst_objective(outcome.objective_counts)
        if judged is None:
            # A level without samples passes no objective: journeys take longer than the level, or the shop hangs.
            patience *= 2
            state.trouble = f"nothing ended while {rate:.3g} journeys a second were tried"
            continue
        effective_rate = outcome.effective_rate_for(judged, rate)
        if outcome.broken:
            state.broken = effective_rate
            rate /= plan.grow**2
            if state.kept or rate < plan.start * LOWEST:
                return
            continue
        only_first = not state.kept and state.spent + state.longest_journey + state.confirmation > plan.budget
        if outcome.journeys_incomplete or only_first:
            state.trouble = _too_short(state, outcome.longest_journey or state.spent)
            if outcome.journeys_incomplete:
                continue
            return
        if effective_rate >= plan.most * FULL and _can_hold(state, rate, patience):
            patience = plan.confirm / plan.length(rate)
            continue
        state.keep(effective_rate, outcome)
        if not math.isinf(state.broken) or effective_rate >= plan.most * FULL:
            return
        rate = min(effective_rate * plan.grow, plan.most)
    if state.kept and math.isinf(state.broken):
        state.trouble = f"the budget ended before an objective broke; it held at {state.kept:.3g} journeys a second"


def _retry_broken_rate(state: _SearchState) -> Generator[SearchLevel, LevelOutcome, None]:
    """Try the rate that broke an objective once more, and go on widening if it is kept now.

    A shop with occasional stalls breaks an objective far below its capacity, and tracking would need most of its levels to come
    up from there. Long journeys leave no time for it. The highest rate needs no second try, because it was held for longer.
    """
    plan = state.plan
    while state.kept and state.broken < plan.most * FULL and not state.longest_journey:
        yield from _drain(state)
        rate = state.broken
        if state.spent + 3 * plan.length(rate) + state.confirmation > plan.budget * RETRY_BUDGET_SHARE:
            return
        outcome = yield from _try_level(state, Purpose.WIDEN, rate, plan.length(rate))
        state.trouble = ""
        judged = None if outcome is None else worst_objective(outcome.objective_counts)
        if outcome is None or judged is None or outcome.broken:
            return
        state.keep(outcome.effective_rate_for(judged, rate), outcome)
        state.broken = math.inf
        yield from _widen(state, min(rate * plan.grow, plan.most))


def _can_hold(state: _SearchState, rate: float, patience: float) -> bool:
    """Whether the highest rate was held only for a short level and can be held longer: a queue needs time to show."""
    plan = state.plan
    held = plan.length(rate) * patience
    return state.kept > 0 and held < plan.confirm and state.spent + 2 * plan.confirm + state.confirmation <= plan.budget


def _too_short(state: _SearchState, journey: float) -> str:
    """Why the budget is too short for journeys of this length in seconds."""
    return (
        f"journeys take up to {format_duration(journey)}, and the shop feels a rate only after that time: "
        f"the budget is too short; the search takes at least {state.plan.shortest(journey) / 60:.0f} minutes"
    )


def _drain(state: _SearchState) -> Generator[SearchLevel, LevelOutcome, None]:
    """Let the shop clear its queue, if more journeys are under way than at the last kept level."""
    plan, rate = state.plan, state.kept * DRAIN_AT
    for _ in range(MOST_DRAINS if state.under_way > state.calm * CALM else 0):
        if state.spent + plan.level + state.confirmation > plan.budget:
            return
        outcome = yield SearchLevel(Purpose.DRAIN, rate, plan.level)
        state.spent, state.under_way = outcome.spent, outcome.under_way
        if outcome.under_way <= max(1.0, state.calm * CALM):
            return
        rate *= DRAIN_AT  # a rate that was kept for a short time may be over the capacity


def _track(state: _SearchState) -> Generator[SearchLevel, LevelOutcome, None]:
    plan = state.plan
    # Widening levels are short, and a queue needs time to show: the last kept rate may already be too high.
    gap = min(plan.grow, max(1.0, state.broken / state.kept))
    logarithm, turns, rising = math.log(state.kept) - math.log(gap) / 2, 0, True
    # Time for at least a confirmation and, before it, a level to clear the queue of the tracking.
    once = state.confirmation
    reserve = max(plan.level + once, min(3 * once, (plan.budget - state.spent) / 2))
    while state.spent + plan.length(math.exp(logarithm)) + reserve <= plan.budget:
        rate = min(math.exp(logarithm), plan.most)
        outcome = yield from _try_level(state, Purpose.TRACK, rate, plan.length(rate))
        if outcome is None:
            return
        state.trouble = ""
        judged = worst_objective(outcome.objective_counts)
        if judged is None:
            continue
        effective_rate = outcome.effective_rate_for(judged, rate)
        felt = math.log(effective_rate)
        logarithm = min(felt + UP, max(felt - UP, logarithm))  # the shop may lag behind
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
    """The rate to confirm first: one that the confirming level will probably prove."""
    if found is None:
        # There is no interval, and the kept rates were held only for a short time. So it starts well below them.
        logs = [math.log(rate) for rate, _ in state.tracked] or [math.log(state.kept / math.sqrt(state.plan.grow))]
        return min(state.kept, math.exp(math.fsum(logs) / len(logs))) * RETREAT
    # With rare clusters of slow answers a confirmation may meet none of them. Then the interval gives the better rate.
    return min(safe_rate(found, state.plan.confirm), max(found.low, found.rate * RETREAT))


def _confirm(
    state: _SearchState, rate: float, found: BoundaryEstimate | None, *, at_least: bool, why: str
) -> Generator[SearchLevel, LevelOutcome, SearchResult]:
    plan, tries = state.plan, 0
    while not tries or state.spent + state.confirmation <= plan.budget:
        joins_previous, seconds = 0 < tries < MAX_CONFIRMATIONS, plan.confirm
        if found is not None and state.spent + 2 * state.confirmation > plan.budget:
            joins_previous, rate = False, min(rate, found.rate * LAST)
            seconds = max(seconds, plan.budget - plan.after - state.longest_journey - state.spent)
        outcome = yield SearchLevel(Purpose.CONFIRM, rate, seconds, joins_previous)
        tries = tries + 1 if joins_previous else 1
        state.spent, state.under_way = outcome.spent, outcome.under_way
        if outcome.trouble:
            at_least, why, tries = True, outcome.trouble, MAX_CONFIRMATIONS
            rate *= RETREAT
            yield from _drain(state)
            continue
        if outcome.verdict is Verdict.PASSED:
            return SearchResult(min([rate, *outcome.effective_rates]), at_least, why, found)
        judged = worst_objective(outcome.objective_counts)
        excess = MAX_EXCESS if judged is None else judged.excess
        if outcome.verdict is Verdict.INCONCLUSIVE and excess < PROMISING:
            continue  # more samples at this rate will probably decide
        steepness = USUAL_STEEPNESS if found is None else found.steepness
        rate *= max(RETREAT, min(HIGHEST_TRY, (TARGET_EXCESS / max(excess, TARGET_EXCESS)) ** (1 / steepness)))
        tries = MAX_CONFIRMATIONS
        state.kept = min(state.kept, rate)
        yield from _drain(state)
    if state.longest_journey and plan.shortest(state.longest_journey) > plan.budget:
        why = _too_short(state, state.longest_journey)
    ended = "the budget ended before a rate was confirmed"
    if found is not None and found.half_width > VAGUE:
        ended += ": slow replies came in a few long bursts; find out what makes the shop stand still"
    return SearchResult(None, at_least, why or ended, found)
