"""Renders a result for people and pipelines: each format is one function from a result to text."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

from tabulate import tabulate

from harness.capacity.answer import SEARCH_COMPLETE
from harness.reporting import capacity
from harness.reporting import text as sentences
from harness.reporting.junit import junit
from harness.reporting.markdown import escaped, table
from harness.reporting.tables import ReportTable, objectives_table, outcomes_table, tables
from harness.results.result import Result

__all__ = ["RENDERINGS", "console", "junit", "summary"]

MOST_BYTES = 60_000
"""The size limit of a summary: CI services refuse or cut off larger ones (some at 64 kB)."""
MOST_PAGES = 12
"""How many pages the console shows; the summary has all of them."""
_MOST_ROWS = 100
_CELL = 48  # characters of a text column before it wraps


def console(result: Result, width: int = 100, results: str = "") -> str:
    """The report for the console: the verdict, the tables behind it, the verdict again, and the folder of the results."""
    verdict = _wrapped(sentences.headline(result), width)
    parts = [verdict, _paragraphs(result, width)]
    parts += [f"{one.title}\n{_drawn_table(one, width)}" for one in _tables(result, MOST_PAGES)]
    parts += [_list(list(sentences.unmet_objectives(result)), "Objectives not met", width)]
    parts += [_list(list(sentences.findings(result)), "About the measurement", width)]
    parts += [_wrapped(sentences.READING_NOTE, width), verdict + (f"\nResults: {results}" if results else "")]
    return "\n\n".join(part for part in parts if part) + "\n"


def summary(result: Result) -> str:
    """The report as Markdown, for the summary of a CI step."""
    parts = [f"## checkload {escaped(result.scenario)}: {sentences.VERDICT_LABELS[result.judgement.verdict]}"]
    parts += [escaped(result.judgement.reason)]
    parts += ["  \n".join(escaped(line) for line in run_facts(result))]
    lists = (
        ("Objectives not met", list(sentences.unmet_objectives(result))),
        ("About the measurement", list(sentences.findings(result))),
    )
    for title, items in lists:
        if items:
            parts.append("\n".join([f"### {title}", "", *(f"- {escaped(item)}" for item in items[:_MOST_ROWS])]))
    parts += [_markdown(one) for one in _tables(result)]
    parts.append(escaped(sentences.READING_NOTE))
    text = ""
    for part in parts:
        if len((text + part).encode()) > MOST_BYTES:
            return text + "\nThe rest did not fit here; `result.json` has all of it.\n"
        text += part + "\n\n"
    return text


def _tables(result: Result, most_pages: int | None = None) -> list[ReportTable]:
    """The tables of a result; times over all levels of a search would mean nothing, so it has tables of its own."""
    if result.capacity is None:
        return tables(result, most_pages)
    every = [
        objectives_table(result.judgement),
        *capacity.tables(result.capacity),
        outcomes_table(result.recorder),
    ]
    return [one for one in every if one.rows]


def run_facts(result: Result) -> list[str]:
    """The run in sentences: its setup, its totals, the ledger, the answer of a search."""
    every = (
        sentences.run_setup(result),
        "" if _search_complete(result) or not result.stopped else f"Ended early: {result.stopped}",
        sentences.skipped_objectives(result),
        sentences.arrivals_served(result),
        sentences.throughput(result) if result.capacity is None else "",
        *(capacity.sentences(result.capacity) if result.capacity else ()),
        sentences.totals(result),
        sentences.repeated_requests(result),
        sentences.ledger(result),
        sentences.response_service_gap(result),
    )
    return [line for line in every if line]


def _search_complete(result: Result) -> bool:
    """Whether the run ended because its search was complete, which is no early end."""
    return result.capacity is not None and result.stopped == SEARCH_COMPLETE


def _paragraphs(result: Result, width: int) -> str:
    return "\n".join(_wrapped(line, width) for line in run_facts(result))


def _drawn_table(one: ReportTable, width: int) -> str:
    widest = max(16, min(_CELL, width - 40))
    limits = [widest if place < one.text_columns else None for place in range(len(one.headings))]
    return tabulate(
        one.rows,
        one.headings,
        tablefmt="simple",
        colalign=one.alignment,
        disable_numparse=True,
        maxcolwidths=limits,
    )


def _markdown(one: ReportTable) -> str:
    rows = one.rows[:_MOST_ROWS]
    left = len(one.rows) - len(rows)
    drawn = table(one.headings, rows, alignment=one.alignment)
    return f"### {one.title}\n\n{drawn}" + (f"\n\n{left} more rows are in `result.json`." if left else "")


def _list(items: list[str], title: str, width: int) -> str:
    if not items:
        return ""
    wrapped = (textwrap.fill(item, width, initial_indent="  - ", subsequent_indent="    ") for item in items)
    return "\n".join([title, *wrapped])


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


RENDERINGS: Mapping[str, Callable[[Result], bytes]] = {
    "summary.md": lambda result: summary(result).encode(),
    "junit.xml": junit,
}
"""The files that are written beside ``result.json``; a new report format is one more line here."""
