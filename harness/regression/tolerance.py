"""States what a comparison tolerates, what it assumes about runs, and how often it may be wrong at one look."""

from __future__ import annotations

from dataclasses import dataclass

RUN_EFFECT = 0.06
"""How much two runs of the same shop differ on a shared machine, as a standard deviation of the logarithm."""
LARGEST_RUN_EFFECT = 0.25
"""Two runs of the same shop are not assumed to differ by more than this unless the pairs show it."""
OPEN_LOAD_EFFECT = 0.005
"""How much the orders for each arrival differ between two runs of an open load: arrivals come by the schedule."""
PRIOR_WEIGHT = 2.0
"""The number of pairs that the assumed run effect counts as: few, because it was not measured on this machine."""
STATED_WEIGHT = 30.0
"""The same for a run effect that the user states."""
MAX_PAIRS = 24
"""The most pairs of one comparison: alpha is paid for a look after each of them."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What counts as a regression.

    A slowdown up to ``harmless`` is none; one from ``harmful`` on must not pass. Both are shares: 0.03 is 3 %.
    ``harmless_failures`` and ``harmful_failures`` are the same for the rise of the share of journeys that fail.
    """

    harmless: float = 0.03
    harmful: float = 0.10
    harmless_failures: float = 0.001
    harmful_failures: float = 0.01


@dataclass(frozen=True, slots=True)
class RunEffect:
    """How much two runs of the same shop differ, and the number of pairs that this knowledge counts as."""

    size: float = RUN_EFFECT
    weight: float = PRIOR_WEIGHT


@dataclass(frozen=True, slots=True)
class Alphas:
    """How often one look may be wrong: ``fail`` over all gated figures, ``fail_detail`` over all single pages and options.

    ``passed`` holds for each gated figure: a pass needs all of them, so it needs no correction.
    """

    fail: float
    fail_detail: float
    passed: float


EVERY_PAIR = Alphas(fail=0.003, fail_detail=0.001, passed=0.003)
"""For looks after each pair, up to ``MAX_PAIRS``: the sums over all looks stay within 1 % and 5 % (``docs/proofs.md``)."""
THREE_LOOKS = Alphas(fail=0.006, fail_detail=0.002, passed=0.01)
"""For three looks that are fixed before the first run."""

DUET_LOOKS = Alphas(fail=0.01, fail_detail=0.004, passed=0.015)
"""For three looks at slices of both versions at the same time."""
ONE_LOOK = Alphas(fail=0.008, fail_detail=0.002, passed=0.02)
"""For a comparison that is made once: both kinds of failure together stay within 1 %."""
