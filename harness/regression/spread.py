"""Finds a changed spread of response times where the medians are equal: a Kolmogorov-Smirnov test over batches of time.

Times within a run are not independent, so the test does not count samples. It counts batches: the distribution of each
batch is divided by its own median, and batches of both versions are exchanged at random within their pair of runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.measurement.histogram import Histogram
from harness.regression.percentiles import BATCHES, FEWEST_BATCHES, FEWEST_SAMPLES, batches_of

SMALLEST_DISTANCE = 0.10
"""A distance below this is no change of interest: one sample of ten lies elsewhere."""
EXCHANGES = 9_999
GRID = tuple(math.exp((step + 0.5) * 0.08) for step in range(-20, 40))
"""The times, in medians, at which two distributions are compared: from a fifth of the median to 24 medians, without it."""
_MEDIAN = 20
"""The place of the first time over the median."""

Shape = tuple[tuple[float, ...], ...]
"""For each batch of a run: the share of its answered samples up to each time of the grid."""


@dataclass(frozen=True, slots=True)
class SpreadChange:
    """The largest distance between two distributions at equal medians, its p-value, and whether the candidate is wider.

    A p-value of 1 stands for a distance that is too small to matter.
    """

    distance: float
    p_value: float
    wider: bool


def shape_of(slices: Mapping[int, Histogram]) -> Shape:
    """The shape of the distribution of a run; empty if there are too few samples."""
    total = sum(histogram.total - histogram.infinite for histogram in slices.values())
    number = min(BATCHES, len(slices), total // FEWEST_SAMPLES)
    if number < FEWEST_BATCHES:
        return ()
    return tuple(row for batch in batches_of(slices, number) if (row := _row(batch)))


def spread_change(pairs: Sequence[tuple[Shape, Shape]], seed: int = 1) -> SpreadChange | None:
    """The change of the spread over these pairs (baseline, candidate); None if a run has no shape."""
    if not pairs or any(len(shape) < FEWEST_BATCHES for pair in pairs for shape in pair):
        return None
    difference = np.zeros(len(GRID))
    for baseline, candidate in pairs:
        difference += np.mean(candidate, axis=0) - np.mean(baseline, axis=0)
    difference /= len(pairs)
    distance = float(np.abs(difference).max())
    wider = float(difference[_MEDIAN:].sum()) < 0
    if distance < SMALLEST_DISTANCE:
        return SpreadChange(distance, 1.0, wider)
    chance = np.random.default_rng(seed)
    exchanged = np.zeros((EXCHANGES, len(GRID)))
    for baseline, candidate in pairs:
        exchanged += _exchanged(np.asarray((*baseline, *candidate)), len(baseline), chance)
    beyond = int((np.abs(exchanged).max(axis=1) >= distance * len(pairs) - 1e-12).sum())
    return SpreadChange(distance, (beyond + 1) / (EXCHANGES + 1), wider)


def _exchanged(rows: NDArray[Any], first: int, chance: np.random.Generator) -> NDArray[Any]:
    """The differences between the means of two random parts of these batches, many times."""
    weights = np.full(len(rows), 1 / (len(rows) - first))
    weights[:first] = -1 / first
    differences: NDArray[Any] = chance.permuted(np.tile(weights, (EXCHANGES, 1)), axis=1) @ rows
    return differences


def _row(batch: Histogram) -> tuple[float, ...]:
    answered = batch.total - batch.infinite
    if not answered:
        return ()
    finite = [(value, count) for value, count in batch.values() if value < math.inf]
    times, upto = np.array([value for value, _ in finite]), np.cumsum([count for _, count in finite])
    median = times[np.searchsorted(upto, answered / 2)]
    places = np.searchsorted(times, np.array(GRID) * median, side="right")
    return tuple((np.concatenate(([0], upto))[places] / answered).tolist())
