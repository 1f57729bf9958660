"""Writes the comparison with stored runs as text, and the series of all runs as CSV for Apache Otava."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from datetime import UTC

from harness.regression.failures import failure_shares
from harness.regression.history.prediction import FEWEST_STORED, HistoryAnswer
from harness.regression.measures import JOURNEYS, PAGES, RunMeasures
from harness.regression.text import text
from harness.results.result import Result
from harness.units import format_count, format_duration, format_percent

MORE_RUNS = "Give more runs of the candidate, or store more runs."


def history_text(answer: HistoryAnswer, percentile: str, stored: Sequence[Result], notes: Sequence[str]) -> str:
    """The whole answer; ``stored`` are the results that it was compared with."""
    said = [*_change_sentences(answer, percentile, stored), *notes]
    if not answer.comparison.figures:
        head = (
            f"INCONCLUSIVE: there are {format_count(answer.stable, 'stored run')} since the last change, and "
            f"{FEWEST_STORED} are needed."
        )
        return "\n\n".join([head, *said]) + "\n"
    basis = f"compared with {format_count(answer.stable, 'stored run')}"
    return text(answer.comparison, percentile, said, more=MORE_RUNS, basis=basis)


def _change_sentences(answer: HistoryAnswer, percentile: str, stored: Sequence[Result]) -> Iterator[str]:
    """One sentence for each change point of the stored runs."""
    for name, found in answer.changes.items():
        for one in found:
            by = math.expm1(one.after - one.before)
            yield (
                f"Change point: with the run {stored[one.index].run_id}, the {percentile} of {name} went from "
                f"{format_duration(math.exp(one.before))} to {format_duration(math.exp(one.after))} "
                f"({'+' if by > 0 else '-'}{format_percent(abs(by))}, p = {one.p_value:.3f})."
            )


def otava_csv(runs: Sequence[tuple[Result, RunMeasures]], percentile: str) -> str:
    """One row for each run: its time, its id as the commit, and its figures; a figure that is not known is left out.

    Times are in seconds, the failures are a share of the journeys.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    names = (JOURNEYS, PAGES)
    rows.writerow(("time", "commit", *(f"{name.replace(' ', '_')}_{percentile}" for name in names), "failures"))
    for result, one in runs:
        found = [one.times.get(name) for name in names]
        values = [
            "" if each is None or math.isinf(each.logarithm) else f"{math.exp(each.logarithm):.6g}" for each in found
        ]
        failed = failure_shares([one.failures], [one.failures]).shares[0]
        moment = result.started_at.astimezone(UTC)
        rows.writerow((f"{moment:%Y-%m-%d %H:%M:%S} +0000", result.run_id, *values, f"{failed:.6g}"))
    return out.getvalue()
