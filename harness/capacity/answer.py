"""The answer of a capacity search: journeys and orders a minute with intervals, the bottleneck, and the curve.

Rates are in journeys per second, except in the answer: there they are per minute.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.capacity.bottleneck import Bottleneck, find_bottleneck
from harness.capacity.controller import CapacityController
from harness.capacity.critical_rate import CriticalRate, critical_rates
from harness.capacity.model import LevelOutcome, Purpose, worst_objective
from harness.measurement.interval import extract_interval
from harness.measurement.recorder import Recorder
from harness.measurement.summary import every_journey, percentile
from harness.objectives.statistics import Z_95

SEARCH_COMPLETE = "the search has its answer"
"""Why a run ended whose search is complete, with or without a result."""


@dataclass(frozen=True, slots=True)
class CapacityPoint:
    """One level of the search, for the report: times in seconds, rates per minute; ``None`` with too few samples.

    ``settled`` and ``end`` are in seconds from the start of the run. The point shows what was due between them. ``excess`` is the
    share over the bound of the worst ``objective``, as a multiple of the allowed share.
    """

    purpose: str
    rate: float
    seconds: float
    settled: float
    end: float
    p50: float | None
    p95: float | None
    p99: float | None
    orders: float
    excess: float | None
    objective: str
    broken: bool
    verdict: str
    trouble: str


@dataclass(frozen=True, slots=True)
class CapacityAnswer:
    """The answer of a search: rates per minute with 95 % intervals, or ``None``.

    ``journeys`` is the rate that a level of its own confirmed, ``orders`` is the rate of orders in that level. ``boundary`` is the
    rate at which an objective breaks, between ``low`` and ``high``. ``at_least``: the shop may carry more, for the reason in
    ``why``.
    """

    journeys: float | None
    orders: float | None
    orders_low: float | None
    orders_high: float | None
    boundary: float | None
    low: float | None
    high: float | None
    at_least: bool
    why: str
    gave_way: Bottleneck | None
    critical: CriticalRate | None
    points: tuple[CapacityPoint, ...]

    def to_json(self) -> dict[str, Any]:
        """The answer as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CapacityAnswer:
        """Read back what ``to_json`` wrote."""
        critical, first = document["critical"], document["gave_way"]
        return cls(
            **{
                **document,
                "gave_way": None if first is None else Bottleneck(**first),
                "critical": None if critical is None else CriticalRate.from_json(critical),
                "points": tuple(CapacityPoint(**point) for point in document["points"]),
            }
        )


def capacity_answer(controller: CapacityController, recorder: Recorder) -> CapacityAnswer:
    """The answer of a search that has ended, complete or not."""
    found = controller.found
    confirmed = None if found is None else found.confirmed
    orders = None if confirmed is None else _orders(controller, recorder)
    boundary = None if found is None else found.boundary
    return CapacityAnswer(
        journeys=None if confirmed is None else confirmed * 60,
        orders=None if orders is None else orders[0],
        orders_low=None if orders is None else orders[1],
        orders_high=None if orders is None else orders[2],
        boundary=None if boundary is None else boundary.rate * 60,
        low=None if boundary is None else boundary.low * 60,
        high=None if boundary is None else boundary.high * 60,
        at_least=False if found is None else found.at_least,
        why="the search ended before it had an answer" if found is None else found.why,
        gave_way=find_bottleneck(controller.finished_levels, recorder),
        critical=critical_rates(controller.objectives, controller.finished_levels, recorder),
        points=tuple(_point(level, recorder) for level in controller.finished_levels),
    )


def _orders(controller: CapacityController, recorder: Recorder) -> tuple[float, float, float]:
    """Orders a minute in the confirmed level, with the interval of a Poisson number."""
    start, end = controller.confirmed_between or (0.0, 0.0)
    part = extract_interval(recorder, start, end)
    seconds = part.window.steady_until - part.window.steady_from
    orders = every_journey(part).orders
    minutes = seconds / 60
    half_width = Z_95 * math.sqrt(orders)
    return orders / minutes, max(0.0, orders - half_width) / minutes, (orders + half_width) / minutes


def _point(level: LevelOutcome, recorder: Recorder) -> CapacityPoint:
    part = extract_interval(recorder, level.settled, level.end)
    seconds = max(part.window.steady_until - part.window.steady_from, recorder.slice_length)
    row = every_journey(part)
    judged = worst_objective(level.objective_counts)
    return CapacityPoint(
        purpose=str(level.purpose),
        rate=level.rate * 60,
        seconds=level.end - level.start,
        settled=level.settled,
        end=level.end,
        p50=_finite(percentile(row.response, 0.5)),
        p95=_finite(percentile(row.response, 0.95)),
        p99=_finite(percentile(row.response, 0.99)),
        orders=row.orders / seconds * 60,
        excess=None if judged is None or math.isinf(judged.excess) else judged.excess,
        objective="" if judged is None else judged.text,
        broken=level.broken,
        verdict="" if level.verdict is None else str(level.verdict),
        trouble=level.trouble,
    )


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) or math.isnan(value) else value


def curve(points: Sequence[CapacityPoint]) -> list[CapacityPoint]:
    """The levels that show how the shop behaves at a rate, by rising rate; without drains and levels in trouble."""
    return sorted(
        (point for point in points if point.purpose != Purpose.DRAIN and not point.trouble), key=lambda one: one.rate
    )
