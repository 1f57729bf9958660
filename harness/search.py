"""The search for the highest arrival rate at which every demand still holds: asks for levels, is sent what was seen.

Pure: a generator that yields the next ``Level`` and is sent a ``Seen``; it ends with what it ``Found``. Four parts: *widen* until a
demand is broken, *drain* what that left behind, *track* the boundary by stochastic approximation, and *confirm* a rate by a
level of its own. Before tracking, what broke the demand is tried once more. Only a rate that was confirmed is reported.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from harness.boundary import BOLDEST, USUAL_STEEPNESS, Boundary, Counted, boundary, safe_rate
from harness.odds import LEAST_EVIDENCE, proves_broken
from harness.search_plan import FINEST, Found, Level, Plan, Purpose, Seen
from harness.units import spoken_duration
from harness.verdict import Verdict

__all__ = ["FINEST", "Found", "Level", "Plan", "Purpose", "Seen", "broken", "search", "worst"]

SURE = 0.01
"""The doubt at which a widening level counts as broken: looked at often, so it has to be surer than a verdict."""
GAIN, STEADYING = 0.06, 4.0
"""Kesten's gain sequence: steps shrink each time the search changes its direction, and only then."""
UP, DOWN = 0.08, 0.15
"""The largest steps of the tracking, of the logarithm of the rate."""
HARDEST = 5.0
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
AIM = 0.6
"""Of the allowed share: what the next confirmation is to see."""
FLATTEST = 0.7
"""Of what a demand allows: so much, at most, is taken for over its bound at any rate."""
LAST = 0.8
"""Of the boundary: what is tried at most where there is time for one confirmation only; an answer on the low side is better than none."""
LOOKS = 3
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
class _Progress:
    plan: Plan
    kept: float = 0.0
    calm: float = math.inf
    broken: float = math.inf
    spent: float = 0.0
    under_way: float = 0.0
    trouble: str = ""
    journey: float = 0.0
    tracked: list[tuple[float, Counted]] = field(default_factory=list)
    usual: dict[str, list[float]] = field(default_factory=dict)

    def keep(self, rate: float, seen: Seen) -> None:
        """A level at which every demand was kept."""
        self.kept, self.calm = rate, seen.under_way
        for one in seen.demands:
            self.usual.setdefault(one.text, []).append(one.excess)

    def flat(self, demand: Counted) -> float:
        """The part of what a demand allows that is over its bound at any rate, as the levels that were kept show.

        A service that is slow now and then by itself is over its bound long before the shop is busy; only the rest tells how busy it is.
        """
        seen = self.usual.get(demand.text, [])
        return min(FLATTEST, math.fsum(seen) / len(seen)) if seen else 0.0

    @property
    def confirmation(self) -> float:
        """How long it takes to confirm a rate, from the moment at which it is let in."""
        return self.plan.confirmation + self.journey


Asking = Generator[Level, Seen, Seen | None]


def search(plan: Plan) -> Generator[Level, Seen, Found]:
    """Search as planned; see the module."""
    so_far = _Progress(plan)
    yield from _widen(so_far, min(plan.start, plan.most))
    yield from _doubt(so_far)
    if math.isinf(so_far.broken):
        if not so_far.kept:
            return Found(None, why=so_far.trouble or "no level of the search could be measured")
        yield from _drain(so_far)
        why = so_far.trouble or f"the search was told to try no more than {plan.most:g} journeys a second"
        return (yield from _confirm(so_far, so_far.kept, None, at_least=True, why=why))
    if not so_far.kept:
        return Found(None, why=so_far.trouble or f"even {so_far.broken:.3g} journeys a second broke a demand")
    yield from _drain(so_far)
    yield from _track(so_far)
    if so_far.trouble:
        yield from _drain(so_far)
        return (yield from _confirm(so_far, so_far.kept, None, at_least=True, why=so_far.trouble))
    # While the shop was still on its way to the rates of a few levels, these tell nothing.
    found = boundary(so_far.tracked) if not so_far.journey or len(so_far.tracked) >= FEWEST_TRACKED else None
    yield from _drain(so_far)  # what the last level of the tracking left behind must not speak against the first try
    why = "" if found else "the budget left no time to find where a demand gives way"
    return (yield from _confirm(so_far, _first_try(so_far, found), found, at_least=found is None, why=why))


def worst(demands: Sequence[Counted]) -> Counted | None:
    """The demand that is broken most, in proportion to what it allows; ``None`` without a sample."""
    return max((each for each in demands if each.total), key=lambda each: each.excess, default=None)


def broken(demands: Sequence[Counted], doubt: float = SURE) -> bool:
    """Whether one of the demands is surely not kept."""
    return any(
        each.over >= LEAST_EVIDENCE
        and (each.allowed <= 0 or proves_broken(each.total / each.effect, each.over / each.effect, each.allowed, doubt))
        for each in demands
    )


def _ask(so_far: _Progress, purpose: Purpose, rate: float, seconds: float) -> Asking:
    """One level; once more where the load generator was in trouble, and ``None`` where it was again."""
    for _ in range(2):
        seen = yield Level(purpose, rate, seconds)
        so_far.spent, so_far.under_way, so_far.journey = seen.spent, seen.under_way, seen.journey
        if not seen.trouble:
            return seen
        so_far.trouble = seen.trouble
        if so_far.spent + seconds + so_far.confirmation > so_far.plan.budget:
            break
    return None


def _widen(so_far: _Progress, first: float) -> Generator[Level, Seen, None]:  # noqa: C901 - one level after the other, and what each may mean
    plan, rate, patience = so_far.plan, first, 1.0
    while so_far.spent + plan.length(rate) * patience + so_far.confirmation <= plan.budget:
        seen = yield from _ask(so_far, Purpose.WIDEN, rate, plan.length(rate) * patience)
        if seen is None:
            return
        so_far.trouble = ""
        judged = worst(seen.demands)
        if judged is None:
            # Silence keeps no demand: journeys take longer than the level, or the shop hangs.
            patience *= 2
            so_far.trouble = f"nothing ended while {rate:.3g} journeys a second were tried"
            continue
        felt = seen.felt_by(judged, rate)
        if broken(seen.demands):
            so_far.broken = felt
            rate /= plan.grow**2
            if so_far.kept or rate < plan.start * LOWEST:
                return
            continue
        if seen.filling or _lacks_time(so_far):
            so_far.trouble = _too_short(so_far, seen.journey or so_far.spent)
            if seen.filling:
                continue
            return
        if felt >= plan.most * FULL and _can_hold(so_far, rate, patience):
            patience = plan.confirm / plan.length(rate)
            continue
        so_far.keep(felt, seen)
        if not math.isinf(so_far.broken) or felt >= plan.most * FULL:
            return
        rate = min(felt * plan.grow, plan.most)
    if so_far.kept and math.isinf(so_far.broken):
        so_far.trouble = f"the budget ended before a demand was broken; {so_far.kept:.3g} journeys a second were kept"


def _doubt(so_far: _Progress) -> Generator[Level, Seen, None]:
    """Try once more what broke a demand, and widen on where it is kept now.

    A shop that stands still now and then breaks a demand far below what it carries; the tracking would take most of its levels for the
    way up from there. Not where journeys outlast a level: each try takes too long. Nor at the highest rate: that was held for longer.
    """
    plan = so_far.plan
    while so_far.kept and so_far.broken < plan.most * FULL and not so_far.journey:
        yield from _drain(so_far)
        rate = so_far.broken
        if so_far.spent + 3 * plan.length(rate) + so_far.confirmation > plan.budget * DOUBTED:
            return
        seen = yield from _ask(so_far, Purpose.WIDEN, rate, plan.length(rate))
        so_far.trouble = ""
        judged = None if seen is None else worst(seen.demands)
        if seen is None or judged is None or broken(seen.demands):
            return
        so_far.keep(seen.felt_by(judged, rate), seen)
        so_far.broken = math.inf
        yield from _widen(so_far, min(rate * plan.grow, plan.most))


def _can_hold(so_far: _Progress, rate: float, patience: float) -> bool:
    """Whether the highest rate was held for a short level only, and can be held for longer: a queue takes time to show."""
    plan = so_far.plan
    held = plan.length(rate) * patience
    return (
        so_far.kept > 0 and held < plan.confirm and so_far.spent + 2 * plan.confirm + so_far.confirmation <= plan.budget
    )


def _lacks_time(so_far: _Progress) -> bool:
    """Whether journeys turn out to be so long that no more than the first rate could be tried."""
    return not so_far.kept and so_far.spent + so_far.journey + so_far.confirmation > so_far.plan.budget


def _too_short(so_far: _Progress, journey: float) -> str:
    """Why a budget is too short for journeys that take so many seconds, or more."""
    return (
        f"journeys take up to {spoken_duration(journey)}, and the shop feels a rate only after that: "
        f"this budget is too short; the search takes at least {so_far.plan.shortest(journey) / 60:.0f} minutes"
    )


def _drain(so_far: _Progress) -> Generator[Level, Seen, None]:
    """Let the shop get rid of what is under way, if there is more of it than at the last level that was kept."""
    plan, rate = so_far.plan, so_far.kept * DRAIN_AT
    for _ in range(MOST_DRAINS if so_far.under_way > so_far.calm * CALM else 0):
        if so_far.spent + plan.level + so_far.confirmation > plan.budget:
            return
        seen = yield Level(Purpose.DRAIN, rate, plan.level)
        so_far.spent, so_far.under_way = seen.spent, seen.under_way
        if seen.under_way <= max(1.0, so_far.calm * CALM):
            return
        rate *= DRAIN_AT  # what was kept for a short time may have been more than the shop carries


def _track(so_far: _Progress) -> Generator[Level, Seen, None]:
    plan = so_far.plan
    # A level of widening is short, and a queue takes time to show: the last one that was kept may have been too high already.
    apart = min(plan.grow, max(1.0, so_far.broken / so_far.kept))
    logarithm, turns, rising = math.log(so_far.kept) - math.log(apart) / 2, 0, True
    # At the least a confirmation, and a level before it in which the shop gets rid of what the tracking has left behind.
    once = so_far.confirmation
    reserve = max(plan.level + once, min(3 * once, (plan.budget - so_far.spent) / 2))
    while so_far.spent + plan.length(math.exp(logarithm)) + reserve <= plan.budget:
        rate = min(math.exp(logarithm), plan.most)
        seen = yield from _ask(so_far, Purpose.TRACK, rate, plan.length(rate))
        if seen is None:
            return
        so_far.trouble = ""
        judged = worst(seen.demands)
        if judged is None:
            continue
        felt = seen.felt_by(judged, rate)
        logarithm = min(math.log(felt) + UP, max(math.log(felt) - UP, logarithm))  # it may lag behind
        so_far.tracked.append((felt, judged))
        pull = min(1.0, max(-HARDEST, (1.0 - judged.excess) / (1.0 - so_far.flat(judged))))
        turns += (pull > 0) is not rising
        rising = pull > 0
        logarithm += min(UP, max(-DOWN, GAIN * STEADYING / (turns + STEADYING) * pull))
        if len(so_far.tracked) >= FEWEST_TRACKED and turns >= 2:  # noqa: PLR2004 - it has been on both sides
            found = boundary(so_far.tracked)
            if found is not None and found.half_width <= plan.precision:
                return


def _first_try(so_far: _Progress, found: Boundary | None) -> float:
    """The rate to confirm first: one that a level of this length will probably prove."""
    if found is None:
        # Too few levels for an interval: what was kept was seen for a short time only, so well below it.
        logs = [math.log(rate) for rate, _ in so_far.tracked] or [math.log(so_far.kept / math.sqrt(so_far.plan.grow))]
        return min(so_far.kept, math.exp(math.fsum(logs) / len(logs))) * RETREAT
    # Where slow answers are rare and come in clusters, a confirmation may be spared them all: then the interval is the better judge.
    return min(safe_rate(found, so_far.plan.confirm), max(found.low, found.rate * RETREAT))


def _confirm(
    so_far: _Progress, rate: float, found: Boundary | None, *, at_least: bool, why: str
) -> Generator[Level, Seen, Found]:
    plan, looks = so_far.plan, 0
    while not looks or so_far.spent + so_far.confirmation <= plan.budget:
        joins, seconds = 0 < looks < LOOKS, plan.confirm
        if found is not None and so_far.spent + 2 * so_far.confirmation > plan.budget:
            joins, rate = False, min(rate, found.rate * LAST)
            seconds = max(seconds, plan.budget - plan.after - so_far.journey - so_far.spent)
        seen = yield Level(Purpose.CONFIRM, rate, seconds, joins)
        looks = looks + 1 if joins else 1
        so_far.spent, so_far.under_way = seen.spent, seen.under_way
        if seen.trouble:
            at_least, why, looks = True, seen.trouble, LOOKS
            rate *= RETREAT
            yield from _drain(so_far)
            continue
        if seen.verdict is Verdict.PASSED:
            return Found(min([rate, *seen.felt]), at_least, why, found)
        judged = worst(seen.demands)
        excess = HARDEST if judged is None else judged.excess
        if seen.verdict is Verdict.INCONCLUSIVE and excess < PROMISING:
            continue  # more of the same will probably do
        steepness = USUAL_STEEPNESS if found is None else found.steepness
        rate *= max(RETREAT, min(BOLDEST, (AIM / max(excess, AIM)) ** (1 / steepness)))
        looks = LOOKS
        so_far.kept = min(so_far.kept, rate)
        yield from _drain(so_far)
    if so_far.journey and plan.shortest(so_far.journey) > plan.budget:
        why = _too_short(so_far, so_far.journey)
    ended = "the budget ended before a rate was confirmed"
    if found is not None and found.half_width > VAGUE:
        ended += ": slow answers came in bursts, of which it saw few; search longer"
    return Found(None, at_least, why or ended, found)
