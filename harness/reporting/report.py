"""Renders a result for people and pipelines: each format is one function from a result to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.capacity.answer import SEARCH_COMPLETE
from harness.reporting import capacity
from harness.reporting import text as sentences
from harness.reporting.cause import causes_of_verdict, what_to_do
from harness.reporting.junit import junit
from harness.reporting.markdown import escaped, table, with_code
from harness.reporting.summary_json import summary_json
from harness.reporting.tables import ReportTable, objectives_table, outcomes_table, tables
from harness.results.result import Result

MOST_BYTES = 60_000
"""The size limit of a summary: CI services refuse or cut off larger ones (some at 64 kB)."""
_MOST_ROWS = 100


def summary(result: Result) -> str:
    """The report as Markdown, for the summary of a CI step."""
    parts = [f"## checkload {escaped(result.scenario)}: {sentences.verdict_label(result.judgement.verdict)}"]
    parts += [escaped(" ".join(filter(None, (result.judgement.reason, what_to_do(result)))))]
    if lines := causes_of_verdict(result):
        parts.append("\n".join(f"- {with_code(line)}" for line in lines))
    parts += ["  \n".join(escaped(line) for line in run_facts(result))]
    lists = (
        (sentences.unmet_title(result.judgement.verdict), list(sentences.unmet_objectives(result))),
        ("About the measurement", list(sentences.findings(result))),
    )
    for title, items in lists:
        if items:
            parts.append("\n".join([f"### {title}", "", *(f"- {escaped(item)}" for item in items[:_MOST_ROWS])]))
    parts += [_markdown(one) for one in report_tables(result)]
    parts.append(escaped(sentences.READING_NOTE))
    text = ""
    for part in parts:
        if len((text + part).encode()) > MOST_BYTES:
            return text + "\nThe rest did not fit here; `result.json` has all of it.\n"
        text += part + "\n\n"
    return text


def report_tables(result: Result, most_pages: int | None = None) -> list[ReportTable]:
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
        "" if _search_complete(result) or not result.stopped else f"Ended early: {result.stopped}.",
        sentences.what_moved_first(result),
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


def _markdown(one: ReportTable) -> str:
    rows = one.rows[:_MOST_ROWS]
    left = len(one.rows) - len(rows)
    drawn = table(one.headings, rows, alignment=one.alignment)
    return f"### {one.title}\n\n{drawn}" + (f"\n\n{left} more rows are in `result.json`." if left else "")


RENDERINGS: Mapping[str, Callable[[Result], bytes]] = {
    "summary.json": summary_json,
    "summary.md": lambda result: summary(result).encode(),
    "junit.xml": junit,
}
"""The files that are written beside ``result.json``; a new report format is one more line here."""
HTML_REPORT = "report.html"
"""The page with charts, which is drawn after them."""
