"""What other numbers of instances would carry, judged by what some numbers of them were measured to carry."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from scipy.special import stdtrit

from harness.planning.carried_capacity import RUN_EFFECT, CarriedCapacity, EvidenceGrade, draw_with_run_effect
from harness.planning.usl import Usl, best_fit, interval

REPLICATES = 400
MIN_UNCERTAINTY = 0.005
"""The relative uncertainty below which no measured capacity is believed."""
PER_DOUBLING = 0.04
"""How far the law itself may be off, as a standard deviation, for each doubling between a figure and what was measured: a large
pool of servers carries more than its parts, and no law of contention knows that (simulated with M/M/c)."""
MAX_EXTRAPOLATION = 1.5
"""How far beyond what was measured, as a ratio, a figure may lie before it has to be called a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """The capacity of a shop of so many instances.

    ``measured`` is what was measured for some numbers of them. ``law`` and ``others`` fit them, and what might as well have been
    measured; with one number measured the law is a straight line through nothing and that.
    """

    measured: Mapping[int, CarriedCapacity]
    law: Usl
    others: tuple[Usl, ...]
    spread: float

    @property
    def is_proportional(self) -> bool:
        """Whether all that is known is one number of instances, so that the rest is proportion."""
        return len(self.measured) == 1

    def of(self, instances: int, confidence: float = 0.95) -> CarriedCapacity:
        """What so many instances carry: as measured where it was, else as the law has it."""
        known = self.measured.get(instances)
        if known is not None:
            return known
        if instances < 1:
            return CarriedCapacity(
                likely=0.0, low=0.0, high=0.0, grade=EvidenceGrade.MODEL, source="no instance left", instances=0
            )
        likely = self.law.throughput(instances)
        low, high = interval([law.throughput(instances) for law in self.others], confidence)
        apart = PER_DOUBLING * min(abs(math.log2(instances / number)) for number in self.measured)
        half = math.hypot(
            self.spread * self._deviations(confidence), apart * NormalDist().inv_cdf((1 + confidence) / 2)
        )
        low, high = (
            likely * math.exp(-math.hypot(half, math.log(likely / low))),
            likely * math.exp(math.hypot(half, math.log(high / likely))),
        )
        if any(one.high == math.inf for one in self.measured.values()):  # nobody tried where it ends
            low, high = min(low, likely), math.inf
        return CarriedCapacity(
            likely=likely,
            low=low,
            high=high,
            grade=EvidenceGrade.MODEL,
            source=self.describe(instances),
            instances=instances,
        )

    def describe(self, instances: int) -> str:
        """Where a figure comes from, in words."""
        counts = _listed(sorted(self.measured))
        if self.is_proportional:
            return f"in proportion to what {counts} measured"
        within = min(self.measured) <= instances <= MAX_EXTRAPOLATION * max(self.measured)
        return f"from what {counts} measured" + ("" if within else ", far beyond it")

    def _deviations(self, confidence: float) -> float:
        freedom = len(self.measured) - _free_parameters(self.law)
        return float(stdtrit(freedom, (1 + confidence) / 2)) if freedom > 0 else 0.0


def scaling(measured: Sequence[CarriedCapacity], *, seed: int, replicates: int = REPLICATES) -> Scaling:
    """The capacity by number of instances that fits these best; each must say its number, and one number must be there once.

    Three numbers measured tell about sharing and agreeing (the Universal Scalability Law with what they allow for), two about
    sharing, one nothing: then it is proportion. ValueError without any.
    """
    by_number = {one.instances: one for one in measured if one.instances and one.likely > 0}
    if not by_number:
        raise ValueError("no capacity was measured")
    kept = {number: by_number[number] for number in sorted(by_number)}
    trust = {number: 1 / max(MIN_UNCERTAINTY, deviation(one)) for number, one in kept.items()}
    law = _law({number: one.likely for number, one in kept.items()}, trust)
    chance = random.Random(seed)
    others = tuple(_law({number: one.draw(chance) for number, one in kept.items()}, trust) for _ in range(replicates))
    freedom = len(kept) - _free_parameters(law)
    spread = 0.0
    if freedom > 0:
        # How much farther the points lie from the law than their own uncertainty explains (Birge's ratio).
        strange = math.fsum(
            (trust[number] * math.log(one.likely / law.throughput(number))) ** 2 for number, one in kept.items()
        )
        typical = math.sqrt(len(kept) / math.fsum(each * each for each in trust.values()))
        spread = typical * math.sqrt(max(0.0, strange / freedom - 1))
    return Scaling(measured=kept, law=law, others=others, spread=spread)


def needed_instances(
    scale: Scaling,
    needs: Sequence[float],
    *,
    lost: int,
    confidence: float,
    run_effect: float = RUN_EFFECT,
    most: int = 1000,
) -> int | None:
    """The fewest instances that carry the need even without ``lost`` of them, as surely as demanded; None if no number does.

    ``needs`` are draws of what is needed, in what the capacities are in; each meets a draw of the capacity.
    """
    fallen = 0.0
    for number in range(1 + lost, most + 1):
        carries = scale.of(number - lost)
        if fit_share(carries, needs, seed=number, run_effect=run_effect) >= confidence:
            return number
        # Where agreeing costs more than another instance brings, more of them only make it worse.
        if carries.likely < 0.9 * fallen:
            return None
        fallen = max(fallen, carries.likely)
    return None


def fit_share(carries: CarriedCapacity, needs: Sequence[float], *, seed: int, run_effect: float = RUN_EFFECT) -> float:
    """In which share of the draws the need is carried; of what lies between two runs, only what held counts."""
    chance = random.Random(seed)
    if carries.grade is EvidenceGrade.BRACKETED:
        return share_below(carries.low, needs, chance, run_effect)
    return sum(need <= draw_with_run_effect(carries, chance, run_effect) for need in needs) / len(needs)


def share_below(rate: float, needs: Sequence[float], chance: random.Random, run_effect: float) -> float:
    """The share of the needs that do not exceed a rate which held in one run, as it would in another."""
    return sum(need <= rate * math.exp(chance.gauss(0.0, run_effect)) for need in needs) / len(needs)


def deviation(carries: CarriedCapacity) -> float:
    """The standard deviation of the logarithm of what is carried; 0 where it is known exactly, or not at all."""
    if not (0 < carries.low < carries.high < math.inf):
        return 0.0
    sides = math.sqrt(12) if carries.grade is EvidenceGrade.BRACKETED else 2 * NormalDist().inv_cdf(0.975)
    return math.log(carries.high / carries.low) / sides


def _law(capacities: Mapping[int, float], trust: Mapping[int, float]) -> Usl:
    points = [(float(number), capacity) for number, capacity in capacities.items()]
    if len(points) == 1:
        ((number, capacity),) = points
        return Usl(capacity / number, 0.0, 0.0)
    return best_fit(points, [trust[number] for number in capacities])


def _free_parameters(law: Usl) -> int:
    return 1 + (law.sigma > 0) + (law.kappa > 0)


def _listed(numbers: Sequence[int]) -> str:
    *first, last = [str(number) for number in numbers]
    text = f"{', '.join(first)} and {last}" if first else last
    return f"{text} instance{'s' * (text != '1')}"
