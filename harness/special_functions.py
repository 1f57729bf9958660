"""The distribution functions behind a verdict, taken from SciPy.

SciPy takes a quarter of a second to load, as much as all other packages of checkload together. So it is loaded at the first call,
and most runs call it only at their verdict. What computes while there is load calls ``load`` first.
"""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def load() -> Any:
    """Load SciPy now, so that no later call has to wait for it; returns ``scipy.special``."""
    from scipy import special

    return special


def betainc(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function."""
    return float(load().betainc(a, b, x))


def bdtr(most: float, number: float, share: float) -> float:
    """The probability that at most ``most`` of ``number`` trials succeed, each with the probability ``share``."""
    return float(load().bdtr(most, number, share))


def chdtrc(freedom: float, x: float) -> float:
    """The probability that a chi-square variable is over ``x``."""
    return float(load().chdtrc(freedom, x))


def chndtr(x: float, freedom: float, noncentrality: float) -> float:
    """The probability that a noncentral chi-square variable is at most ``x``."""
    return float(load().chndtr(x, freedom, noncentrality))


def stdtr(freedom: float, t: float) -> float:
    """The probability that a variable with Student's t distribution is at most ``t``."""
    return float(load().stdtr(freedom, t))


def stdtrit(freedom: float, probability: float) -> float:
    """The quantile of Student's t distribution for this probability."""
    return float(load().stdtrit(freedom, probability))
