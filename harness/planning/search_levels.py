"""Reads levels and the answer from the result of a capacity search."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import replace
from functools import partial

from harness.capacity.answer import CapacityAnswer, CapacityPoint
from harness.capacity.model import Purpose
from harness.measurement.interval import extract_interval
from harness.objectives.verdict import Verdict
from harness.planning.carried_capacity import CarriedCapacity, EvidenceGrade
from harness.planning.load_levels import LoadLevel, level_between
from harness.results.result import Result

OUT_OF_BALANCE = 0.1
"""The share of due journeys by which the number of ended ones may differ before a queue has grown or shrunk."""
BY_CHANCE = 2.0
"""The standard deviations, of the number under way at both ends of a level, by which the two may differ by chance."""


def levels_of_search(
    result: Result, answer: CapacityAnswer, source: str, *, instances: int, external_pages: Collection[str] = ()
) -> list[LoadLevel]:
    """The levels of a search without drains.

    A level is not ``steady`` if a queue grew or shrank in it, because then it does not show a lasting state of the shop. One in which
    the load generator was in trouble has ``left_out``: it says nothing about the shop.
    """
    found = []
    for point in answer.points:
        if point.purpose == Purpose.DRAIN:
            continue
        confirms = point.purpose == Purpose.CONFIRM
        level = level_between(
            result,
            f"{source} {point.purpose}",
            point.settled,
            point.end,
            instances=instances,
            external_pages=external_pages,
        )
        if level is None:
            continue
        kept = True if confirms and point.verdict == Verdict.PASSED else False if point.broken else None
        found.append(
            replace(
                level,
                rate=point.rate / 60,
                steady=level.steady and _balanced(level, point.end - point.settled),
                kept=kept,
                broken=(point.objective,) if point.broken else (),
                patience=level.patience if confirms and kept else {},
                left_out=point.trouble,
            )
        )
    return found


def _balanced(level: LoadLevel, seconds: float) -> bool:
    due, done = level.rate * seconds, level.throughput * seconds
    return abs(done - due) <= max(OUT_OF_BALANCE * due, BY_CHANCE * math.sqrt(2 * level.in_flight))


def capacity_of_search(answer: CapacityAnswer, source: str, instances: int) -> CarriedCapacity | None:
    """The capacity that a search found, per second; None if it found nothing.

    ``likely`` is the confirmed rate. The interval ends at the rate at which an objective breaks. For a search that ended early, it
    ends at the lowest level that broke one.
    """
    held = (answer.journeys or 0.0) / 60
    broken = [point.rate / 60 for point in answer.points if point.broken and not point.trouble]
    ceiling = min((rate for rate in broken if rate > held), default=math.inf)
    found = partial(CarriedCapacity, source=source, instances=instances)
    if not held:
        return found(likely=0.0, low=0.0, high=ceiling, grade=EvidenceGrade.BELOW) if broken else None
    if answer.at_least:
        grade = EvidenceGrade.AT_LEAST if ceiling == math.inf else EvidenceGrade.BRACKETED
        return found(likely=held, low=held, high=ceiling, grade=grade, why=answer.why)
    low = min(held, answer.low / 60) if answer.low is not None else held
    high = max(held, answer.high / 60) if answer.high is not None else held
    return found(likely=held, low=low, high=high, grade=EvidenceGrade.CONFIRMED, limit=(answer.boundary or 0.0) / 60)


def confirmed_excerpt(result: Result, answer: CapacityAnswer) -> Result:
    """The result with only the confirmed level in it; unchanged without a confirmed level."""
    confirmed: list[CapacityPoint] = [
        point for point in answer.points if point.purpose == Purpose.CONFIRM and point.verdict == Verdict.PASSED
    ]
    if not confirmed:
        return result
    last = confirmed[-1]
    return replace(result, recorder=extract_interval(result.recorder, last.settled, last.end))
