"""Estimates the capacity of other numbers of instances from the measured ones."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from harness.planning.carried_capacity import RUN_EFFECT, CarriedCapacity, EvidenceGrade, draw_with_run_effect
from harness.planning.usl import Usl, best_fit, interval
from harness.special_functions import stdtrit

REPLICATES = 400
MIN_UNCERTAINTY = 0.005
"""The least relative uncertainty of a measured capacity."""
PER_DOUBLING = 0.04
"""The standard deviation of the law's error for each doubling away from a measured number of instances. A large pool of servers
carries more than its parts, which no law of contention includes (simulated with M/M/c)."""
MAX_EXTRAPOLATION = 1.5
"""The ratio to the highest measurement above which a figure is called a model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """The capacity of a shop as a function of its instances.

    ``measured`` are the measured capacities by number of instances. ``law`` fits them, and ``others`` fit random draws of them.
    With one measured number, the law is proportional.
    """

    measured: Mapping[int, CarriedCapacity]
    law: Usl
    others: tuple[Usl, ...]
    spread: float

    @property
    def is_proportional(self) -> bool:
        """Whether only one number of instances was measured, so that the law is proportional."""
        return len(self.measured) == 1

    def of(self, instances: int, confidence: float = 0.95) -> CarriedCapacity:
        """The capacity of this number of instances: as measured, or else from the law."""
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
        if any(one.high == math.inf for one in self.measured.values()):  # no higher rate was tried
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
        """The source of a figure, as text."""
        counts = _listed(sorted(self.measured))
        if self.is_proportional:
            return f"in proportion to what {counts} measured"
        within = min(self.measured) <= instances <= MAX_EXTRAPOLATION * max(self.measured)
        return f"from what {counts} measured" + ("" if within else ", far beyond that")

    def _deviations(self, confidence: float) -> float:
        freedom = len(self.measured) - _free_parameters(self.law)
        return stdtrit(freedom, (1 + confidence) / 2) if freedom > 0 else 0.0


def scaling(measured: Sequence[CarriedCapacity], *, seed: int, replicates: int = REPLICATES) -> Scaling:
    """The law that fits these capacities best; each must have its own number of instances.

    Three measured numbers show contention and coherency of the Universal Scalability Law, two only contention. With one, the law is
    proportional. Without any it is a ValueError.
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
        # How much farther the points are from the law than their own uncertainty explains (Birge's ratio).
        residual = math.fsum(
            (trust[number] * math.log(one.likely / law.throughput(number))) ** 2 for number, one in kept.items()
        )
        typical = math.sqrt(len(kept) / math.fsum(each * each for each in trust.values()))
        spread = typical * math.sqrt(max(0.0, residual / freedom - 1))
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
    """The least number of instances that carries the need with ``lost`` of them lost; None if no number does.

    ``needs`` are draws in the unit of the capacities. Each is compared with a draw of the capacity. The share that fits must reach
    ``confidence``.
    """
    highest = 0.0
    for number in range(1 + lost, most + 1):
        carries = scale.of(number - lost)
        if fit_share(carries, needs, seed=number, run_effect=run_effect) >= confidence:
            return number
        # With strong coherency costs, more instances only lower the capacity.
        if carries.likely < 0.9 * highest:
            return None
        highest = max(highest, carries.likely)
    return None


def fit_share(carries: CarriedCapacity, needs: Sequence[float], *, seed: int, run_effect: float = RUN_EFFECT) -> float:
    """The share of draws in which the capacity is enough; between two runs, only the rate that held counts."""
    chance = random.Random(seed)
    if carries.grade is EvidenceGrade.BRACKETED:
        return share_below(carries.low, needs, chance, run_effect)
    return sum(need <= draw_with_run_effect(carries, chance, run_effect) for need in needs) / len(needs)


def share_below(rate: float, needs: Sequence[float], chance: random.Random, run_effect: float) -> float:
    """The share of needs below a rate that held in one run, with the variation between runs."""
    return sum(need <= rate * math.exp(chance.gauss(0.0, run_effect)) for need in needs) / len(needs)


def deviation(carries: CarriedCapacity) -> float:
    """The standard deviation of the logarithm of a capacity; 0 if it has no finite interval."""
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
