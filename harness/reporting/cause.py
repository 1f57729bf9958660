"""Says in one or two sentences what most failures of a run have in common, and which page takes the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from harness.measurement.outcomes import CAN_COME_FROM_LATENESS, Blame, Outcome
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries
from harness.measurement.summary import page_rows, percentile
from harness.objectives.model import ObjectiveError, Subject
from harness.objectives.parser import parse
from harness.objectives.verdict import Verdict
from harness.results.result import Result
from harness.units import format_duration, format_number, format_percent

Key = TypeVar("Key", JourneyKey, PageKey)

MOST_CAUSES = 3
WORTH_SAYING = 0.05
"""A cause with a smaller share of the failures is not said."""

_NO_USER = "no virtual user was free"


def causes(result: Result) -> list[str]:
    """The causes as sentences, the most frequent first: of failures, then of times that broke an objective.

    Failures are those of the steady part, or of the whole run if the steady part has none.
    """
    return [*failure_causes(result), *_time_causes(result)]


def causes_of_verdict(result: Result) -> list[str]:
    """The causes to say beside the verdict.

    Times are left out for a run that passed. For an invalid run, only failures that no lateness of checkload explains are said, and
    the reason why the run is invalid comes first.
    """
    verdict = result.judgement.verdict
    found = failure_causes(result, CAN_COME_FROM_LATENESS if verdict is Verdict.INVALID else frozenset())
    if verdict is Verdict.INVALID and found:
        return [f"The shop also failed: {found[0][:1].lower()}{found[0][1:]}", *found[1:]]
    return found if verdict in {Verdict.PASSED, Verdict.INVALID} else causes(result)


def failure_causes(result: Result, without: Collection[str] = ()) -> list[str]:
    """What most failed journeys have in common, or most failed pages if no journey failed; ``without`` these outcomes."""
    noun, kinds, options = _failures(result.recorder)
    total = kinds.total()
    return [
        _sentence(noun, count, total, kind, options[kind])
        for kind, count in kinds.most_common(MOST_CAUSES)
        if count >= total * WORTH_SAYING and kind[0] not in without
    ]


def failure_kinds(recorder: Recorder) -> Counter[tuple[str, str]]:
    """How many failed journeys, or failed pages if no journey failed, there are by outcome and page."""
    return _failures(recorder)[1]


def _failures(recorder: Recorder) -> tuple[str, Counter[tuple[str, str]], dict[tuple[str, str], set[str]]]:
    """What is counted, and the counts and payment options of the failures by outcome and page."""
    journeys, pages = _failed_series(recorder.journeys), _failed_series(recorder.pages)
    found = [(key.outcome, key.failed_page, key.payment_option, series) for key, series in journeys]
    found = found or [(key.outcome, key.page, key.payment_option, series) for key, series in pages]
    kinds: Counter[tuple[str, str]] = Counter()
    options: dict[tuple[str, str], set[str]] = {}
    for outcome, page, option, series in found:
        kinds[outcome, page] += series.response.total
        options.setdefault((outcome, page), set()).add(option)
    return "journey" if journeys else "page", kinds, options


def _failed_series(every: Mapping[Key, SampleSeries]) -> list[tuple[Key, SampleSeries]]:
    """The failures of the steady part, or of the whole run if the steady part has none."""
    failed = [(key, series) for key, series in list(every.items()) if key.blame == Blame.SHOP]
    return [one for one in failed if one[0].phase == Phase.STEADY] or failed


def _sentence(noun: str, count: int, total: int, kind: tuple[str, str], options: set[str]) -> str:
    outcome, page = kind
    what = f"`{outcome}`"
    if outcome == Outcome.DROPPED:
        what += f" ({_NO_USER})"
    where = f" on {page}" if page else ""
    only = f", all with payment option {next(iter(options))}" if len(options) == 1 and "" not in options else ""
    if total == 1:
        return f"The only failed {noun} is {what}{where}{only}."
    verb = "is" if count == 1 else "are"
    return f"{format_number(count)} of {format_number(total)} failed {noun}s {verb} {what}{where}{only}."


def _time_causes(result: Result) -> Iterator[str]:
    """Which page takes most of the time, if a time broke an objective that names no page."""
    if not any(one.verdict is Verdict.FAILED and _names_no_page(one.text) for one in result.judgement.objectives):
        return
    rows = page_rows(result.recorder)
    total = sum(row.response.sum for row in rows)
    if not total:
        return
    most = max(rows, key=lambda row: row.response.sum)
    p95 = percentile(most.response, 0.95)
    took = f", p95 {format_duration(p95)}" if p95 is not None else ""
    yield (
        f"{most.name} takes {format_percent(most.response.sum / total)} of the time that shoppers wait for pages "
        f"({format_number(most.count)} pages{took})."
    )
    slowest = max(rows, key=lambda row: percentile(row.response, 0.95) or 0.0)
    if slowest is not most and (worst := percentile(slowest.response, 0.95)) is not None:
        yield f"The slowest page is {slowest.name}, p95 {format_duration(worst)}."


def _names_no_page(text: str) -> bool:
    try:
        objective = parse(text)
    except ObjectiveError:
        return False
    return objective.metric.timed and not (objective.subject is Subject.PAGE and objective.name)
