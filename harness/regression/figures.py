"""One figure of a comparison: both values, the change, how certain it is, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.objectives.verdict import Verdict
from harness.regression.tolerance import Alphas, RunEffect, Tolerance


class Kind(StrEnum):
    """What a figure is about."""

    TIME = "time"
    PAGE = "page"
    OPTION = "payment option"
    FAILURES = "failures"
    THROUGHPUT = "throughput"
    SPREAD = "spread"


GATED = (Kind.TIME, Kind.FAILURES, Kind.THROUGHPUT, Kind.SPREAD)
"""The kinds that a pass must prove. Single pages and options can only fail a comparison: they are many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of both versions.

    ``change`` is how much worse the candidate is: a share of the baseline's value for times and throughput (0.04 is 4 % slower), a
    difference for failures, the Kolmogorov-Smirnov distance for the spread. ``low`` and ``high`` are the bounds that decide.
    ``smallest_seen`` is the smallest change that would have been called a regression with a chance of 80 %. ``p_value`` is
    that of "no more than harmless". A value is None if it is not known.
    """

    kind: Kind
    name: str
    verdict: Verdict
    baseline: float | None = None
    candidate: float | None = None
    change: float | None = None
    low: float | None = None
    high: float | None = None
    smallest_seen: float | None = None
    p_value: float = 1.0
    pairs_needed: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tolerated, what is assumed, and how often this look may be wrong; ``open_load`` as in the scenario."""

    tolerance: Tolerance
    run_effect: RunEffect
    alphas: Alphas
    open_load: bool = True
