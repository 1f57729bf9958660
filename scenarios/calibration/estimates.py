"""A random sample of many values in bounded memory, and quantiles with their intervals."""

from __future__ import annotations

import math
import random
from array import array

RESERVOIR_SIZE = 10_000
"""The values that are kept: enough to know the median to about one percent of the spread."""

Z = 1.959964
"""The normal quantile of a two-sided 95 % interval."""


class Reservoir:
    """Keeps a random sample: each value has the same chance to stay (Vitter's algorithm R)."""

    def __init__(self, chance: random.Random, room: int = RESERVOIR_SIZE) -> None:
        self._chance = chance
        self._room = room
        self._kept = array("d")
        self.count = 0

    def add(self, value: float) -> None:
        """Add a value."""
        self.count += 1
        if len(self._kept) < self._room:
            self._kept.append(value)
        elif (place := int(self._chance.random() * self.count)) < self._room:
            self._kept[place] = value

    def ranked(self) -> list[float]:
        """The kept values in ascending order."""
        return sorted(self._kept)


def quantile(ranked: list[float], q: float) -> float:
    """A quantile by interpolation; ``ranked`` is in ascending order and not empty."""
    place = q * (len(ranked) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (place - below) * (ranked[above] - ranked[below])


def quantile_interval(ranked: list[float], q: float) -> tuple[float, float]:
    """The 95 % interval of a quantile, from binomial ranks."""
    n = len(ranked)
    half = Z * math.sqrt(n * q * (1 - q))
    low, high = math.floor(n * q - half) - 1, math.ceil(n * q + half)
    return ranked[max(0, low)], ranked[min(n - 1, high)]


def wilson(events: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval); 0 to 1 without samples."""
    if n == 0:
        return 0.0, 1.0
    middle = (events + Z * Z / 2) / (n + Z * Z)
    half = Z / (n + Z * Z) * math.sqrt(events * (n - events) / n + Z * Z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
