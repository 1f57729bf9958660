"""The charts of a plan: measurements and fitted curves; a curve far beyond the measurements is dashed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.objectives.model import Metric, ObjectiveError, Subject
from harness.objectives.parser import parse
from harness.planning.capacity_plan import CapacityPlan
from harness.planning.carried_capacity import EvidenceGrade
from harness.planning.forecast import quantile
from harness.planning.level_groups import group_by_rate, middle
from harness.planning.load_levels import LoadLevel
from harness.planning.scaling import MAX_EXTRAPOLATION
from harness.planning.text import three_digits
from harness.reporting.html.chart import Axis, Bound, Chart, Series

EXTRAPOLATION = 2.0
"""The curve goes up to this multiple of the highest measured load."""
STEPS = 60
_DOTS = (
    "Filled: every objective held. Hollow red: one broke. Hollow yellow: it is not known, or the level is left out of the curve; "
    "its text says why. At the top edge: the time was never reached."
)


def plan_charts(plan: CapacityPlan) -> dict[str, Chart]:
    """The charts of a plan that have enough measurements."""
    every = {"throughput": throughput_curve(plan), "response": response_curve(plan)}
    return {name: chart for name, chart in every.items() if chart is not None}


def throughput_curve(plan: CapacityPlan) -> Chart | None:
    """Orders a minute over requests in hand: levels, curve, band, and the peak; None without a fit."""
    fit = plan.curve
    if fit is None:
        return None
    reach = fit.reach
    xs = [reach * EXTRAPOLATION * step / STEPS for step in range(1, STEPS + 1)]
    edges = [fit.band(x) for x in xs]
    near = [x for x in xs if x <= reach * MAX_EXTRAPOLATION]
    far = xs[len(near) - 1 :]
    every = (*plan.measured.levels, *plan.measured.left_out)
    levels = [level for level in every if (level.instances or 1) == plan.now]
    low, high = (quantile(plan.need.orders, q) * 60 for q in (0.05, 0.95))

    def curve(name: str, places: Sequence[float], style: str) -> Series:
        return Series(
            tags=(name,), x=places, y=[plan.orders(fit.law.throughput(x)) for x in places], style=style, colour="1"
        )

    return Chart(
        title="Throughput",
        x=Axis(label="requests in hand", low=0.0, high=reach * EXTRAPOLATION),
        y=Axis(label="orders a minute"),
        series=[
            Series(
                tags=("95 % band",),
                x=xs,
                y=[plan.orders(edge[1]) for edge in edges],
                low=[plan.orders(edge[0]) for edge in edges],
                style="band",
                colour="1",
            ),
            Series(
                tags=("peak, 90 % interval",),
                x=[0.0, reach * EXTRAPOLATION],
                y=[high, high],
                low=[low, low],
                style="band",
                colour="2",
            ),
            curve("Universal Scalability Law", near, "line"),
            curve("model, not measured", far, "dash"),
            _dots([(level.in_shop, plan.orders(level.throughput), level) for level in levels]),
        ],
        bounds=[Bound(label=f"forecast peak {_peak(plan)}", y=quantile(plan.need.orders, 0.5) * 60)],
        note=f"Measured levels and the fitted curve. {_DOTS} Dashed: more than {MAX_EXTRAPOLATION:g} times the highest measured load.",
        points=True,
        height=340,
    )


def response_curve(plan: CapacityPlan) -> Chart | None:
    """The time of a page over orders a minute, with the capacity and the peak; None with fewer than two levels."""
    levels = sorted((one for one in plan.measured.levels if _has_time(one)), key=lambda level: level.rate)
    if sum(level.steady for level in levels) < 2:  # noqa: PLR2004  one point is no curve
        return None
    peak = plan.orders(quantile(plan.need.journeys, 0.5))
    bounds = [Bound(label=f"peak {_peak(plan)}", x=peak)]
    if plan.carries is not None and plan.carries.likely > 0 and plan.carries.grade is not EvidenceGrade.MODEL:
        held = plan.orders(plan.carries.likely)
        bounds.append(Bound(label=f"carried {three_digits(held)}", x=held, state="good", row=1))
    every = sorted((*plan.measured.levels, *plan.measured.left_out), key=lambda level: level.rate)
    series = [_dots([(plan.orders(level.rate), level.page_time["p95"], level) for level in every])]
    for number in sorted({level.instances or 1 for level in levels}):
        settled = [level for level in levels if level.steady and (level.instances or 1) == number]
        groups = list(group_by_rate(settled))
        series.insert(
            0,
            Series(
                tags=(f"median, {number} instance{'s' * (number > 1)}",),
                x=[plan.orders(middle([one.rate for one in group])) for group in groups],
                y=[middle([one.page_time["p95"] for one in group]) for group in groups],
                colour="1",
            ),
        )
    return Chart(
        title="Response time",
        x=Axis(label="orders a minute asked for", low=0.0, high=max(peak, *(plan.orders(one.rate) for one in every))),
        y=Axis(label="page p95", unit="s"),
        series=series,
        bounds=[*bounds, *_objective_bounds(levels)],
        note=f"The 95th percentile of page times at each measured rate. {_DOTS}",
        points=True,
        height=340,
    )


def _dots(points: Sequence[tuple[float, float, LoadLevel]]) -> Series:
    return Series(
        tags=("measured levels",),
        x=[x for x, _, _ in points],
        y=[y for _, y, _ in points],
        style="dots",
        colour="good",
        marks=[_mark(level) for _, _, level in points],
        notes=[_note(level) for _, _, level in points],
    )


def _mark(level: LoadLevel) -> str:
    if level.left_out or not level.steady or level.kept is None:
        return "unsure"
    return "good" if level.kept else "bad"


def _note(level: LoadLevel) -> str:
    parts = [level.source, *level.broken[:1]]
    if level.left_out:
        parts.append(f"left out of the plan: {level.left_out}")
    elif not level.steady:
        parts.append("left out of the curve: response times did not settle")
    if not _has_time(level):
        parts.append("its p95 was never reached, because more than 5 % of the pages failed")
    return "; ".join(parts)


def _objective_bounds(levels: Sequence[LoadLevel]) -> Iterator[Bound]:
    """The bounds of the objectives on the p95 of all pages."""
    for text in dict.fromkeys(text for level in levels for text in level.patience):
        try:
            objective = parse(text)
        except ObjectiveError:
            continue
        whole = objective.subject is Subject.PAGE and not objective.name and not objective.labels
        if whole and objective.metric is Metric.RESPONSE_TIME and objective.percentile == 0.95:  # noqa: PLR2004
            yield Bound(label=f"objective p95 {objective.operator} {objective.limit}", y=objective.bound, state="bad")


def _peak(plan: CapacityPlan) -> str:
    return three_digits(quantile(plan.need.orders, 0.5) * 60)


def _has_time(level: LoadLevel) -> bool:
    return math.isfinite(level.page_time["p95"])
