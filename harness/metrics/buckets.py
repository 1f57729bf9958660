"""The bounds at which the times of a metric are counted, finer where a percentile is read from them.

A decade of *R20* has twenty bounds: a percentile read from its counts is within 14 % of the truth, and in practice
within 3 %. *R10* and *R5* have ten and five. (The customary dozen of bounds is off by up to 54 %.)
"""

from __future__ import annotations

from collections.abc import Sequence

R20 = (1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.4, 7.2, 8, 9)
R10 = (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8)
R5 = (1, 1.6, 2.5, 4, 6.4)


def bounds(series: Sequence[float], lowest: float, highest: float, *, extra: Sequence[float] = ()) -> tuple[float, ...]:
    """The bounds of a series of preferred numbers between two times in seconds, both included, and some more."""
    decades = (10.0**exponent for exponent in range(-4, 4))
    # Rounded: 1.1 * 0.01 is 0.011000000000000001, which nobody would find under its name in a query.
    every = {round(step * decade, 9) for decade in decades for step in series}
    return tuple(sorted({bound for bound in every if lowest <= bound <= highest} | set(extra)))


PAGE = bounds(R20, 0.01, 60.0, extra=(0.001, 0.0016, 0.0025, 0.004, 0.0064))
"""For the times of pages; bounds of objectives are put among them."""

JOURNEY = bounds(R10, 0.1, 640.0, extra=(0.01, 0.025, 0.05))
"""For journeys; bounds of objectives are put among them."""

LATENESS = bounds(R5, 0.001, 10.0)
"""For our own lateness, and for waits."""

RENDERING = bounds(R5, 0.001, 1.0)
"""For what it costs to be observed."""
