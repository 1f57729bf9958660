"""What a search for capacity showed: how many journeys and orders a minute, how sure, what gave way first, and the curve.

Rates are in journeys per second inside, and per minute where a person reads them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.capacity.bottleneck import Bottleneck, find_bottleneck
from harness.capacity.controller import CapacityController, FinishedLevel
from harness.capacity.critical_rate import CriticalRate, critical_rates
from harness.capacity.model import Purpose
from harness.capacity.search import worst_objective
from harness.measurement.interval import extract_interval
from harness.measurement.recorder import Recorder
from harness.measurement.summary import every_journey, percentile

Z_95 = 1.96
"""Standard errors to either side of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class CapacityPoint:
    """One level of the search: times in seconds, rates per second; ``None`` where too little was seen.

    ``settled`` and ``end`` are moments of the run, in seconds from its start: what was due between them is what is shown.

    ``excess`` is the share over the bound of the demand that fared worst, in proportion to what it allows.
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
    """The answer of a search: all rates per minute, with 95 % intervals; ``None`` where nothing was confirmed.

    ``journeys`` is the rate that a level of its own confirmed and ``orders`` what was sold in it. ``boundary`` is where a demand gave
    way while the search tracked it, between ``low`` and ``high``. ``at_least`` says that the shop may carry more, because of ``why``.
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
    """The answer of a search that has ended, in any way."""
    found = controller.found
    confirmed = None if found is None else found.confirmed
    sold = None if confirmed is None else _sold(controller, recorder)
    edge = None if found is None else found.boundary
    return CapacityAnswer(
        journeys=None if confirmed is None else confirmed * 60,
        orders=None if sold is None else sold[0],
        orders_low=None if sold is None else sold[1],
        orders_high=None if sold is None else sold[2],
        boundary=None if edge is None else edge.rate * 60,
        low=None if edge is None else edge.low * 60,
        high=None if edge is None else edge.high * 60,
        at_least=False if found is None else found.at_least,
        why="the search was ended before it had an answer" if found is None else found.why,
        gave_way=find_bottleneck(controller.finished_levels, recorder),
        critical=critical_rates(controller.objectives, controller.finished_levels, recorder),
        points=tuple(_point(level, recorder) for level in controller.finished_levels),
    )


def _sold(controller: CapacityController, recorder: Recorder) -> tuple[float, float, float]:
    """Orders a minute in the level that was confirmed, with the interval of a Poisson number."""
    start, end = controller.confirmed_between or (0.0, 0.0)
    part = extract_interval(recorder, start, end)
    seconds = part.window.steady_until - part.window.steady_from
    orders = every_journey(part).orders
    minutes = seconds / 60
    either_way = Z_95 * math.sqrt(orders)
    return orders / minutes, max(0.0, orders - either_way) / minutes, (orders + either_way) / minutes


def _point(level: FinishedLevel, recorder: Recorder) -> CapacityPoint:
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
    """The levels that tell how the shop fares at a rate, by rising rate: not those that drained it, nor those in trouble."""
    return sorted(
        (point for point in points if point.purpose != Purpose.DRAIN and not point.trouble), key=lambda one: one.rate
    )
