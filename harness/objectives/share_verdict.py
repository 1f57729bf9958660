"""What counts prove about the share of samples over a bound, when samples come together."""

from __future__ import annotations

import math

from harness.objectives.counting import SampleCounts
from harness.objectives.statistics import (
    DESIGN_EFFECT_MARGIN,
    LEAST_EVIDENCE,
    common_variation,
    design_effect,
    design_effect_at,
    proves_broken,
    proves_kept,
    proves_kept_in_clusters,
)
from harness.objectives.verdict import Verdict


def share_verdict(counted: SampleCounts, allowed: float, alpha: float) -> tuple[Verdict, float]:
    """What a count proves about a share that may be ``allowed`` at most, and the design effect; ``doubt`` is 1 - confidence.

    Of a percentile, the count must bear two doubts. What is over the bound comes in clusters, as seen there; and the whole run may have
    fallen into a lull, which is seen in how its own middle levels swing. The second is borne as well by what lies nearer: where no more
    are over half of the bound than is allowed there (``_allowed_at``), the shop is far from it.
    """
    effect = design_effect(counted.slices)
    lull = 1.0
    kept = True
    at_worst = counted.over + counted.unknown
    if counted.middle_slices or counted.over_fractions:
        effect = 1 + DESIGN_EFFECT_MARGIN * (effect - 1)
        variation = common_variation(counted.middle_slices)
        lull = design_effect_at(allowed, variation)
        near = [(1.0, counted.over), *counted.over_fractions]
        kept = any(
            proves_kept_in_clusters(
                counted.total, over + counted.unknown, share, alpha, design_effect_at(share, variation)
            )
            for part, over in near
            for share in [_allowed_at(part, allowed)]
        )
    verdict = Verdict.INCONCLUSIVE
    if kept and proves_kept(counted.total / effect, at_worst / effect, allowed, alpha):
        verdict = Verdict.PASSED
    elif counted.over >= LEAST_EVIDENCE and proves_broken(
        counted.total / effect, counted.over / effect, allowed, alpha
    ):
        verdict = Verdict.FAILED
    return verdict, max(effect, lull)


def _allowed_at(part: float, allowed: float) -> float:
    """How many may be over this part of a bound, where so many may be over it: for times with a tail as heavy as exp(-√t)."""
    return math.pow(allowed, math.sqrt(part))
