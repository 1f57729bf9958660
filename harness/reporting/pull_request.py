"""Writes one comment for a pull request: the verdict, what failed and why, how sure it is, and where the full report is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.objectives.verdict import ObjectiveResult, Verdict
from harness.reporting import text as sentences
from harness.reporting.cause import causes_of_verdict, what_to_do
from harness.reporting.markdown import escaped, table, with_code
from harness.reporting.tables import format_measure
from harness.results.result import Result
from harness.units import format_count

MARK = "<!-- checkload {scenario} -->"
"""The first line of a comment. A pipeline finds its earlier comment by it, and replaces it."""
SYMBOLS = {Verdict.PASSED: "✅", Verdict.FAILED: "❌", Verdict.INVALID: "⚠️", Verdict.INCONCLUSIVE: "❔"}
MOST_OBJECTIVES = 12
MOST_SENTENCES = 5


class Attempt(NamedTuple):
    """An earlier run of the same pipeline that decided nothing, with its reason."""

    verdict: Verdict
    reason: str


def comment(result: Result, earlier: Sequence[Attempt] = (), *, link: str = "", warns: bool = False) -> str:
    """The comment as Markdown, under 60 lines. ``warns``: the pipeline goes on although the run decided nothing."""
    return "\n\n".join(part for part in _parts(result, earlier, link, warns=warns) if part) + "\n"


def _parts(result: Result, earlier: Sequence[Attempt], link: str, *, warns: bool) -> Iterator[str]:
    judgement = result.judgement
    title = escaped(f"checkload {result.scenario}: {judgement.verdict.value}")
    yield MARK.format(scenario=escaped(result.scenario)) + f"\n### {SYMBOLS[judgement.verdict]} {title}"
    yield escaped(judgement.reason)
    if warns:
        yield "The pipeline goes on, because it only warns of runs that decide nothing."
    yield "\n".join(f"- {with_code(cause)}" for cause in causes_of_verdict(result))
    yield escaped(what_to_do(result))
    unmet = [
        one
        for verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE)
        for one in judgement.objectives
        if one.verdict is verdict
    ]
    if judgement.verdict is not Verdict.INVALID and unmet:
        yield _objectives(unmet)
        others = Counter(one.verdict for one in judgement.objectives)
        words = {Verdict.PASSED: "kept", Verdict.INVALID: "not judged"}
        yield " ".join(
            f"{format_count(others[one], 'other objective')} {word}." for one, word in words.items() if others[one]
        )
    yield _items(list(sentences.findings(result)))
    yield _items([f"Attempt {index}: {one.verdict.value}. {one.reason}" for index, one in enumerate(earlier, 1)])
    yield escaped(f"{sentences.run_setup(result)} {sentences.totals(result)}")
    yield f"[Full report]({link})" if link else ""


def _objectives(unmet: Sequence[ObjectiveResult]) -> str:
    rows = [
        (one.verdict.value, one.text, format_measure(one.measured, one.unit), format_measure(one.bound, one.unit))
        for one in unmet[:MOST_OBJECTIVES]
    ]
    left = len(unmet) - len(rows)
    more = f"\n\n{format_count(left, 'more objective')} not kept." if left else ""
    return (
        table(("verdict", "objective", "measured", "bound"), rows, alignment=("left", "left", "right", "right")) + more
    )


def _items(items: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(item)}" for item in items[:MOST_SENTENCES])
