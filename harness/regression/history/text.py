"""Writes the comparison with stored runs as text, and the series of all runs as CSV for Apache Otava."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from datetime import UTC

from harness.objectives.verdict import Verdict
from harness.regression.failures import failure_shares
from harness.regression.history.prediction import FEWEST_TO_PASS, HistoryAnswer
from harness.regression.measures import JOURNEYS, PAGES, RunMeasures
from harness.regression.text import text
from harness.results.result import Result
from harness.units import format_count, format_duration, format_percent

MORE_RUNS = "Give more runs of the candidate, or store more runs."


def history_text(answer: HistoryAnswer, percentile: str, stored: Sequence[Result], notes: Sequence[str]) -> str:
    """The whole answer; ``stored`` are the results that it was compared with."""
    said = [*_weakness(answer), *_change_sentences(answer, percentile, stored), *notes]
    runs = format_count(answer.stable, "stored run")
    since = f" since {stored[-answer.stable].run_id}" if answer.stable < len(stored) else ""
    return text(answer.comparison, percentile, said, more=MORE_RUNS, basis=f"compared with {runs}{since}")


def _weakness(answer: HistoryAnswer) -> Iterator[str]:
    """What too few stored runs mean, and what to do."""
    if not answer.missing:
        return
    last = " since the last change point; the older ones are not compared" if any(answer.changes.values()) else ""
    seen = [one.smallest_seen for one in answer.comparison.figures if one.name == PAGES and one.smallest_seen]
    large = f" (by about {format_percent(round(seen[0], 1))} for {PAGES})" if seen else ""
    yield (
        f"Weak: compared with only {format_count(answer.stable, 'stored run')}{last}. With fewer than {FEWEST_TO_PASS}, nothing passes, "
        f"and only a large slowdown is found{large}."
    )
    if answer.comparison.verdict is not Verdict.FAILED:
        yield (
            f"What to do: store {format_count(answer.missing, 'more run')} of versions that are good, this one if it is, with checkload "
            "baseline add. To decide now, run both versions: checkload regress abba, or duet."
        )


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
