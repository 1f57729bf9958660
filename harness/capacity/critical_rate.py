"""The critical rate: the capacity under three bounds of the same objective, and its geometric mean.

One bound describes a shop at one point only. The levels of the search give the share over each bound, which is made to rise with
the rate (pool adjacent violators). The rate at which the share crosses the allowed share is interpolated between two levels, on the
logarithm. It follows the critical-jOPS of SPECjbb2015, which has five bounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.capacity.model import LevelOutcome, Purpose
from harness.measurement.interval import extract_interval
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.counting import count_samples
from harness.objectives.model import Objective, Statistic
from harness.objectives.throughput import JOURNEYS, per_second

BOUND_MULTIPLES = (0.5, 1.0, 2.0)
"""The three bounds, as multiples of the bound of the objective."""
OUT_OF_BALANCE = 0.1
"""The queue of a level grows if fewer journeys end than are due by more than this share of them, and by more than chance."""
BY_CHANCE = 2.0
"""The number of standard deviations by which the two numbers may differ by chance."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The rate (per minute) at which a bound (seconds) breaks; ``at_least``: it held at every rate that was tried."""

    bound: float
    rate: float | None
    at_least: bool


@dataclass(frozen=True, slots=True)
class CriticalRate:
    """The three crossings of an ``objective`` and their geometric ``mean`` (per minute; ``None`` if one is unknown)."""

    objective: str
    crossings: tuple[Crossing, ...]
    mean: float | None
    at_least: bool

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CriticalRate:
        """Read back what ``dataclasses.asdict`` wrote."""
        return cls(**{**document, "crossings": tuple(Crossing(**one) for one in document["crossings"])})


def critical_rates(
    objectives: Sequence[Objective], finished_levels: Sequence[LevelOutcome], recorder: Recorder
) -> CriticalRate | None:
    """The critical rate of the first percentile objective; ``None`` without such an objective or without a level."""
    timed = [one for one in objectives if one.statistic is Statistic.PERCENTILE]
    parts = []
    for level in finished_levels:
        if level.purpose is not Purpose.DRAIN and not level.trouble:
            part = extract_interval(recorder, level.settled, level.end)
            parts.append((level.rate, part, level.broken and _queue_grew(part, recorder)))
    if not timed or not parts:
        return None
    # An objective on all journeys says more than one on a page.
    chosen = min(timed, key=lambda one: (one.subject != "journey", bool(one.name or one.labels)))
    crossings = []
    for times in BOUND_MULTIPLES:
        moved = replace(chosen, bound=chosen.bound * times)
        counts = [(rate, count_samples(part, moved, sliced=False), grew) for rate, part, grew in parts]
        crossings.append(
            _crossing(
                moved, [(rate, one.total, one.total if grew else one.over) for rate, one, grew in counts if one.total]
            )
        )
    rates = [one.rate for one in crossings if one.rate]
    mean = math.exp(math.fsum(map(math.log, rates)) / len(rates)) if len(rates) == len(BOUND_MULTIPLES) else None
    return CriticalRate(chosen.text, tuple(crossings), mean, any(one.at_least for one in crossings))


def _queue_grew(part: Recorder, recorder: Recorder) -> bool:
    """Whether clearly fewer journeys ended in this part of the run than were due in it.

    Held longer, such a rate breaks any bound. A short level may end before a journey has waited that long.
    """
    whole = Recorder(part.window, slice_length=part.slice_length, most_slices=part.most_slices)
    whole.journeys = recorder.journeys
    ended = per_second(whole, JOURNEYS)
    if ended is None:
        return False
    due, done = part.arrivals[Phase.STEADY].offered, ended * (part.window.steady_until - part.window.steady_from)
    return due - done > max(OUT_OF_BALANCE * due, BY_CHANCE * math.sqrt(due + done))


def _crossing(objective: Objective, counts: Sequence[tuple[float, int, int]]) -> Crossing:
    shares = pool_adjacent_violators(counts)
    allowed = objective.allowed
    below = [one for one in shares if one[1] <= allowed]
    above = [one for one in shares if one[1] > allowed]
    if not below:
        return Crossing(objective.bound, None, at_least=False)
    if not above:
        return Crossing(objective.bound, below[-1][0] * 60, at_least=True)
    (x0, y0), (x1, y1) = below[-1], above[0]
    way = (allowed - y0) / (y1 - y0)
    rate = math.exp(math.log(x0) + way * (math.log(x1) - math.log(x0)))
    return Crossing(objective.bound, rate * 60, at_least=False)


def pool_adjacent_violators(counts: Sequence[tuple[float, int, int]]) -> list[tuple[float, float]]:
    """Each rate with its share over the bound, made to rise with the rate: adjacent levels with a falling share are pooled.

    ``counts`` are rate, samples, and samples over the bound. The rates stay as they are, so that the stricter of two bounds never
    breaks at a higher rate.
    """
    at: dict[float, list[int]] = {}
    for rate, total, over in counts:
        one = at.setdefault(rate, [0, 0])
        one[0] += total
        one[1] += over
    blocks: list[tuple[list[float], int, int]] = []  # rates, samples, over
    for rate, (total, over) in sorted(at.items()):
        blocks.append(([rate], total, over))
        while len(blocks) > 1 and blocks[-2][2] * blocks[-1][1] >= blocks[-1][2] * blocks[-2][1]:
            rates, samples, beyond = blocks.pop()
            before = blocks.pop()
            blocks.append((before[0] + rates, before[1] + samples, before[2] + beyond))
    return [(rate, over / total) for rates, total, over in blocks for rate in rates]
