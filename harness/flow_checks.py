"""Whether the load was the one that was planned, moment by moment, and no journey was lost on the way into the books."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.conditions import Evidence
from harness.littles_law import disagreement
from harness.recorder import Recorder
from harness.units import spoken_duration, spoken_share
from harness.verdict import Finding, Level

STRETCH = 10.0
"""Seconds over which the delivered arrivals are held against the planned ones: short enough that a gap shows."""
SHORT_WARNING = 0.005
"""Of all arrivals."""
SHORT = 0.01
"""Of all arrivals: as much as the tail of a p99."""
STRETCH_SHORT = 0.05
"""Of the arrivals of one stretch: a twentieth less load lets queues melt away."""
LEAST_SHORT = 1
"""Arrivals: one may fall into the neighbouring stretch by rounding."""
GRAIN = 1e-4
"""Seconds per journey: the two accounts read the clock one after the other, which only counts for journeys of a few ms."""
LITTLE = 0.005
"""By how much the two sums of the same time may differ: a lost journey in two hundred."""


def delivered(evidence: Evidence) -> Iterator[Finding]:
    """Whether as many arrivals came as were planned, in the whole run and in every ten seconds.

    Counted by the moment at which they were due, served or given up on: a shop that is slow delays none of them. Journeys
    that were cut off without a sample are given the benefit of the doubt.
    """
    plan, conditions = evidence.conditions.planned_by_second, evidence.conditions
    if not plan:
        return
    came = arrived(evidence.recorder)
    length = int(evidence.recorder.slice_length)
    if length < 1:
        return
    size = length * math.ceil(STRETCH / length)
    held = len(plan) if not conditions.ended_early else int(conditions.held)
    worst, worst_at = 0.0, 0
    planned_all = came_all = 0
    for start in range(0, held, size):
        end = min(start + size, len(plan))
        if end > held:
            break  # ended in the middle of this stretch
        planned = sum(plan[start:end])
        number = sum(came.get(index, 0) for index in range(start // length, math.ceil(end / length)))
        planned_all += planned
        came_all += number
        off = max(0, abs(number - planned) - conditions.truncated_journeys)
        if off > LEAST_SHORT and planned and off / planned > worst:
            worst, worst_at = off / planned, start
    if not planned_all:
        return
    off = max(0, abs(came_all - planned_all) - conditions.truncated_journeys)
    share = off / planned_all if off > LEAST_SHORT else 0.0
    message = f"{came_all:,} of {planned_all:,} planned arrivals came"
    if worst > STRETCH_SHORT:
        message += f"; in the {spoken_duration(size)} from {spoken_duration(float(worst_at))} on {spoken_share(worst)} were out"
    level = Level.OK
    if share > SHORT or worst > STRETCH_SHORT:
        level = Level.INVALID
    elif share > SHORT_WARNING:
        level = Level.WARNING
    yield Finding(
        "delivered", level, message, "" if level is Level.OK else "look for a worker that was lost or stood still"
    )


def presence(evidence: Evidence) -> Iterator[Finding]:
    """Whether the journeys took as much time in the samples as they were seen under way: Little's law, exactly."""
    conditions = evidence.conditions
    seen = [each.presence for each in conditions.processes if each.presence is not None]
    if not seen or len(seen) < max(len(conditions.processes), len(conditions.workers)):
        return
    area = math.fsum(each.finished for each in seen)
    stays = math.fsum(cell.service.sum for cell in evidence.recorder.journeys.values())
    out = disagreement(area, stays)
    journeys = sum(cell.service.total for cell in evidence.recorder.journeys.values())
    if abs(area - stays) <= journeys * GRAIN:
        out = 0.0
    message = f"journeys were seen under way for {spoken_duration(area)} in all, and their samples add up to {spoken_duration(stays)}"
    if out > LITTLE:
        yield Finding(
            "presence",
            Level.INVALID,
            f"{message}: {spoken_share(out)} apart",
            "report it: samples were lost or doubled",
        )
    else:
        yield Finding("presence", Level.OK, message)


def sold_twice(evidence: Evidence) -> Iterator[Finding]:
    """Whether two workers' shoppers were given the same order number; within one process it fails the journey itself."""
    number = evidence.conditions.sold_twice
    if number:
        numbers = "1 order number was" if number == 1 else f"{number:,} order numbers were"
        yield Finding(
            "orders",
            Level.FAILED,
            f"{numbers} given to shoppers of more than one worker",
            "find out why the shop sells under one number twice",
        )


def arrived(recorder: Recorder) -> dict[int, int]:
    """How many journeys were due in each slice of the recorder, in any phase, those given up on included."""
    counts: dict[int, int] = {}
    for cell in recorder.journeys.values():
        for index, histogram in cell.slices.items():
            counts[index] = counts.get(index, 0) + histogram.total
    return counts
