"""Writes a comparison as text: the verdict and its reason, every figure, and what else to know."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison
from harness.regression.figures import GATED, Figure, Kind
from harness.reporting.tables import NO_VALUE
from harness.units import format_count, format_duration, format_number, format_percent

WIDTH = 100
_NO_BREAK = "\u00a0%"
MOST_NAMED = 4
"""Figures that the first sentence names."""


ADD_PAIRS = (
    "Run baseline and candidate in turn (A B B A …), and add each further pair with --and. "
    "You may look after each pair: the bounds allow for that."
)


def text(
    comparison: Comparison, percentile: str, notes: Sequence[str] = (), *, more: str = ADD_PAIRS, basis: str = ""
) -> str:
    """The whole answer; ``more`` says how to get more pairs if nothing is decided, ``basis`` what was compared if not pairs."""
    parts = [_filled(f"{comparison.verdict.upper()}: {reason(comparison, percentile, basis)}.")]
    if comparison.figures:
        parts.append(_table(comparison, percentile))
    parts += [_filled(note) for note in (*_not_compared(comparison), *_advice(comparison, more), *notes)]
    return "\n\n".join(parts) + "\n"


def reason(comparison: Comparison, percentile: str, basis: str = "") -> str:
    """Why the verdict is as it is, in one sentence without its full stop."""
    gated = [one for one in comparison.figures if one.kind in GATED]
    after = basis or f"after {format_count(comparison.pairs, 'pair')} of runs"
    match comparison.verdict:
        case Verdict.FAILED:
            moved = comparison.moved
            more = f" and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
            return "the candidate is worse: " + "; ".join(_moved(one, percentile) for one in moved[:MOST_NAMED]) + more
        case Verdict.PASSED:
            slower = max(one.high or 0.0 for one in gated if one.kind is Kind.TIME)
            failing = max(one.high or 0.0 for one in gated if one.kind is Kind.FAILURES)
            how = f"faster by at least {format_percent(-slower)}"
            if slower >= 0:
                how = f"not slower by more than {format_percent(slower)}"
            return f"the candidate is {how}, and it does not fail {format_percent(max(0.0, failing))} more of its journeys, {after}"
        case _:
            if not comparison.pairs:
                return "there is no pair of runs to compare"
            missing = [one for one in gated if one.note and one.verdict is Verdict.INCONCLUSIVE]
            if missing:
                return f"{missing[0].name}: {missing[0].note}"
            if comparison.disturbed and all(one.verdict is Verdict.PASSED for one in gated):
                return f"checkload itself was late in {format_count(comparison.disturbed, 'run')}, which hides small differences"
            open_ = ", ".join(one.name for one in gated if one.verdict is Verdict.INCONCLUSIVE)
            return f"it is not certain whether the candidate is worse in {open_}, {after}"


def _moved(one: Figure, percentile: str) -> str:
    change, low = one.change, one.low
    if one.kind is Kind.THROUGHPUT and change is None:
        return f"{_value(one.kind, one.candidate)} {one.name} instead of {_value(one.kind, one.baseline)}"
    name = f"the {percentile} of {_named(one)}" if one.kind in {Kind.TIME, Kind.PAGE, Kind.OPTION} else one.name
    if change is None or one.kind is Kind.SPREAD:
        return f"{name}: {one.note}" if one.note else name
    if one.kind is Kind.FAILURES:
        return f"{format_percent(one.candidate or 0.0)} of its journeys fail instead of {format_percent(one.baseline or 0.0)}"
    rose = "is longer by" if one.kind is not Kind.THROUGHPUT else "are lower by"
    return f"{name} {rose} {format_percent(change)}, certainly by more than {format_percent(max(0.0, low or 0.0))}"


def _named(one: Figure) -> str:
    return {Kind.PAGE: "page ", Kind.OPTION: "payment option "}.get(one.kind, "") + one.name


def _table(comparison: Comparison, percentile: str) -> str:
    details = [one for one in comparison.figures if one.kind not in GATED]
    order = [one for one in comparison.figures if one.kind in GATED]
    order += sorted(details, key=lambda one: (one.kind, -(one.change or 0.0)))
    headings = (
        f"{percentile}, rates, shares",
        "verdict",
        "baseline",
        "candidate",
        "worse by",
        "at least",
        "at most",
        "could see",
    )
    sides = ("left", "left", *["right"] * 6)
    return tabulate([_row(one) for one in order], headings, tablefmt="simple", colalign=sides, disable_numparse=True)


def _row(one: Figure) -> tuple[str, ...]:
    shown = one.verdict.value if one.kind in GATED or one.verdict is Verdict.FAILED else NO_VALUE
    if one.kind is Kind.SPREAD:
        values = (NO_VALUE, NO_VALUE, NO_VALUE if one.change is None else f"{one.change:.2f} {one.note}".strip())
        return (one.name, shown, *values, NO_VALUE, NO_VALUE, NO_VALUE)
    return (
        _named(one),
        shown,
        *(_value(one.kind, each) for each in (one.baseline, one.candidate)),
        *(_change(each) for each in (one.change, one.low, one.high)),
        NO_VALUE if one.smallest_seen is None else _change(one.smallest_seen),
    )


def _value(kind: Kind, value: float | None) -> str:
    if value is None:
        return NO_VALUE
    if kind is Kind.FAILURES:
        return format_percent(value)
    return format_number(value) if kind is Kind.THROUGHPUT else format_duration(value)


def _change(value: float | None) -> str:
    if value is None:
        return NO_VALUE
    return "no limit" if math.isinf(value) else f"{value:+.1%}".replace("%", " %")


def _not_compared(comparison: Comparison) -> Iterator[str]:
    """Why the table has no values for a figure that a pass must prove."""
    for one in comparison.figures:
        if one.kind in GATED and one.note and one.verdict is Verdict.INCONCLUSIVE:
            yield f"Not compared: {one.name}: {one.note}."


def _advice(comparison: Comparison, more: str) -> Iterator[str]:
    """What to do if nothing is decided."""
    if comparison.verdict is not Verdict.INCONCLUSIVE or not comparison.pairs:
        return
    if comparison.disturbed:
        yield (
            f"In {format_count(comparison.disturbed, 'run')}, other programs kept the machine of checkload busy. Such runs can show "
            "a regression, but they prove no pass. Give checkload a quiet machine."
        )
    needed = [one.pairs_needed for one in comparison.figures if one.kind in GATED and one.pairs_needed]
    if needed:
        like = "this one" if comparison.pairs == 1 else "these"
        yield f"About {max(needed)} pairs of runs like {like} would be conclusive. {more}"


def _filled(paragraph: str) -> str:
    # A number stays with its sign.
    return textwrap.fill(paragraph.replace(" %", _NO_BREAK), WIDTH).replace(_NO_BREAK, " %")
