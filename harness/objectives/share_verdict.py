"""The verdict over a share of samples over a bound, when samples are correlated."""

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
    """The verdict over a share of at most ``allowed``, and the design effect; ``alpha`` is 1 - confidence.

    To keep a percentile, the counts must pass two tests. The first allows for clusters of samples over the bound, as seen at the
    bound. The second allows for a lucky run, as seen in the variation of its middle quantiles. The second test may also be passed
    at a fraction of the bound: if no more samples are over half the bound than ``_allowed_at`` says, the shop is far from the bound.
    """
    effect = design_effect(counted.slices)
    lucky_effect = 1.0
    kept = True
    at_worst = counted.over + counted.unknown
    if counted.middle_slices or counted.over_fractions:
        effect = 1 + DESIGN_EFFECT_MARGIN * (effect - 1)
        variation = common_variation(counted.middle_slices)
        lucky_effect = design_effect_at(allowed, variation)
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
    return verdict, max(effect, lucky_effect)


def _allowed_at(part: float, allowed: float) -> float:
    """The share allowed over this fraction of a bound, given the share allowed over the bound, for a tail like exp(-√t)."""
    return math.pow(allowed, math.sqrt(part))
