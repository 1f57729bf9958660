"""A fair sample of many values in bounded room, and the quantiles of it with how sure they are."""

from __future__ import annotations

import math
import random
from array import array

RESERVOIR_SIZE = 10_000
"""Values that are kept; a median of so many is known to about one per cent of its spread."""

Z = 1.959964
"""Two-sided 95 %."""


class Reservoir:
    """Keeps each of the values it is given with the same chance (Vitter's algorithm R)."""

    def __init__(self, chance: random.Random, room: int = RESERVOIR_SIZE) -> None:
        self._chance = chance
        self._room = room
        self._kept = array("d")
        self.count = 0

    def add(self, value: float) -> None:
        """One more value."""
        self.count += 1
        if len(self._kept) < self._room:
            self._kept.append(value)
        elif (place := int(self._chance.random() * self.count)) < self._room:
            self._kept[place] = value

    def ranked(self) -> list[float]:
        """The values kept, rising."""
        return sorted(self._kept)


def quantile(ranked: list[float], q: float) -> float:
    """A quantile by interpolation; ``ranked`` rises and is not empty."""
    place = q * (len(ranked) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (place - below) * (ranked[above] - ranked[below])


def quantile_interval(ranked: list[float], q: float) -> tuple[float, float]:
    """Between which values the true quantile lies with 95 %: the binomial ranks around it."""
    n = len(ranked)
    half = Z * math.sqrt(n * q * (1 - q))
    low, high = math.floor(n * q - half) - 1, math.ceil(n * q + half)
    return ranked[max(0, low)], ranked[min(n - 1, high)]


def wilson(events: int, n: int) -> tuple[float, float]:
    """Between which shares the truth lies with 95 %, by Wilson's score interval; 0 to 1 without any sample."""
    if n == 0:
        return 0.0, 1.0
    middle = (events + Z * Z / 2) / (n + Z * Z)
    half = Z / (n + Z * Z) * math.sqrt(events * (n - events) / n + Z * Z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)
