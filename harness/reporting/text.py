"""The sentences of a report."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

from harness.measurement.series import REPEATED
from harness.measurement.summary import FEWEST_FOR_P95, FEWEST_FOR_P99, every_journey, every_page, percentile
from harness.objectives.text import differ_visibly
from harness.objectives.throughput import JOURNEYS, ORDERS, PAGES, per_second
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.tables import NO_VALUE
from harness.results.result import Result
from harness.shop_metrics.first_moved import first_moved
from harness.units import format_count, format_duration, format_number, format_percent
from harness.validity.ledger import first_differences

VERDICT_ASIDES = {
    Verdict.INVALID: "no verdict on the shop",
    Verdict.INCONCLUSIVE: "not enough evidence to decide",
}
"""What a reader must know beside the word, in a title."""
MEANINGS = {
    Verdict.PASSED: "The shop kept every objective.",
    Verdict.FAILED: "The shop broke an objective.",
    Verdict.INVALID: "The measurement cannot be trusted, so there is no verdict on the shop.",
    Verdict.INCONCLUSIVE: "There is not enough evidence to decide.",
}
"""What each verdict means, as a sentence."""

NO_LEDGER = (
    "The shop's ledger was not compared: checkload did not start this shop, so its counts may include other clients."
)
READING_NOTE = (
    "p50, p95 and p99 are response times: they start when the shopper is due. The last column is the p95 of the service time, "
    f"which starts when the request is sent. Pages and journeys that the shop failed count as never answered. {NO_VALUE}: too few samples (a p95 needs {FEWEST_FOR_P95}, a p99 {FEWEST_FOR_P99})."
)
"""How to read the tables."""


def headline(result: Result) -> str:
    """The verdict and its reason."""
    return f"{verdict_label(result.judgement.verdict)}: {result.judgement.reason}"


def verdict_label(verdict: Verdict) -> str:
    """The verdict in capitals, with what a reader must know beside it."""
    aside = VERDICT_ASIDES.get(verdict)
    return f"{verdict.upper()} ({aside})" if aside else verdict.upper()


def what_moved_first(result: Result) -> str:
    """Whether a metric of the shop or what shoppers experience broke its bound first; empty where that does not arise."""
    if result.judgement.verdict is Verdict.INVALID:
        return ""
    return first_moved(result.recorder, result.judgement.objectives, result.shop_metrics)


def totals(result: Result) -> str:
    """The totals of the whole run."""
    counts = result.counts
    return (
        f"In the whole run: {format_count(counts.pages, 'page')} ({format_number(counts.failed_pages)} failed), "
        f"{format_count(counts.journeys, 'journey')} ({format_number(counts.failed_journeys)} failed), "
        f"{format_count(counts.orders, 'order')} worth {counts.amount / 100:,.2f}."
    )


def repeated_requests(result: Result) -> str:
    """How many requests repeated a failed one, and how much load that added; empty if none did."""
    repeated = sum(cell.counts.get(REPEATED, 0) for cell in result.recorder.pages.values())
    first = result.counts.pages - repeated
    if not repeated or first <= 0:
        return ""
    return (
        f"{format_count(repeated, 'request')} repeated a failed one, as the real storefront does: the shop received "
        f"{format_percent(repeated / first)} more requests because of that."
    )


class Throughput(NamedTuple):
    """Successful pages, journeys and orders a second in the steady part."""

    pages: float
    journeys: float
    orders: float


def measured_throughput(result: Result) -> Throughput | None:
    """The throughput in the steady part, up to its early end if it had one; None where that is not known."""
    pages, journeys, orders = (per_second(result.recorder, of) for of in (PAGES, JOURNEYS, ORDERS))
    if not pages or journeys is None or orders is None:
        return None
    return Throughput(pages, journeys, orders)


def throughput(result: Result) -> str:
    """The throughput as a sentence; empty where it is not known."""
    found = measured_throughput(result)
    if found is None:
        return ""
    return (
        f"Throughput in the steady part: {_rate(found.pages)} pages/s, {_rate(found.journeys)} journeys/s, "
        f"{_rate(found.orders * 60)} orders/min."
    )


def arrivals_served(result: Result) -> str:
    """How many arrivals were due, served and dropped; for a closed load, its users and their journeys."""
    arrivals = list(result.recorder.arrivals.values())
    offered, started = sum(one.offered for one in arrivals), sum(one.started for one in arrivals)
    dropped = sum(one.dropped for one in arrivals)
    if result.asked.model == "closed":
        return (
            f"Closed load: {format_count(result.asked.users, 'user')} began {format_count(started, 'journey')}, each only after "
            "the previous one had ended. A slow shop gets less load, so its times look better than real shoppers find them."
        )
    waiting = offered - started - dropped
    never = f", {waiting:,} never started" if waiting else ""
    share = f" ({format_percent(dropped / offered)})" if dropped else ""
    return f"Arrivals: {offered:,} due, {started:,} served, {dropped:,} dropped{share}{never}."


def run_setup(result: Result) -> str:
    """The scenario, its seed, its target, and the durations."""
    asked = result.asked
    target = f"the embedded shop at {asked.target}" if asked.embedded else asked.target
    warm_up = f"{format_duration(asked.warm_up)} of warm-up, then " if asked.warm_up else ""
    window = result.recorder.window
    # A run that ended early is judged up to that moment.
    seconds = (
        min(asked.steady, window.steady_until - window.steady_from) if isfinite(window.steady_until) else asked.steady
    )
    judged, planned = format_duration(seconds), format_duration(asked.steady)
    if result.stopped and result.capacity is None and judged != planned:
        judged += f" of {planned}"
    return f"Scenario {result.scenario}, seed {asked.seed}, against {target}: {warm_up}{judged} judged."


def skipped_objectives(result: Result) -> str:
    """Which objectives of the scenario were skipped, because the overrides leave nothing to measure for them."""
    skipped = result.asked.overrides.get("set_aside") or ()
    return (
        f"Skipped objectives, because your overrides leave nothing to measure: {'; '.join(skipped)}." if skipped else ""
    )


def response_service_gap(result: Result) -> str:
    """How far response time and service time differ, and why; empty if they do not."""
    for row, what in ((every_journey(result.recorder), "a journey"), (every_page(result.recorder), "a page")):
        response, service = percentile(row.response, 0.95), percentile(row.service, 0.95)
        if response is not None and service is not None and differ_visibly(response, service):
            started = f"{format_duration(service)} from its start"
            both = f"took {format_duration(response)} from its due time, and {started}"
            took = (
                both
                if isfinite(response)
                else f"was dropped and never answered; without dropped ones it took {started}"
            )
            return f"Response time and service time differ: at the 95th percentile, {what} {took}. {_gap_cause(result)}"
    return ""


def ledger(result: Result) -> str:
    """Whether the shop's ledger agrees, or why it was not compared.

    Empty for an embedded shop without a ledger: a finding says why.
    """
    comparison = result.ledger
    if comparison is None:
        return "" if result.asked.embedded else NO_LEDGER
    if comparison.agrees:
        return (
            f"The shop's ledger agrees: {format_count(comparison.pages_theirs, 'request')} received, "
            f"{format_count(comparison.orders_theirs, 'order')} sold."
        )
    differences = first_differences([str(one) for one in comparison.differences])
    for finding in result.judgement.findings:
        if finding.check == "ledger" and finding.level is Severity.WARNING:
            return f"The shop's ledger differs, for a known reason: {differences}."
    return f"The shop's ledger disagrees: {differences}."


def findings(result: Result) -> Iterator[str]:
    """What the checks of validity found, the worst first."""
    worst_first = [Severity.INVALID, Severity.FAILED, Severity.INCONCLUSIVE, Severity.WARNING]
    for level in worst_first:
        yield from (_finding(finding) for finding in result.judgement.findings if finding.level is level)


def unmet_title(verdict: Verdict) -> str:
    """The title above the objectives that were not met: where none was broken, they are only undecided."""
    return "Objectives left undecided" if verdict is Verdict.INCONCLUSIVE else "Objectives not met"


def unmet_objectives(result: Result) -> Iterator[str]:
    """One sentence for every objective that was not met, broken ones first; none for an invalid run, which judges none."""
    judgement = result.judgement
    if judgement.verdict is not Verdict.INVALID:
        for verdict in (Verdict.FAILED, Verdict.INCONCLUSIVE):
            for one in judgement.objectives:
                if one.verdict is verdict:
                    yield f"{one.text}: {one.verdict.value}. {_sentence(one.sentence)}"


def _gap_cause(result: Result) -> str:
    dropped = sum(one.dropped for one in result.recorder.arrivals.values())
    waits = sum(one.waits.sum for one in result.recorder.arrivals.values())
    lateness = sum(one.lateness.sum for one in result.recorder.arrivals.values())
    if dropped or waits > lateness:
        too_few = any(one.check == "users" for one in result.judgement.findings)
        why = "there were too few" if too_few else "the shop kept all users busy"
        return f"Shoppers waited for a free virtual user: {why}."
    return "checkload itself was late: see the findings about it."


def _finding(finding: Finding) -> str:
    remedy = f" What to do: {finding.remedy}." if finding.remedy else ""
    return f"{finding.level.value}: {_sentence(finding.message)}{remedy}"


def _sentence(text: str) -> str:
    """The text as a sentence; the name checkload keeps its small letter."""
    start = text[:1] if text.startswith("checkload") else text[:1].upper()
    return f"{start}{text[1:]}{'' if text.endswith('.') else '.'}"


def _rate(number: float) -> str:
    """A rate with three digits; from 100 on, a whole number."""
    return format_number(round(number) if number >= 100 else round(number, 2 if number < 10 else 1))  # noqa: PLR2004
