"""Whether the load was the one that was planned, moment by moment, and no journey was lost on the way into the books."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.measurement.recorder import Recorder
from harness.monitoring.littles_law import relative_difference
from harness.objectives.verdict import Finding, Severity
from harness.units import format_duration, format_percent
from harness.validity.evidence import Evidence

PLAN_WINDOW = 10.0
"""Seconds over which the delivered arrivals are held against the planned ones: short enough that a gap shows."""
SHORTFALL_WARNING = 0.005
"""Of all arrivals."""
SHORTFALL = 0.01
"""Of all arrivals: as much as the tail of a p99."""
PLAN_WINDOW_SHORTFALL = 0.05
"""Of the arrivals of one stretch: a twentieth less load lets queues melt away."""
MIN_SHORTFALL = 1
"""Arrivals: one may fall into the neighbouring stretch by rounding."""
CLOCK_GRAIN = 1e-4
"""Seconds per journey: the two accounts read the clock one after the other, which only counts for journeys of a few ms."""
MAX_DIFFERENCE = 0.005
"""By how much the two sums of the same time may differ: a lost journey in two hundred."""


def arrivals_delivered(evidence: Evidence) -> Iterator[Finding]:
    """Whether as many arrivals came as were planned, in the whole run and in every ten seconds.

    Counted by the moment at which they were due, served or given up on: a shop that is slow delays none of them. Journeys
    that were cut off without a sample are given the benefit of the doubt.
    """
    plan, conditions = evidence.conditions.planned_by_second, evidence.conditions
    if not plan:
        return
    came = due_by_slice(evidence.recorder)
    length = int(evidence.recorder.slice_length)
    if length < 1:
        return
    size = length * math.ceil(PLAN_WINDOW / length)
    held = len(plan) if not conditions.ended_early else int(conditions.load_duration)
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
        if off > MIN_SHORTFALL and planned and off / planned > worst:
            worst, worst_at = off / planned, start
    if not planned_all:
        return
    off = max(0, abs(came_all - planned_all) - conditions.truncated_journeys)
    share = off / planned_all if off > MIN_SHORTFALL else 0.0
    message = f"{came_all:,} of {planned_all:,} planned arrivals came"
    if worst > PLAN_WINDOW_SHORTFALL:
        message += f"; in the {format_duration(size)} from {format_duration(float(worst_at))} on {format_percent(worst)} were out"
    level = Severity.OK
    if share > SHORTFALL or worst > PLAN_WINDOW_SHORTFALL:
        level = Severity.INVALID
    elif share > SHORTFALL_WARNING:
        level = Severity.WARNING
    yield Finding(
        "delivered", level, message, "" if level is Severity.OK else "look for a worker that was lost or stood still"
    )


def littles_law_holds(evidence: Evidence) -> Iterator[Finding]:
    """Whether the journeys took as much time in the samples as they were seen under way: Little's law, exactly."""
    conditions = evidence.conditions
    seen = [each.concurrency for each in conditions.processes if each.concurrency is not None]
    if not seen or len(seen) < max(len(conditions.processes), len(conditions.workers)):
        return
    area = math.fsum(each.finished for each in seen)
    stays = math.fsum(cell.service.sum for cell in evidence.recorder.journeys.values())
    out = relative_difference(area, stays)
    journeys = sum(cell.service.total for cell in evidence.recorder.journeys.values())
    if abs(area - stays) <= journeys * CLOCK_GRAIN:
        out = 0.0
    message = f"journeys were seen under way for {format_duration(area)} in all, and their samples add up to {format_duration(stays)}"
    if out > MAX_DIFFERENCE:
        yield Finding(
            "presence",
            Severity.INVALID,
            f"{message}: {format_percent(out)} apart",
            "report it: samples were lost or doubled",
        )
    else:
        yield Finding("presence", Severity.OK, message)


def unique_order_numbers(evidence: Evidence) -> Iterator[Finding]:
    """Whether two workers' shoppers were given the same order number; within one process it fails the journey itself."""
    number = evidence.conditions.duplicate_order_numbers
    if number:
        numbers = "1 order number was" if number == 1 else f"{number:,} order numbers were"
        yield Finding(
            "orders",
            Severity.FAILED,
            f"{numbers} given to shoppers of more than one worker",
            "find out why the shop sells under one number twice",
        )


def due_by_slice(recorder: Recorder) -> dict[int, int]:
    """How many journeys were due in each slice of the recorder, in any phase, those given up on included."""
    counts: dict[int, int] = {}
    for cell in recorder.journeys.values():
        for index, histogram in cell.slices.items():
            counts[index] = counts.get(index, 0) + histogram.total
    return counts
