"""Draws measurements and fitted curves as SVG; a curve far beyond the measurements is dashed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from harness.planning.capacity_plan import CapacityPlan
from harness.planning.carried_capacity import EvidenceGrade
from harness.planning.forecast import quantile
from harness.planning.level_groups import group_by_rate, middle
from harness.planning.load_levels import LoadLevel
from harness.planning.scaling import MAX_EXTRAPOLATION
from harness.planning.text import three_digits

WIDTH, HEIGHT = 800, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 44
EXTRAPOLATION = 2.0
"""The curve goes up to this multiple of the highest measured load."""
STEPS = 60

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Chart:
    """Two axes that start at 0, and the place of a point between them."""

    most_x: float
    most_y: float

    def at(self, x: float, y: float) -> str:
        """The place of a point in SVG coordinates; a point outside the chart is moved to its edge."""
        across = LEFT + min(1.0, x / self.most_x) * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - min(1.0, max(0.0, y / self.most_y)) * (HEIGHT - TOP - BOTTOM)
        return f"{across:.1f},{down:.1f}"

    def line(self, points: Sequence[Point], colour: str, more: str = "") -> str:
        """A line through these points."""
        path = " ".join(self.at(x, y) for x, y in points)
        return f'<polyline points="{path}" fill="none" stroke="var(--{colour})" stroke-width="2"{more}/>'

    def area(self, low: Sequence[Point], high: Sequence[Point], colour: str) -> str:
        """The area between two lines."""
        path = " ".join(self.at(x, y) for x, y in [*low, *reversed(high)])
        return f'<polygon points="{path}" fill="var(--{colour})" opacity="0.15"/>'

    def dot(self, x: float, y: float, *, kept: bool | None) -> str:
        """A measured point: filled if every objective held, hollow in two colours if one broke or the verdict is unknown."""
        cx, cy = self.at(x, y).split(",")
        colour = {True: "good", False: "bad", None: "unsure"}[kept]
        inside = f"var(--{colour})" if kept else "var(--paper)"
        return f'<circle cx="{cx}" cy="{cy}" r="4.5" fill="{inside}" stroke="var(--{colour})" stroke-width="2"/>'

    def text(self, x: float, y: float, words: str, *, end: bool = False, shift: float = -6.0) -> str:
        """A text beside a point."""
        across, down = self.at(x, y).split(",")
        side = "end" if end else "start"
        return f'<text x="{across}" y="{float(down) + shift:.1f}" text-anchor="{side}" xml:space="preserve">{escape(words)}</text>'

    def axes(self, across: str, up: str, says: Callable[[float], str]) -> list[str]:
        """The two axes with their ticks."""
        drawn = []
        for mark in axis_ticks(self.most_y):
            drawn.append(
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.at(0, mark).split(",")[1]}" '
                f'y2="{self.at(0, mark).split(",")[1]}" stroke="var(--line)"/>'
            )
            down = float(self.at(0, mark).split(",")[1]) + 4
            drawn.append(f'<text x="{LEFT - 8}" y="{down:.1f}" text-anchor="end">{escape(says(mark))}</text>')
        for mark in axis_ticks(self.most_x):
            place = self.at(mark, 0).split(",")[0]
            drawn.append(f'<text x="{place}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{mark:,g}</text>')
        drawn.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(across)}</text>')
        drawn.append(f'<text x="{LEFT - 56}" y="{TOP - 4}">{escape(up)}</text>')
        return drawn


def axis_ticks(most: float, about: int = 5) -> list[float]:
    """Round numbers from 0 up to ``most``."""
    step = 10 ** math.floor(math.log10(most / about))
    step *= next((factor for factor in (1, 2, 5, 10) if most / (step * factor) <= about), 10)
    return [step * number for number in range(int(most / step + 1e-9) + 1)]


def throughput_curve(plan: CapacityPlan) -> str:
    """Orders a minute over requests in hand: points, curve, band, and the peak; empty without a fit."""
    fit = plan.curve
    if fit is None:
        return ""
    reach = fit.reach
    xs = [reach * EXTRAPOLATION * step / STEPS for step in range(1, STEPS + 1)]
    bands = {x: fit.band(x) for x in xs}
    levels = [level for level in plan.measured.levels if level.steady and (level.instances or 1) == plan.now]
    peak = plan.orders(quantile(plan.need.journeys, 0.5))
    top = max(*(plan.orders(level.throughput) for level in levels), plan.orders(fit.law.throughput(reach)), peak)
    paper = Chart(reach * EXTRAPOLATION, top * 1.25)
    near, far = [x for x in xs if x <= reach * MAX_EXTRAPOLATION], [x for x in xs if x >= reach * MAX_EXTRAPOLATION]

    def curve(places: Sequence[float]) -> list[Point]:
        return [(x, plan.orders(fit.law.throughput(x))) for x in places]

    def edge(places: Sequence[float], side: int) -> list[Point]:
        return [(x, plan.orders(bands[x][side])) for x in places]

    drawn = [
        *paper.axes("requests in hand", "orders a minute", lambda mark: f"{mark:,g}"),
        paper.area(edge(xs, 0), edge(xs, 1), "one"),
        paper.line(curve(near), "one"),
        paper.line(curve(far), "one", ' stroke-dasharray="6 5"'),
        paper.text(
            reach * MAX_EXTRAPOLATION, plan.orders(fit.law.throughput(reach * MAX_EXTRAPOLATION)), "model, not measured"
        ),
        *_peak_line(plan, paper),
        *(paper.dot(level.in_shop, plan.orders(level.throughput), kept=level.kept) for level in levels),
    ]
    caption = (
        "Orders a minute over requests in hand: measured points (filled: every objective held; red: one broke; the others: too few "
        "samples), the Universal Scalability Law with its 95 % band, and the forecast peak. Dashed: more than 1.5 times the highest measured load."
    )
    return _figure(drawn, caption)


def response_curve(plan: CapacityPlan) -> str:
    """The time of a page over orders a minute, with the capacity and the peak; empty with fewer than two levels."""
    levels = sorted((one for one in plan.measured.levels if _shown(one)), key=lambda level: level.rate)
    if len(levels) < 2:  # noqa: PLR2004  one point is no curve
        return ""
    peak = plan.orders(quantile(plan.need.journeys, 0.5))
    longest = max(level.page_time["p95"] for level in levels) * 1e3
    paper = Chart(max(peak, *(plan.orders(level.rate) for level in levels)) * 1.1, longest * 1.15)
    points = [(plan.orders(level.rate), level.page_time["p95"] * 1e3) for level in levels]
    drawn = paper.axes("orders a minute asked for", "milliseconds, page p95", lambda mark: f"{mark:,g}")
    for number in sorted({level.instances or 1 for level in levels}):
        groups = group_by_rate(level for level in levels if (level.instances or 1) == number)
        drawn.append(paper.line([_middle_of(plan, group) for group in groups], "one"))
    drawn += [paper.dot(*point, kept=level.kept) for point, level in zip(points, levels, strict=True)]
    drawn.append(paper.line([(peak, 0), (peak, longest * 1.1)], "two", ' stroke-dasharray="2 4"'))
    said = three_digits(quantile(plan.need.orders, 0.5) * 60)
    left = plan.carries is None or peak < plan.orders(plan.carries.likely)
    drawn.append(paper.text(peak, longest * 1.1, f"  peak {said}  ", end=left, shift=10))
    if plan.carries is not None and plan.carries.likely > 0 and plan.carries.grade is not EvidenceGrade.MODEL:
        held = plan.orders(plan.carries.likely)
        drawn.append(paper.line([(held, 0), (held, longest * 1.1)], "good"))
        drawn.append(paper.text(held, longest, f"  carried {three_digits(held)}  ", end=not left, shift=10))
    return _figure(
        drawn,
        "The 95th percentile of page times at each measured rate (filled: every objective held; red: one broke); the line goes "
        "through the medians.",
    )


def _peak_line(plan: CapacityPlan, paper: Chart) -> list[str]:
    low, middle, high = (quantile(plan.need.orders, q) * 60 for q in (0.05, 0.5, 0.95))
    return [
        paper.area([(0, low), (paper.most_x, low)], [(0, high), (paper.most_x, high)], "two"),
        paper.line([(0, middle), (paper.most_x, middle)], "two", ' stroke-dasharray="2 4"'),
        paper.text(paper.most_x, middle, f"forecast peak {three_digits(middle)}", end=True),
    ]


def _middle_of(plan: CapacityPlan, group: Sequence[LoadLevel]) -> Point:
    return plan.orders(middle([one.rate for one in group])), middle([one.page_time["p95"] for one in group]) * 1e3


def _shown(level: LoadLevel) -> bool:
    return level.steady and math.isfinite(level.page_time["p95"])


def _figure(drawn: Sequence[str], caption: str) -> str:
    inside = "\n".join(drawn)
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(caption)}">\n{inside}\n</svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
