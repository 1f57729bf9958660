"""The bucket bounds of histograms, closer together where a percentile is read from them.

A decade of *R20* has twenty bounds. A percentile read from its counts is at most 14 % wrong, and in practice 3 %. *R10*
and *R5* have ten and five bounds. (The usual dozen of bounds is up to 54 % wrong.)
"""

from __future__ import annotations

from collections.abc import Sequence

R20 = (1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.4, 7.2, 8, 9)
R10 = (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8)
R5 = (1, 1.6, 2.5, 4, 6.4)


def bounds(series: Sequence[float], lowest: float, highest: float, *, extra: Sequence[float] = ()) -> tuple[float, ...]:
    """The bounds of a series of preferred numbers from ``lowest`` to ``highest`` seconds, with some ``extra`` ones."""
    decades = (10.0**exponent for exponent in range(-4, 4))
    # Rounded: 1.1 * 0.01 is 0.011000000000000001, which no query would name.
    every = {round(step * decade, 9) for decade in decades for step in series}
    return tuple(sorted({bound for bound in every if lowest <= bound <= highest} | set(extra)))


PAGE = bounds(R20, 0.01, 60.0, extra=(0.001, 0.0016, 0.0025, 0.004, 0.0064))
"""For pages; the bounds of objectives are added."""

JOURNEY = bounds(R10, 0.1, 640.0, extra=(0.01, 0.025, 0.05))
"""For journeys; the bounds of objectives are added."""

LATENESS = bounds(R5, 0.001, 10.0)
"""For checkload's own lateness, and for waits."""

RENDERING = bounds(R5, 0.001, 1.0)
"""For the time that a scrape takes."""
