"""The critical rate: how much the shop carries under three bounds of the same demand, and the geometric mean of the three.

One bound says how a shop fares at one point only. Read off the levels of the search: the share over each bound is made to rise
with the rate (pool adjacent violators), and the rate at which it crosses what is allowed lies between two levels, on the logarithm.
After SPECjbb2015's critical-jOPS, which has five bounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.capacity.controller import FinishedLevel
from harness.capacity.model import Purpose
from harness.measurement.interval import extract_interval
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.counting import count_samples
from harness.objectives.model import Objective, Statistic
from harness.objectives.throughput import JOURNEYS, per_second

BOUND_MULTIPLES = (0.5, 1.0, 2.0)
"""The three bounds, in proportion to the one that is demanded."""
OUT_OF_BALANCE = 0.1
"""The share of a level's journeys by which fewer may end than are due, and no queue is said to grow."""
BY_CHANCE = 2.0
"""By how many standard deviations of the two numbers they may differ all the same."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """The rate (per minute) at which a bound (seconds) gives way; ``at_least``: it did not at any rate that was tried."""

    bound: float
    rate: float | None
    at_least: bool


@dataclass(frozen=True, slots=True)
class CriticalRate:
    """Three crossings of one ``objective`` and their geometric ``mean`` (per minute; ``None`` if one is unknown)."""

    objective: str
    crossings: tuple[Crossing, ...]
    mean: float | None
    at_least: bool

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CriticalRate:
        """Read back what ``dataclasses.asdict`` made of it."""
        return cls(**{**document, "crossings": tuple(Crossing(**one) for one in document["crossings"])})


def critical_rates(
    objectives: Sequence[Objective], finished_levels: Sequence[FinishedLevel], recorder: Recorder
) -> CriticalRate | None:
    """Of the first demand on a percentile of response times; ``None`` without one, or without a level."""
    timed = [one for one in objectives if one.statistic is Statistic.PERCENTILE]
    parts = []
    for level in finished_levels:
        if level.purpose is not Purpose.DRAIN and not level.trouble:
            part = extract_interval(recorder, level.settled, level.end)
            parts.append((level.rate, part, level.broken and _queue_grew(part, recorder)))
    if not timed or not parts:
        return None
    # A demand on all journeys says more than one on a page.
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
    """Whether clearly fewer journeys ended in this stretch of the run than were due in it.

    Held on, such a rate would break any bound, though a level of seconds ends before anybody has waited for so long.
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
    """Each rate with the share that was over, made to rise with the rate: neighbours that fall are counted together.

    ``counts`` are rate, samples, and how many of them were over. Each rate stays where it is, so that of two bounds the
    stricter one is never seen to give way at the higher rate.
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
