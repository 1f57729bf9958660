"""Says and draws what a search for capacity found: sentences for a manager, the levels for an engineer."""

from __future__ import annotations

from collections.abc import Iterator

from harness.capacity.answer import CapacityAnswer, CapacityPoint, curve
from harness.capacity.model import Purpose
from harness.reporting.tables import NO_VALUE, ReportTable, format_measure
from harness.units import format_duration, format_number, format_percent

PURPOSES = {
    Purpose.WIDEN: "widen",
    Purpose.DRAIN: "drain",
    Purpose.TRACK: "track",
    Purpose.CONFIRM: "confirm",
}
UNSURE = 0.10
"""Of a rate: where half of its interval is more, a reader is told what helps."""
WIDTH = 40
"""Characters of the longest bar."""


def sentences(answer: CapacityAnswer) -> Iterator[str]:
    """How sure the answer is, what gave way first, and how the shop fares under other bounds."""
    if answer.journeys is not None and answer.orders_low is not None and answer.orders_high is not None:
        yield (
            f"Confirmed by a level of its own: {_number(answer.journeys)} journeys a minute, in which {_number(answer.orders or 0)} "
            f"orders a minute were sold ({_number(answer.orders_low)} to {_number(answer.orders_high)} with 95 % confidence)."
        )
    if answer.boundary is not None and answer.low is not None and answer.high is not None:
        yield (
            f"A demand gives way at {_number(answer.boundary)} journeys a minute "
            f"({_number(answer.low)} to {_number(answer.high)} with 95 % confidence)."
        )
        if (either_way := (answer.high - answer.low) / 2 / answer.boundary) > UNSURE:
            yield f"That is not known better than to {format_percent(either_way)}: slow answers came in bursts, or there was little time; search longer."
    if answer.gave_way is not None:
        yield f"First to give way: {answer.gave_way.objective}; {_where(answer)}."
    if answer.critical is not None:
        yield _critical(answer)
    for trouble in dict.fromkeys(point.trouble for point in answer.points if point.trouble):
        rates = ", ".join(_number(point.rate) for point in answer.points if point.trouble == trouble)
        yield f"Not counted ({rates} journeys a minute): {trouble}."


def _where(answer: CapacityAnswer) -> str:
    assert answer.gave_way is not None  # noqa: S101 - asked for by a sentence about it
    page, option = answer.gave_way.page, answer.gave_way.payment_option
    if page and option:
        return f"the page {page} and the payment option {option} slowed down most"
    if page or option:
        return f"{'the page ' + page if page else 'the payment option ' + option} slowed down most"
    return "no page and no payment option stands out, the shop slowed down as a whole"


def _critical(answer: CapacityAnswer) -> str:
    assert answer.critical is not None  # noqa: S101 - asked for by a sentence about it
    parts = []
    for one in answer.critical.crossings:
        least = "at least " if one.at_least else ""
        rate = "fewer than were tried" if one.rate is None else f"{least}{_number(one.rate)}"
        parts.append(f"under {format_duration(one.bound)} {rate}")
    text = f"Journeys a minute by bound ({answer.critical.objective.rsplit(' ', 2)[0]}): {', '.join(parts)}"
    if answer.critical.mean is None:
        return f"{text}."
    least = "at least " if answer.critical.at_least else ""
    return f"{text}; critical rate, their geometric mean: {least}{_number(answer.critical.mean)}."


def levels_table(answer: CapacityAnswer) -> ReportTable:
    """Every level in the order in which it was tried."""
    rows = [
        (
            PURPOSES[Purpose(point.purpose)],
            _number(point.rate),
            format_duration(point.seconds),
            format_measure(point.p50, "s"),
            format_measure(point.p95, "s"),
            format_measure(point.p99, "s"),
            _number(point.orders),
            NO_VALUE if point.excess is None else f"{point.excess:.2f}",
            _what_came(point),
        )
        for point in answer.points
    ]
    headings = (
        "level",
        "journeys/min",
        "held",
        "journey response p50",
        "p95",
        "p99",
        "orders/min",
        "over / allowed",
        "",
    )
    return ReportTable("Levels of the search: what came of the journeys due in each", headings, rows)


def curve_table(answer: CapacityAnswer) -> ReportTable:
    """Orders a minute over the rate, drawn with bars; rates that are alike to a tenth are drawn as one."""
    groups: list[list[CapacityPoint]] = []
    for point in curve(answer.points):
        if groups and point.rate <= groups[-1][0].rate * 1.1:
            groups[-1].append(point)
        else:
            groups.append([point])
    most = max((point.orders for group in groups for point in group), default=0.0)
    rows = []
    for group in groups:
        rate = sum(point.rate for point in group) / len(group)
        orders = sum(point.orders for point in group) / len(group)
        slow = [point.p95 for point in group if point.p95 is not None]
        p95 = sum(slow) / len(slow) if slow else None
        bar = "#" * round(WIDTH * orders / most) if most else ""
        broken = "broken" if all(point.broken for point in group) else ""
        rows.append((_number(rate), _number(orders), format_measure(p95, "s"), bar, broken))
    headings = ("journeys/min", "orders/min", "journey p95", "orders/min drawn", "")
    return ReportTable("The curve: what came of the journeys due at each rate", headings, rows, text_columns=0)


def tables(answer: CapacityAnswer) -> list[ReportTable]:
    """The tables of a search."""
    return [table for table in (levels_table(answer), curve_table(answer)) if table.rows]


def _what_came(point: CapacityPoint) -> str:
    if point.trouble:
        return "not counted"
    if point.verdict:
        return point.verdict
    return "broken" if point.broken else ""


def _number(number: float) -> str:
    return format_number(round(number))
