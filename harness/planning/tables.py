"""The tables of a plan, with the figures behind its sentences."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from harness.planning.capacity_plan import CapacityPlan, FitProbability
from harness.planning.carried_capacity import CarriedCapacity
from harness.planning.forecast import quantile
from harness.planning.level_groups import group_by_source, middle
from harness.planning.load_levels import LoadLevel
from harness.planning.text import percent, three_digits, time_to_break
from harness.reporting.tables import NO_VALUE, ReportTable
from harness.units import format_duration, format_number, format_percent

LEAST = 0.0001
"""The shortest wait in seconds that a table shows, because a model is not more exact."""


def tables(plan: CapacityPlan) -> list[ReportTable]:
    """Every table with at least one row."""
    every = [_levels(plan), _steps(plan), _curve(plan), _overloads(plan), _others(plan), _peak(plan)]
    return [table for table in every if table.rows]


def _levels(plan: CapacityPlan) -> ReportTable:
    rows = []
    for group in group_by_source(plan.measured.levels):

        def of(read: Callable[[LoadLevel], float], group: Sequence[LoadLevel] = group) -> float:
            return middle([read(level) for level in group])

        one = group[0]
        rows.append(
            (
                one.source if len(group) == 1 else f"{one.source}, {len(group)} levels",
                str(one.instances or 1),
                {True: "held", False: "broke", None: "undecided"}[one.kept],
                three_digits(of(lambda level: level.rate) * 60),
                three_digits(of(lambda level: level.throughput) * 60),
                three_digits(of(lambda level: level.orders) * 60),
                _time(of(lambda level: level.page_time["p95"])),
                _time(of(lambda level: level.journey_time["p95"])),
                format_number(round(of(lambda level: level.in_shop), 2)),
                format_number(round(of(lambda level: level.in_flight))),
            )
        )
    headings = (
        *("measured", "instances", "objectives", "due/min", "journeys/min", "orders/min"),
        *("page p95", "journey p95", "requests in hand", "shoppers"),
    )
    return ReportTable("Measurements (medians of levels with similar rates)", headings, rows)


def _steps(plan: CapacityPlan) -> ReportTable:
    rows = [
        (
            str(step.instances),
            *_range(plan, step.carries),
            step.carries.grade.value,
            _odds(step.fits),
            _odds(step.fits_lost) if step.fits_lost else NO_VALUE,
        )
        for step in plan.steps
    ]
    headings = ("instances", "orders/min", "from", "to", "evidence", "peak fits", f"with {plan.forecast.lost} lost")
    return ReportTable("Capacity by number of instances", headings, rows, text_columns=1)


def _curve(plan: CapacityPlan) -> ReportTable:
    fit = plan.curve
    rows: list[tuple[str, ...]] = []
    if fit is not None:
        law = fit.law
        (low, high), (near, far) = fit.most(), fit.knee()
        rows = [
            ("contention, sigma", f"{law.sigma:.4f}", *_between([one.sigma for one in fit.others], "{:.4f}")),
            ("coherency, kappa", f"{law.kappa:.6f}", *_between([one.kappa for one in fit.others], "{:.6f}")),
            ("journeys/min of one request in hand", *(_per_minute(plan, each) for each in (law.rate, *_rates(plan)))),
            ("most journeys/min", *(_per_minute(plan, each) for each in (law.most, low, high))),
            ("requests in hand at the knee", *(_count(each) for each in (law.knee, near, far))),
            ("typical residual", format_percent(fit.error), "", ""),
            ("largest residual", format_percent(max(map(abs, fit.residuals))), "", ""),
        ]
    return ReportTable("The curve: Universal Scalability Law", ("", "fit", "from", "to"), rows)


def _overloads(plan: CapacityPlan) -> ReportTable:
    rows = [
        (
            f"{one.times:g} times",
            three_digits(plan.orders(plan.saturation * one.times)),
            time_to_break(one.breaks),
            _time(one.recovers),
        )
        for one in plan.overloads
    ]
    title = "Overload"
    return ReportTable(title, ("overload", "orders/min", "an objective breaks", "to recover"), rows)


def _others(plan: CapacityPlan) -> ReportTable:
    rows = [
        (
            one.what_if.name,
            format_number(round(one.work, 3)),
            _odds(one.fits),
            three_digits(one.in_flight),
            format_percent(one.slower.share) if one.slower else NO_VALUE,
            "; ".join(one.slower.broken) if one.slower and one.slower.broken else NO_VALUE,
        )
        for one in plan.others
    ]
    headings = ("what if", "work a journey", "peak fits", "shoppers under way", "journeys affected", "breaks")
    return ReportTable("What if", headings, rows)


def _peak(plan: CapacityPlan) -> ReportTable:
    rows = [
        (name, *(three_digits(quantile(values, q) * 60) for q in (0.05, 0.5, 0.95)))
        for name, values in (("orders/min", plan.need.orders), ("journeys/min, as measured", plan.need.journeys))
        if plan.measured.levels or values is plan.need.orders
    ]
    if plan.wait is not None:
        low, high = plan.wait
        rows.append(("mean wait of a request there (model)", _time(low), NO_VALUE, _time(high)))
    return ReportTable("The forecast peak", ("", "1 in 20 below", "median", "1 in 20 above"), rows)


def _range(plan: CapacityPlan, one: CarriedCapacity) -> tuple[str, str, str]:
    likely, low, high = (
        three_digits(plan.orders(each)) if math.isfinite(each) else NO_VALUE for each in (one.likely, one.low, one.high)
    )
    return likely, low, high


def _rates(plan: CapacityPlan) -> tuple[float, float]:
    assert plan.curve is not None, "called only with a curve"  # noqa: S101
    ranked = sorted(one.rate for one in plan.curve.others)
    return quantile(ranked, 0.025), quantile(ranked, 0.975)


def _between(values: list[float], pattern: str) -> tuple[str, str]:
    return pattern.format(quantile(values, 0.025)), pattern.format(quantile(values, 0.975))


def _per_minute(plan: CapacityPlan, rate: float) -> str:
    measured = max(level.throughput for level in plan.measured.levels)
    far = rate > 1.5 * measured and math.isfinite(rate)
    return f"{three_digits(rate * 60)}{' (model)' if far else ''}" if math.isfinite(rate) else "unlimited"


def _count(number: float) -> str:
    return format_number(round(number)) if math.isfinite(number) else "unlimited"


def _odds(odds: FitProbability) -> str:
    low, high = percent(odds.low), percent(odds.high)
    if low == high:
        return low
    return f"at least {low}" if odds.high >= 1 else f"{low} to {high}"


def _time(seconds: float) -> str:
    if math.isnan(seconds):
        return NO_VALUE
    return format_duration(seconds) if seconds == 0 or seconds >= LEAST else f"under {format_duration(LEAST)}"
