"""The report of a search for the capacity: sentences for a manager, and tables of the levels for an engineer."""

from __future__ import annotations

from collections.abc import Iterator

from harness.capacity.answer import CapacityAnswer, CapacityPoint, curve
from harness.reporting.tables import NO_VALUE, ReportTable, format_measure
from harness.units import format_duration, format_number, format_percent

UNCERTAIN = 0.10
"""The share of a rate above which half of its interval deserves a hint."""
WIDTH = 40
"""The length of the longest bar in characters."""


def sentences(answer: CapacityAnswer) -> Iterator[str]:
    """The confirmed capacity, the boundary with its confidence, what broke first, and the capacity under other bounds."""
    if answer.journeys is not None and answer.orders_low is not None and answer.orders_high is not None:
        yield (
            f"Confirmed by a separate level: {_number(answer.journeys)} journeys a minute, with {_number(answer.orders or 0)} "
            f"orders a minute ({_number(answer.orders_low)} to {_number(answer.orders_high)} with 95 % confidence)."
        )
    if answer.boundary is not None and answer.low is not None and answer.high is not None:
        yield (
            f"The first objective breaks at {_number(answer.boundary)} journeys a minute "
            f"({_number(answer.low)} to {_number(answer.high)} with 95 % confidence)."
        )
        if (half := (answer.high - answer.low) / 2 / answer.boundary) > UNCERTAIN:
            yield (
                f"This rate is uncertain by {format_percent(half)}: slow replies came in bursts, or the search was short. "
                "Search longer for a more exact answer."
            )
    if answer.gave_way is not None:
        yield f"First objective to break: {answer.gave_way.objective}; {_where(answer)}."
    if answer.critical is not None:
        yield _critical(answer)
    for trouble in dict.fromkeys(point.trouble for point in answer.points if point.trouble):
        rates = ", ".join(_number(point.rate) for point in answer.points if point.trouble == trouble)
        yield f"Levels not counted ({rates} journeys a minute): {trouble}."


def _where(answer: CapacityAnswer) -> str:
    assert answer.gave_way is not None  # noqa: S101 - the caller checks it
    page, option = answer.gave_way.page, answer.gave_way.payment_option
    if page and option:
        return f"the page {page} and the payment option {option} slowed down most"
    if page or option:
        return f"{'the page ' + page if page else 'the payment option ' + option} slowed down most"
    return "no page or payment option stands out: the whole shop slowed down"


def _critical(answer: CapacityAnswer) -> str:
    assert answer.critical is not None  # noqa: S101 - the caller checks it
    parts = []
    for one in answer.critical.crossings:
        least = "at least " if one.at_least else ""
        rate = "less than the lowest rate tried" if one.rate is None else f"{least}{_number(one.rate)}"
        parts.append(f"{rate} for {format_duration(one.bound)}")
    text = f"Journeys a minute by bound of {answer.critical.objective.rsplit(' ', 2)[0]}: {', '.join(parts)}"
    if answer.critical.mean is None:
        return f"{text}."
    least = "at least " if answer.critical.at_least else ""
    return f"{text}; critical rate (their geometric mean): {least}{_number(answer.critical.mean)}."


def levels_table(answer: CapacityAnswer) -> ReportTable:
    """Every level, in the order of the search."""
    rows = [
        (
            point.purpose,
            _number(point.rate),
            format_duration(point.seconds),
            format_measure(point.p50, "s"),
            format_measure(point.p95, "s"),
            format_measure(point.p99, "s"),
            _number(point.orders),
            NO_VALUE if point.excess is None else f"{point.excess:.2f}",
            _state(point),
        )
        for point in answer.points
    ]
    headings = (
        "level",
        "journeys/min",
        "lasted",
        "journey response p50",
        "p95",
        "p99",
        "orders/min",
        "over / allowed",
        "result",
    )
    return ReportTable("Levels of the search, by the journeys due in each", headings, rows)


def curve_table(answer: CapacityAnswer) -> ReportTable:
    """Orders a minute over the arrival rate, drawn as bars; rates within 10 % share a bar."""
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
    headings = ("journeys/min", "orders/min", "journey p95", "orders/min as a bar", "result")
    return ReportTable("The curve: orders and times at each arrival rate", headings, rows, text_columns=0)


def tables(answer: CapacityAnswer) -> list[ReportTable]:
    """The tables of a search that have rows."""
    return [table for table in (levels_table(answer), curve_table(answer)) if table.rows]


def _state(point: CapacityPoint) -> str:
    if point.trouble:
        return "not counted"
    if point.verdict:
        return point.verdict
    return "broken" if point.broken else ""


def _number(number: float) -> str:
    return format_number(round(number))
