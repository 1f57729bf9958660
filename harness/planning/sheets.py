"""The tables of a plan, for somebody who wants to see where the sentences come from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from harness.planning.carried import Carried
from harness.planning.forecast import quantile
from harness.planning.levels import Level
from harness.planning.neighbours import alike, middle
from harness.planning.outcome import Odds, Plan
from harness.planning.words import percent, soon, whole
from harness.tables import NONE, Table
from harness.units import spoken_duration, spoken_number, spoken_share

LEAST = 0.0001
"""The shortest wait in seconds that is told as it was computed: a model knows no shorter one."""


def tables(plan: Plan) -> list[Table]:
    """Every table that has anything in it."""
    every = [_levels(plan), _steps(plan), _curve(plan), _overloads(plan), _others(plan), _peak(plan)]
    return [table for table in every if table.rows]


def _levels(plan: Plan) -> Table:
    rows = []
    for group in alike(plan.measured.levels):

        def of(read: Callable[[Level], float], group: Sequence[Level] = group) -> float:
            return middle([read(level) for level in group])

        one = group[0]
        rows.append(
            (
                one.source if len(group) == 1 else f"{one.source}, {len(group)} levels",
                str(one.instances or 1),
                {True: "held", False: "broke", None: "undecided"}[one.kept],
                whole(of(lambda level: level.rate) * 60),
                whole(of(lambda level: level.throughput) * 60),
                whole(of(lambda level: level.orders) * 60),
                _time(of(lambda level: level.page_time["p95"])),
                _time(of(lambda level: level.journey_time["p95"])),
                spoken_number(round(of(lambda level: level.in_shop), 2)),
                spoken_number(round(of(lambda level: level.in_flight))),
            )
        )
    headings = (
        *("measured", "instances", "objectives", "due/min", "journeys/min", "orders/min"),
        *("page p95", "journey p95", "requests in hand", "shoppers"),
    )
    return Table("What was measured (medians, where several levels had nearly one rate)", headings, rows)


def _steps(plan: Plan) -> Table:
    rows = [
        (
            str(step.instances),
            *_range(plan, step.carries),
            step.carries.grade.value,
            _odds(step.fits),
            _odds(step.fits_lost) if step.fits_lost else NONE,
        )
        for step in plan.steps
    ]
    headings = ("instances", "orders/min", "from", "to", "known how", "peak fits", f"with {plan.forecast.lost} lost")
    return Table("What so many instances carry", headings, rows, texts=1)


def _curve(plan: Plan) -> Table:
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
            ("typical residual", spoken_share(fit.error), "", ""),
            ("largest residual", spoken_share(max(map(abs, fit.residuals))), "", ""),
        ]
    return Table("The curve: Universal Scalability Law", ("", "fit", "from", "to"), rows)


def _overloads(plan: Plan) -> Table:
    rows = [
        (
            f"{one.times:g} times",
            whole(plan.orders(plan.saturation * one.times)),
            soon(one.breaks),
            _time(one.recovers),
        )
        for one in plan.overloads
    ]
    title = "More than the shop can get done"
    return Table(title, ("overload", "orders/min", "an objective breaks", "to recover"), rows)


def _others(plan: Plan) -> Table:
    rows = [
        (
            one.what_if.name,
            spoken_number(round(one.work, 3)),
            _odds(one.fits),
            whole(one.in_flight),
            spoken_share(one.slower.share) if one.slower else NONE,
            "; ".join(one.slower.broken) if one.slower and one.slower.broken else NONE,
        )
        for one in plan.others
    ]
    headings = ("what if", "work a journey", "peak fits", "shoppers on their way", "met by it", "breaks")
    return Table("What if", headings, rows)


def _peak(plan: Plan) -> Table:
    rows = [
        (name, *(whole(quantile(values, q) * 60) for q in (0.05, 0.5, 0.95)))
        for name, values in (("orders/min", plan.need.orders), ("journeys/min, as measured", plan.need.journeys))
        if plan.measured.levels or values is plan.need.orders
    ]
    if plan.wait is not None:
        low, high = plan.wait
        rows.append(("mean wait of a request there (model)", _time(low), NONE, _time(high)))
    return Table("The forecast peak", ("", "1 in 20 below", "median", "1 in 20 above"), rows)


def _range(plan: Plan, one: Carried) -> tuple[str, str, str]:
    likely, low, high = (
        whole(plan.orders(each)) if math.isfinite(each) else NONE for each in (one.likely, one.low, one.high)
    )
    return likely, low, high


def _rates(plan: Plan) -> tuple[float, float]:
    assert plan.curve is not None, "asked for only where there is a curve"  # noqa: S101
    ranked = sorted(one.rate for one in plan.curve.others)
    return quantile(ranked, 0.025), quantile(ranked, 0.975)


def _between(values: list[float], pattern: str) -> tuple[str, str]:
    return pattern.format(quantile(values, 0.025)), pattern.format(quantile(values, 0.975))


def _per_minute(plan: Plan, rate: float) -> str:
    measured = max(level.throughput for level in plan.measured.levels)
    far = rate > 1.5 * measured and math.isfinite(rate)
    return f"{whole(rate * 60)}{' (model)' if far else ''}" if math.isfinite(rate) else "no end in sight"


def _count(number: float) -> str:
    return spoken_number(round(number)) if math.isfinite(number) else "no end in sight"


def _odds(odds: Odds) -> str:
    low, high = percent(odds.low), percent(odds.high)
    if low == high:
        return low
    return f"at least {low}" if odds.high >= 1 else f"{low} to {high}"


def _time(seconds: float) -> str:
    if math.isnan(seconds):
        return NONE
    return spoken_duration(seconds) if seconds == 0 or seconds >= LEAST else f"under {spoken_duration(LEAST)}"
