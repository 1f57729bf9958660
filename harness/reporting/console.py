"""The report for the console: 80 columns, the verdict with its cause first and last, and the tables between them."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Sequence
from typing import TextIO

from tabulate import tabulate

from harness.objectives.text import FEWEST_ALIKE, without_label_values
from harness.objectives.verdict import Verdict
from harness.reporting import text as sentences
from harness.reporting.cause import ALSO_SEEN, causes_of_verdict, what_to_do
from harness.reporting.report import report_tables, run_facts
from harness.reporting.tables import ReportTable
from harness.results.result import Result

WIDTH = 80
MOST_PAGES = 12
"""How many pages the console shows; the summary has all of them."""
_NAME, _OBJECTIVE = 28, 33  # characters of a text column before it wraps
_COLOURS = {
    Verdict.PASSED: "\x1b[1;32m",
    Verdict.FAILED: "\x1b[1;31m",
    Verdict.INVALID: "\x1b[1;35m",
    Verdict.INCONCLUSIVE: "\x1b[1;33m",
}
_BOLD, _END = "\x1b[1m", "\x1b[0m"


def console(result: Result, results: str = "", *, colour: bool = False) -> str:
    """The report as text; ``results`` is the folder of the results, and ``colour`` is for a terminal."""
    verdict = _verdict(result, colour=colour)
    also = ALSO_SEEN.rstrip(": ") if result.judgement.verdict is Verdict.INVALID else "Causes"
    causes = _list(
        [one.removeprefix(ALSO_SEEN).replace("`", "") for one in causes_of_verdict(result)], also, colour=colour
    )
    remedy = _wrapped(what_to_do(result))
    parts = [verdict, causes, remedy, "\n".join(map(_wrapped, run_facts(result)))]
    parts += [_drawn(one, colour=colour) for one in report_tables(result, MOST_PAGES)]
    parts += [_wrapped(sentences.READING_NOTE)]
    parts += [
        _list(list(sentences.unmet_objectives(result)), sentences.unmet_title(result.judgement.verdict), colour=colour)
    ]
    parts += [_list(list(sentences.findings(result)), "About the measurement", colour=colour)]
    parts += [verdict, causes, remedy, f"Results: {results}" if results else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


def wants_colour(stream: TextIO) -> bool:
    """Whether a stream shows colours: a terminal, unless the variable NO_COLOR is set or the terminal is a dumb one."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _verdict(result: Result, *, colour: bool) -> str:
    words = _wrapped(sentences.headline(result))
    if not colour:
        return words
    label, rest = words.split(":", 1)
    return f"{_COLOURS[result.judgement.verdict]}{label}:{_END}{rest}"


def _drawn(one: ReportTable, *, colour: bool) -> str:
    rows = _alike_together(one.rows) if one.headings[0] == "verdict" else one.rows
    limits = [_OBJECTIVE if heading == "objective" else _NAME for heading in one.headings[: one.text_columns]]
    drawn = tabulate(
        rows,
        one.headings,
        tablefmt="simple",
        colalign=one.alignment,
        disable_numparse=True,
        maxcolwidths=[*limits, *[None] * (len(one.headings) - one.text_columns)],
    )
    return f"{_title(one.title, colour=colour)}\n{drawn}"


def _alike_together(rows: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The rows of objectives, broken ones first; many that were kept or not judged, and differ only in a label, share one row."""
    order = ["failed", "inconclusive", "not judged", "passed"]
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row in sorted(rows, key=lambda row: order.index(row[0])):
        verdict, text, _, bound, _ = row
        kind = without_label_values(text) if verdict in {"passed", "not judged"} else text
        groups.setdefault((verdict, kind, bound), []).append(row)
    for (verdict, kind, bound), alike in groups.items():
        if len(alike) < FEWEST_ALIKE:
            yield from alike
        else:
            yield verdict, f"{kind} (each of {len(alike)})", "", bound, ""


def _list(items: Sequence[str], title: str, *, colour: bool) -> str:
    if not items:
        return ""
    wrapped = (textwrap.fill(item, WIDTH, initial_indent="  - ", subsequent_indent="    ") for item in items)
    return "\n".join([_title(title, colour=colour), *wrapped])


def _title(text: str, *, colour: bool) -> str:
    return f"{_BOLD}{text}{_END}" if colour else text


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
