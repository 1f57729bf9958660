"""Says in one or two sentences what most failures of a run have in common, which page takes the time, and what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from math import ceil, inf, isfinite
from typing import TypeVar

from harness.measurement.outcomes import CAN_COME_FROM_LATENESS, Blame, Outcome
from harness.measurement.recorder import JourneyKey, PageKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries
from harness.measurement.summary import page_rows, percentile
from harness.objectives.model import Metric, Objective, ObjectiveError, Subject
from harness.objectives.parser import parse
from harness.objectives.verdict import ObjectiveResult, Severity, Verdict
from harness.results.result import Result
from harness.units import format_count, format_duration, format_number, format_percent

Key = TypeVar("Key", JourneyKey, PageKey)

ALSO_SEEN = "Also seen: "
"""Before the failures of an invalid run: they are no reason of its verdict."""
MOST_CAUSES = 3
WORTH_SAYING = 0.05
"""A cause with a smaller share of the failures is not said."""

_STATUS: Mapping[str, str] = {
    Outcome.HTTP_5XX: "a status from 500 to 599",
    Outcome.HTTP_4XX: "a status from 400 to 499",
}
"""What stands in the log of a shop for some outcomes."""
_NO_USER = "no virtual user was free"


def causes(result: Result) -> list[str]:
    """The causes as sentences, the most frequent first: of failures, then of times that broke an objective.

    Failures are those of the steady part, or of the whole run if the steady part has none.
    """
    return [*failure_causes(result), *_time_causes(result)]


def causes_of_verdict(result: Result) -> list[str]:
    """The causes to say beside the verdict.

    Times are left out for a run that passed. Where checkload was late or short of users, only failures that this does not explain
    are said. For an invalid run, the reason why it is invalid comes first.
    """
    verdict = result.judgement.verdict
    if any(one.level is Severity.INVALID for one in result.judgement.findings):
        found = failure_causes(result, CAN_COME_FROM_LATENESS)
        return [f"{ALSO_SEEN}{one}" for one in found] if verdict is Verdict.INVALID else found
    found = failure_causes(result) + _orders_without_receipt(result)
    return found if verdict is Verdict.PASSED else [*found, *_time_causes(result)]


def causes_of_objective(result: Result, judged: ObjectiveResult) -> list[str]:
    """Those of ``causes_of_verdict`` that explain one broken objective: of failures, or of times if it is about times.

    A time that is infinite is one of failures. An objective that names a page has no cause on another page, and one on the shop's
    own metrics has none here.
    """
    objective = _parsed(judged.text)
    if objective is None:
        return []
    page = objective.name if objective.subject is Subject.PAGE else ""
    by_failures = _broken_by_failures(objective, judged)
    of_failures = {*failure_causes(result), *failure_causes(result, CAN_COME_FROM_LATENESS)}
    of_failures.update(_orders_without_receipt(result))
    return [
        one
        for one in causes_of_verdict(result)
        if (one in of_failures) is by_failures and re.search(rf"\b{page}\b", one)
    ]


def what_to_do(result: Result) -> str:
    """What to do next, as a sentence; empty if there is nothing.

    It is the remedy of the first finding that decided the verdict. If objectives were left undecided, it is the length of a run
    that decides all of them, or the whole planned length if the run ended early. If the shop broke an objective, it is where to look.
    """
    judgement = result.judgement
    level = Severity.INCONCLUSIVE if judgement.verdict is Verdict.INCONCLUSIVE else Severity.INVALID
    for finding in judgement.findings:
        if finding.level is level and finding.remedy:
            said = "For times that can be trusted" if judgement.verdict is Verdict.FAILED else "What to do"
            return f"{said}: {finding.remedy}."
    if judgement.verdict is Verdict.FAILED:
        return _where_to_look(result)
    if judgement.verdict is not Verdict.INCONCLUSIVE:
        return ""
    stopped = next((one.remedy for one in judgement.findings if one.check == "end" and one.remedy), "")
    return f"What to do: {stopped}." if stopped else _length_that_decides(result)


def _broken_by_failures(objective: Objective, judged: ObjectiveResult) -> bool:
    """Whether failures explain a broken objective; they also explain a time that is infinite."""
    return not objective.metric.timed or (judged.measured is not None and not isfinite(judged.measured))


def _where_to_look(result: Result) -> str:
    """The page to look at in the shop: that of most failures if they broke an objective, else one that is slow."""
    broken = [one for one in result.judgement.objectives if one.verdict is Verdict.FAILED]
    if any((read := _parsed(one.text)) and _broken_by_failures(read, one) for one in broken):
        _, kinds, _ = _failures(result.recorder)
        for (outcome, page), _count in kinds.most_common(1):
            if page and outcome != Outcome.DROPPED:
                return f"What to do: look for {_STATUS.get(outcome, outcome)} on {page} in the log of the shop."
    page = next(_slow_pages(result), ("", 0.0))[0]
    return f"What to do: find out why {page} is slow in the shop." if page else ""


def _length_that_decides(result: Result) -> str:
    """The length of a steady part that decides every objective; empty if it is not known."""
    judged = result.asked.steady
    open_ones = [one for one in result.judgement.objectives if one.verdict is Verdict.INCONCLUSIVE]
    if result.stopped or not judged or not open_ones or result.capacity is not None:
        return ""
    known = [judged * (1 + one.more_needed / one.samples) for one in open_ones if one.more_needed and one.samples]
    unknown = [one for one in open_ones if one.samples and one.more_needed is None]
    if unknown or not known:
        return ""
    about = "about" if len(known) == len(open_ones) else "at least"
    return f"What to do: let the judged part last {about} {format_duration(ceil(max(known) / 10) * 10)}, or raise the rate."


def _orders_without_receipt(result: Result) -> list[str]:
    """That the shop sold orders to shoppers who saw a failure, if that is why its ledger differs."""
    ledger = result.ledger
    lost = any(one.check == "workers" and one.level is Severity.INVALID for one in result.judgement.findings)
    if (
        ledger is None
        or lost
        or not any(one.check == "ledger" and one.level is Severity.WARNING for one in result.judgement.findings)
    ):
        return []
    number = sum(one.theirs - one.ours for one in ledger.differences if one.what == "orders")
    return (
        [f"In the whole run, the shop sold {format_count(number, 'order')} to shoppers who never saw their receipt."]
        if number > 0
        else []
    )


def failure_causes(result: Result, without: Collection[str] = ()) -> list[str]:
    """What most failed journeys have in common, or most failed pages if no journey failed; ``without`` these outcomes."""
    noun, kinds, options = _failures(result.recorder, without)
    total = kinds.total()
    return [
        _sentence(noun, count, None if without else total, kind, options[kind])
        for kind, count in kinds.most_common(MOST_CAUSES)
        if count >= total * WORTH_SAYING
    ]


def failure_kinds(recorder: Recorder) -> Counter[tuple[str, str]]:
    """How many failed journeys, or failed pages if no journey failed, the whole run has by outcome and page."""
    return _failures(recorder, steady=False)[1]


def _failures(
    recorder: Recorder, without: Collection[str] = (), *, steady: bool = True
) -> tuple[str, Counter[tuple[str, str]], dict[tuple[str, str], set[str]]]:
    """What is counted, and the counts and payment options of the failures by outcome and page."""
    journeys = _failed_series(recorder.journeys, without, steady=steady)
    pages = _failed_series(recorder.pages, without, steady=steady)
    found = [(key.outcome, key.failed_page, key.payment_option, series) for key, series in journeys]
    found = found or [(key.outcome, key.page, key.payment_option, series) for key, series in pages]
    kinds: Counter[tuple[str, str]] = Counter()
    options: dict[tuple[str, str], set[str]] = {}
    for outcome, page, option, series in found:
        kinds[outcome, page] += series.response.total
        options.setdefault((outcome, page), set()).add(option)
    return "journey" if journeys else "page", kinds, options


def _failed_series(
    every: Mapping[Key, SampleSeries], without: Collection[str], *, steady: bool
) -> list[tuple[Key, SampleSeries]]:
    """The failures of the steady part, or of the whole run if the steady part has none or all are asked for."""
    failed = [
        (key, series) for key, series in list(every.items()) if key.blame == Blame.SHOP and key.outcome not in without
    ]
    return [one for one in failed if steady and one[0].phase == Phase.STEADY] or failed


def _sentence(noun: str, count: int, total: int | None, kind: tuple[str, str], options: set[str]) -> str:
    """One cause; without ``total``, other failures are not counted and so not compared with."""
    outcome, page = kind
    what = f"`{outcome}`"
    if outcome == Outcome.DROPPED:
        what += f" ({_NO_USER})"
    where = f" on {page}" if page else ""
    only = f", all with payment option {next(iter(options))}" if len(options) == 1 and "" not in options else ""
    if total is None:
        return f"{format_count(count, noun)} ended as {what}{where}{only}."
    if total == 1:
        return f"The only failed {noun} ended as {what}{where}{only}."
    return f"{format_number(count)} of {format_number(total)} failed {noun}s ended as {what}{where}{only}."


def _time_causes(result: Result) -> Iterator[str]:
    """Which pages are slow in the shop itself, and which takes most of the time if a broken objective names no page."""
    for page, service in islice(_slow_pages(result), MOST_CAUSES):
        yield f"{page} is slow in the shop itself: its p95 is {format_duration(service)}, counted from the moment of sending."
    if not any(
        one.verdict is Verdict.FAILED
        and one.measured is not None
        and isfinite(one.measured)
        and _names_no_page(one.text)
        for one in result.judgement.objectives
    ):
        return  # a time that is infinite is one of failures, and the causes of failures are said already
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
    times = {row.name: percentile(row.response, 0.95) for row in rows}
    known = {name: time for name, time in times.items() if time is not None and isfinite(time)}
    slowest = max(known, key=lambda name: known[name], default=most.name)
    if slowest != most.name:
        yield f"The slowest page is {slowest}, p95 {format_duration(known[slowest])}."


def _slow_pages(result: Result) -> Iterator[tuple[str, float]]:
    """The pages that broke an objective on their response time already by their service time, and its p95 in seconds."""
    rows = {row.name: row for row in page_rows(result.recorder)}
    for one in result.judgement.objectives:
        objective = _parsed(one.text)
        if objective is None:
            continue
        row = rows.get(objective.name) if objective.subject is Subject.PAGE else None
        if one.verdict is not Verdict.FAILED or objective.metric is not Metric.RESPONSE_TIME or row is None:
            continue
        service = percentile(row.service, 0.95)
        if service is not None and one.bound < service < inf:
            yield row.name, service


def _names_no_page(text: str) -> bool:
    objective = _parsed(text)
    if objective is None:
        return False
    return objective.metric.timed and not (objective.subject is Subject.PAGE and objective.name)


def _parsed(text: str) -> Objective | None:
    """The objective; None for one on the shop's own metrics."""
    try:
        return parse(text)
    except ObjectiveError:
        return None
