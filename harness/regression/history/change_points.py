"""Finds the moments at which a series of runs changed: E-divisive, with a permutation test.

The method is that of Matteson and James (2014), "A nonparametric approach for multiple change point analysis", with the exponent
1 and one change point at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHORTEST = 3
"""The least number of runs between two change points."""
PERMUTATIONS = 999
SIGNIFICANCE = 0.01
MOST_VALUES = 200
"""Older values are left out: the work grows with the square of their number."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """A change: the index of the first value after it, the means before and after it, and its p-value."""

    index: int
    before: float
    after: float
    p_value: float


def change_points(values: Sequence[float], seed: int = 1, significance: float = SIGNIFICANCE) -> list[ChangePoint]:
    """The change points of a series, in order; ``before`` and ``after`` are the means up to the neighbouring change points.

    ``ValueError`` for more than ``MOST_VALUES`` values.
    """
    if len(values) > MOST_VALUES:
        raise ValueError(f"a series has {MOST_VALUES} values at most, not {len(values)}")
    series = np.asarray(values, dtype=float)
    distances = np.abs(series[:, None] - series[None, :])
    found = sorted(_split(distances, 0, len(series), np.random.default_rng(seed), significance))
    edges = [0, *(index for index, _ in found), len(series)]
    return [
        ChangePoint(index, float(series[before:index].mean()), float(series[index:after].mean()), p)
        for before, (index, p), after in zip(edges, found, edges[2:], strict=False)
    ]


def _split(
    distances: NDArray[Any], start: int, end: int, chance: np.random.Generator, significance: float
) -> Iterator[tuple[int, float]]:
    """The change points between ``start`` and ``end``, each with its p-value."""
    part = distances[start:end, start:end]
    if len(part) < 2 * SHORTEST:
        return
    divergence = _divergence(part)
    best = int(divergence.argmax())
    reached = 0
    for _ in range(PERMUTATIONS):
        order = chance.permutation(len(part))
        reached += float(_divergence(part[np.ix_(order, order)]).max()) >= divergence[best]
        if reached + 1 > significance * (PERMUTATIONS + 1):
            return  # no further permutation can make it significant
    p_value = (reached + 1) / (PERMUTATIONS + 1)
    place = start + SHORTEST + best
    yield place, p_value
    yield from _split(distances, start, place, chance, significance)
    yield from _split(distances, place, end, chance, significance)


def _divergence(distances: NDArray[Any]) -> NDArray[Any]:
    """For each place at which the values can be divided: how far the two parts lie apart, scaled by their sizes."""
    number = len(distances)
    left = np.arange(SHORTEST, number - SHORTEST + 1)
    right = number - left
    sums = distances.cumsum(axis=0).cumsum(axis=1)
    total = sums[-1, -1]
    within_left = sums[left - 1, left - 1]
    both = sums[left - 1, -1]  # from the left part to all values
    across = both - within_left
    within_right = total - 2 * both + within_left
    energy = 2 * across / (left * right) - within_left / (left * (left - 1)) - within_right / (right * (right - 1))
    scaled: NDArray[Any] = left * right / number * energy
    return scaled
