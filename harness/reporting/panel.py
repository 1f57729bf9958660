"""The panel that a run shows on a terminal: how far it is, its load, its times, its failures, its objectives so far."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from unicodedata import combining, east_asian_width

from harness.measurement.sample import Phase
from harness.objectives.live_status import LiveState
from harness.reporting.progress import PHASES
from harness.reporting.tables import NO_VALUE, format_measure
from harness.shop_metrics.objective import AnyObjective
from harness.units import format_count, format_duration, format_number

WIDTH = 79
MOST_OBJECTIVES = 6
MOST_FAILURES = 3
HISTORY = 40
"""So many p95 the sparkline shows, one for each second."""
_BAR, _LABEL = 30, 11  # characters
_SPARKS = "▁▂▃▄▅▆▇█"
_BOLD, _RED, _GREEN, _GREY, _END = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[90m", "\x1b[0m"
_MARKS = {
    LiveState.BROKEN: ("✗", _RED),
    LiveState.NOT_YET: ("…", _GREY),
    LiveState.NOTHING: ("…", _GREY),
    LiveState.KEPT: ("✓", _GREEN),
}
_WORDS = {
    LiveState.BROKEN: "broken",
    LiveState.NOT_YET: "not yet reached",
    LiveState.NOTHING: "without samples",
    LiveState.KEPT: "kept",
}


@dataclass(frozen=True, slots=True)
class ObjectiveLine:
    """One objective, how it stands, and the measured number in its unit; ``None``: nothing yet."""

    objective: AnyObjective
    state: LiveState = LiveState.NOTHING
    measured: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelState:
    """What the panel shows of a run at a moment; times are in seconds, rates are journeys per second.

    ``stage`` and ``level`` say in words at which stage of the profile, or level of a search, the run is. ``wanted`` is ``None`` for a
    closed load. ``p95`` has one response time for each past second, the latest last. ``failures`` counts by outcome and page.
    """

    name: str
    target: str
    begun: bool
    phase: Phase
    elapsed: float
    length: float
    drain: float
    stage: str = ""
    level: str = ""
    users: int = 0
    wanted: float | None = None
    served: float | None = None
    ended: int = 0
    orders: int = 0
    failed: int = 0
    under_way: int = 0
    waiting: int = 0
    dropped: int = 0
    p95: Sequence[float | None] = ()
    service_p95: float | None = None
    failures: Sequence[tuple[str, str, int]] = ()
    objectives: Sequence[ObjectiveLine] = field(default_factory=tuple)


def panel(state: PanelState, columns: int, rows: int) -> list[str]:
    """The lines of the panel, none wider than ``columns``, and fewer than ``rows``."""
    width = min(WIDTH, columns - 1)
    lines = [
        _fitted("", width),
        _fitted(f"{state.name} → {state.target}" if state.target else state.name, width, _BOLD),
        _fitted(_position(state), width),
    ]
    if state.begun:
        lines += [_fitted(f"{label:{_LABEL}}{text}", width) for label, text in _figures(state)]
        lines += _failures(state, width)
        lines += _objectives(state, width)
    return lines[: max(0, rows - 1)]


def _position(state: PanelState) -> str:
    """How far the run is: a bar, the phase, the time left."""
    if not state.begun:
        return f"Starting {format_count(state.users, 'virtual user')}."
    part = min(1.0, state.elapsed / state.length) if state.length else 1.0
    bar = "█" * round(part * _BAR) + "░" * (_BAR - round(part * _BAR))
    if state.phase is Phase.DRAIN:
        since = max(0.0, state.elapsed - state.length)
        return f"{bar} drain, {since:.0f} s of at most {state.drain:.0f} s"
    seconds = round(max(0.0, state.length - state.elapsed))
    left = format_duration(seconds) if seconds else "0 s"
    where = ", ".join(part for part in (PHASES[state.phase], state.level or state.stage) if part)
    return f"{bar} {where}, {'at most ' if state.level else ''}{left} left"


def _figures(state: PanelState) -> Iterator[tuple[str, str]]:
    served = NO_VALUE if state.served is None else f"{format_number(state.served)}/s"
    if state.wanted is None:
        yield "Rate", f"{served} (a closed load has no planned rate)"
    else:
        rates = [f"{format_number(state.wanted)}/s wanted, {served} served"]
        rates += [f"{format_number(state.waiting)} waiting for a user"] * (state.waiting > 0)
        rates += [f"{format_number(state.dropped)} dropped"] * (state.dropped > 0)
        yield "Rate", ", ".join(rates)
    counts = [
        f"{format_number(state.ended)} ended",
        format_count(state.orders, "order"),
        f"{format_number(state.failed)} failed",
        f"{format_number(state.under_way)} in progress",
    ]
    yield "Journeys", ", ".join(counts)
    latest = next((one for one in reversed(state.p95) if one is not None), None)
    if latest is None:
        yield "Page p95", NO_VALUE
    else:
        service = "" if state.service_p95 is None else f" ({format_duration(state.service_p95)} from sending)"
        yield "Page p95", f"{sparkline(state.p95[-HISTORY:])} {format_duration(latest)}{service}"


def _failures(state: PanelState, width: int) -> Iterator[str]:
    for place, (outcome, page, count) in enumerate(state.failures[:MOST_FAILURES]):
        where = f" on {page}" if page else ""
        yield _fitted(f"{'' if place else 'Failures':{_LABEL}}{format_number(count)} {outcome}{where}", width, _RED)
    if not state.failures:
        yield _fitted(f"{'Failures':{_LABEL}}none", width)
    elif more := sum(count for _, _, count in state.failures[MOST_FAILURES:]):
        yield _fitted(f"{'':{_LABEL}}{format_number(more)} others", width, _RED)


def _objectives(state: PanelState, width: int) -> Iterator[str]:
    if not state.objectives:
        return
    order = list(_MARKS)
    ranked = sorted(state.objectives, key=lambda one: order.index(one.state))
    counts = {state: sum(one.state is state for one in ranked) for state in order}
    words = ", ".join(f"{n} {_WORDS[state]}" for state, n in counts.items() if n)
    yield _fitted(f"{'Objectives':{_LABEL}}so far: {words}", width)
    for one in ranked[:MOST_OBJECTIVES]:
        mark, colour = _MARKS[one.state]
        measured = format_measure(one.measured, one.objective.unit)
        room = max(1, width - len(measured) - 5)
        text = _shortened(one.objective.text, room)
        yield _fitted(f"  {mark} {text}{' ' * (room - _columns(text))} {measured}", width, colour)
    if (more := len(ranked) - MOST_OBJECTIVES) > 0:
        yield _fitted(f"    and {more} more", width, _GREY)


def sparkline(times: Sequence[float | None]) -> str:
    """One character for each time, relative to the longest; a blank where there is none."""
    most = max((one for one in times if one is not None and one < float("inf")), default=0.0)
    top = len(_SPARKS) - 1
    return "".join(" " if one is None else _SPARKS[top if one >= most else round(one / most * top)] for one in times)


def _fitted(text: str, width: int, style: str = "") -> str:
    """The text in at most ``width`` columns, without any character that would move the cursor."""
    plain = _shortened("".join(each if each.isprintable() else "?" for each in text), width)
    return f"{style}{plain}{_END}" if style else plain


def _shortened(text: str, width: int) -> str:
    """The text, or as much of it as finds room in ``width`` columns with an ellipsis."""
    if _columns(text) <= width:
        return text
    kept = 0
    used = 1  # the ellipsis
    while kept < len(text) and used + _columns(text[kept]) <= width:
        used += _columns(text[kept])
        kept += 1
    return f"{text[:kept]}…"


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes: a wide character of East Asia takes two, a combining one none."""
    return sum(0 if combining(each) else 1 + (east_asian_width(each) in "WF") for each in text)
