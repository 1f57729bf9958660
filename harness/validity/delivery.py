"""Checks whether the load was delivered as planned, second by second, and whether a journey was lost from the counts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.measurement.recorder import Recorder
from harness.monitoring.littles_law import relative_difference
from harness.objectives.verdict import Finding, Severity
from harness.units import format_count, format_duration, format_percent
from harness.validity.evidence import Evidence

PLAN_WINDOW = 10.0
"""Seconds over which delivered and planned arrivals are compared: short enough to show a gap."""
SHORTFALL_WARNING = 0.005
"""The share of all arrivals that may be missing without a warning."""
SHORTFALL = 0.01
"""The share of all arrivals that may be missing: as much as the tail of a p99."""
PLAN_WINDOW_SHORTFALL = 0.05
"""The share of the arrivals of one window that may be missing: 5 % less load already lets queues shrink."""
MIN_SHORTFALL = 1
"""Arrivals: rounding may put one into the next window."""
CLOCK_GRAIN = 1e-4
"""Seconds per journey: the two sums read the clock one after the other, which matters for journeys of a few ms only."""
MAX_DIFFERENCE = 0.005
"""The relative difference that the two sums may have: one lost journey in two hundred."""


def arrivals_delivered(evidence: Evidence) -> Iterator[Finding]:
    """Whether as many arrivals came as planned, in the whole run and in every ten seconds.

    Arrivals count by their due time, served or dropped, so a slow shop delays none of them. Journeys that were cut off
    without a sample may be missing. Where a worker was lost, its arrivals are missing, so nothing is compared.
    """
    plan, conditions = evidence.conditions.delivery.planned_by_second, evidence.conditions
    if not plan or conditions.fleet.worker_lost:
        return
    came = due_by_slice(evidence.recorder)
    length = int(evidence.recorder.slice_length)
    if length < 1:
        return
    size = length * math.ceil(PLAN_WINDOW / length)
    seconds = len(plan) if not conditions.ended_early else int(conditions.delivery.load_duration)
    worst, worst_at = 0.0, 0
    planned_all = came_all = 0
    for start in range(0, seconds, size):
        end = min(start + size, len(plan))
        if end > seconds:
            break  # the load ended within this window
        planned = sum(plan[start:end])
        number = sum(came.get(index, 0) for index in range(start // length, math.ceil(end / length)))
        planned_all += planned
        came_all += number
        off = max(0, abs(number - planned) - conditions.delivery.truncated_journeys)
        if off > MIN_SHORTFALL and planned and off / planned > worst:
            worst, worst_at = off / planned, start
    if not planned_all:
        return
    off = max(0, abs(came_all - planned_all) - conditions.delivery.truncated_journeys)
    share = off / planned_all if off > MIN_SHORTFALL else 0.0
    message = f"{came_all:,} of {planned_all:,} planned arrivals came"
    if worst > PLAN_WINDOW_SHORTFALL:
        message += (
            f"; in the {format_duration(size)} after {format_duration(float(worst_at))}, their number was "
            f"{format_percent(worst)} off"
        )
    level = Severity.OK
    if share > SHORTFALL or worst > PLAN_WINDOW_SHORTFALL:
        level = Severity.INVALID
    elif share > SHORTFALL_WARNING:
        level = Severity.WARNING
    yield Finding(
        "delivered", level, message, "" if level is Severity.OK else "look for a worker that was lost or stood still"
    )


def littles_law_holds(evidence: Evidence) -> Iterator[Finding]:
    """Whether the samples of the journeys add up to the time that journeys were in progress; Little's law, exactly."""
    conditions = evidence.conditions
    seen = [each.concurrency for each in conditions.generator.processes if each.concurrency is not None]
    if (
        conditions.fleet.worker_lost
        or not seen
        or len(seen) < max(len(conditions.generator.processes), len(conditions.fleet.workers))
    ):
        return
    area = math.fsum(each.finished for each in seen)
    stays = math.fsum(cell.service.sum for cell in evidence.recorder.journeys.values())
    journeys = sum(cell.service.total for cell in evidence.recorder.journeys.values())
    difference = relative_difference(area, stays) if abs(area - stays) > journeys * CLOCK_GRAIN else 0.0
    message = f"journeys were in progress for {format_duration(area)} in total, and their samples add up to {format_duration(stays)}"
    if difference > MAX_DIFFERENCE:
        yield Finding(
            "presence",
            Severity.INVALID,
            f"{message}, which differs by {format_percent(difference)}",
            "report this bug of checkload: samples were lost or counted twice",
        )
    else:
        yield Finding("presence", Severity.OK, message)


def unique_order_numbers(evidence: Evidence) -> Iterator[Finding]:
    """Whether every order number was new across all workers; within one worker, a repeated one fails its journey."""
    if number := evidence.conditions.fleet.duplicate_order_numbers:
        yield Finding(
            "orders",
            Severity.FAILED,
            f"{format_count(number, 'order number was', 'order numbers were')} given to shoppers of more than one worker",
            "find out why the shop uses an order number twice",
        )


def due_by_slice(recorder: Recorder) -> dict[int, int]:
    """How many journeys were due in each time slice of the recorder, in every phase, dropped ones included."""
    counts: dict[int, int] = {}
    for cell in recorder.journeys.values():
        for index, histogram in cell.slices.items():
            counts[index] = counts.get(index, 0) + histogram.total
    return counts
