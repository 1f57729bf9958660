"""What a report says in whole sentences."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from harness.measurement.series import REPEATED
from harness.measurement.summary import FEWEST_FOR_P95, FEWEST_FOR_P99, every_journey, every_page, percentile
from harness.objectives.text import differ_visibly
from harness.objectives.throughput import JOURNEYS, ORDERS, PAGES, per_second
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.tables import NO_VALUE
from harness.results.result import Result
from harness.units import format_duration, format_number, format_percent

VERDICT_LABELS = {
    Verdict.PASSED: "PASSED",
    Verdict.FAILED: "FAILED",
    Verdict.INVALID: "INVALID (this run says nothing about the shop)",
    Verdict.INCONCLUSIVE: "INCONCLUSIVE (too little was seen to tell)",
}

NO_LEDGER = (
    "No ledger was compared: this run did not start the shop, so what the shop counted need not be from this run alone."
)
READING_NOTE = (
    "Response time counts from the moment a shopper was due, service time from sending. What the shop failed counts as "
    f"never answered. {NO_VALUE}: too few samples to show it (a p95 takes {FEWEST_FOR_P95}, a p99 {FEWEST_FOR_P99})."
)
"""How to read the tables."""


def headline(result: Result) -> str:
    """The verdict and its reason."""
    return f"{VERDICT_LABELS[result.judgement.verdict]}: {result.judgement.reason}"


def totals(result: Result) -> str:
    """What everybody must agree on."""
    counts = result.counts
    return (
        f"In the whole run: {_number(counts.pages, 'page')}, {_number(counts.failed_pages, 'of them failed', '')}; "
        f"{_number(counts.journeys, 'journey')}, {_number(counts.failed_journeys, 'of them failed', '')}; "
        f"{_number(counts.orders, 'order')} over {counts.amount / 100:,.2f}."
    )


def repeated_requests(result: Result) -> str:
    """How many requests repeated a failed one, and how much load that added; empty where there were none."""
    repeated = sum(cell.counts.get(REPEATED, 0) for cell in result.recorder.pages.values())
    first = result.counts.pages - repeated
    if not repeated or first <= 0:
        return ""
    return (
        f"{_number(repeated, 'request')} repeated a failed one, as the storefront does: the shop received "
        f"{format_percent(repeated / first)} more requests than shoppers asked for."
    )


def throughput(result: Result) -> str:
    """How much ended well while the load was steady; empty where nothing was steady for long enough to say.

    Of a run that was broken off nobody knows it: the window still reaches to where its end was planned.
    """
    window = result.recorder.window
    if result.stopped and window.steady_until - window.steady_from >= result.asked.steady:
        return ""
    pages, journeys, orders = (per_second(result.recorder, of) for of in (PAGES, JOURNEYS, ORDERS))
    if not pages or journeys is None or orders is None:
        return ""
    return (
        f"Throughput of the steady part: {_rate(pages)} pages/s, {_rate(journeys)} journeys/s, "
        f"{_rate(orders * 60)} orders/min."
    )


def arrivals_served(result: Result) -> str:
    """Who came, and how many were served; a closed load is called one."""
    arrivals = list(result.recorder.arrivals.values())
    offered, started, dropped = (
        sum(getattr(one, name) for one in arrivals) for name in ("offered", "started", "dropped")
    )
    if result.asked.model == "closed":
        return (
            f"Closed load: {_number(result.asked.users, 'user')} began {_number(started, 'journey')}, each one only after the "
            "one before had ended. A slow shop is asked less of, so its times look better than shoppers would find them."
        )
    waiting = offered - started - dropped
    never = f", {waiting:,} never taken" if waiting else ""
    share = f" ({format_percent(dropped / offered)})" if dropped else ""
    return f"Arrivals: {offered:,} due, {started:,} served, {dropped:,} dropped{share}{never}."


def run_setup(result: Result) -> str:
    """What was loaded, with what, and for how long."""
    asked = result.asked
    whom = f"the embedded shop at {asked.target}" if asked.embedded else asked.target
    length = f"{format_duration(asked.warm_up)} of warm-up and " if asked.warm_up else ""
    window = result.recorder.window
    # A run that ended when its verdict was certain is judged up to there.
    judged = (
        min(asked.steady, window.steady_until - window.steady_from) if isfinite(window.steady_until) else asked.steady
    )
    return f"Scenario {result.scenario}, seed {asked.seed}, against {whom}: {length}{format_duration(judged)} judged."


def skipped_objectives(result: Result) -> str:
    """Which demands of the scenario were not made, because what was chosen beside it leaves nothing to demand."""
    demands = result.asked.overrides.get("set_aside") or ()
    return f"Not demanded, because of what was chosen beside the scenario: {'; '.join(demands)}." if demands else ""


def response_service_gap(result: Result) -> str:
    """Where response and service time part, and why; empty where they do not."""
    for row, what in ((every_journey(result.recorder), "a journey"), (every_page(result.recorder), "a page")):
        response, service = percentile(row.response, 0.95), percentile(row.service, 0.95)
        if response is not None and service is not None and differ_visibly(response, service):
            took = f"took {format_duration(response)}" if isfinite(response) else "was never answered"
            return (
                f"Response and service time part: at the 95th percentile {what} {took}, counted from the moment it was "
                f"due, and {format_duration(service)} from its start. {_gap_cause(result)}"
            )
    return ""


def ledger(result: Result) -> str:
    """Whether the shop counted the same, or why it was not asked; a finding says why an embedded one did not answer."""
    comparison = result.ledger
    if comparison is None:
        return "" if result.asked.embedded else NO_LEDGER
    if comparison.agrees:
        return (
            f"The shop's ledger agrees: {_number(comparison.pages_theirs, 'request')} received, "
            f"{_number(comparison.orders_theirs, 'order')} sold."
        )
    differences = "; ".join(map(str, comparison.differences))
    for finding in result.judgement.findings:
        if finding.check == "ledger" and finding.level is Severity.WARNING:
            return f"The shop's ledger differs, for a reason that is known: {differences}."
    return f"The shop's ledger disagrees: {differences}."


def findings(result: Result) -> Iterator[str]:
    """What a reader should know about the instrument, the worst first."""
    weight = [Severity.INVALID, Severity.FAILED, Severity.INCONCLUSIVE, Severity.WARNING]
    worth_saying = [finding for finding in result.judgement.findings if finding.level in weight]
    yield from map(_finding, sorted(worth_saying, key=lambda finding: weight.index(finding.level)))


def unmet_objectives(result: Result) -> Iterator[str]:
    """One sentence for every objective that was not kept; none for an invalid run, in which none was judged."""
    judgement = result.judgement
    for objective in judgement.objectives if judgement.verdict is not Verdict.INVALID else ():
        if objective.verdict not in {Verdict.PASSED, Verdict.INVALID}:
            yield f"{objective.text}: {objective.verdict.value}. {_sentence(objective.sentence)}"


def _gap_cause(result: Result) -> str:
    dropped = sum(one.dropped for one in result.recorder.arrivals.values())
    waits = sum(one.waits.sum for one in result.recorder.arrivals.values())
    lateness = sum(one.lateness.sum for one in result.recorder.arrivals.values())
    if dropped or waits > lateness:
        return "Shoppers waited for a free virtual user: the shop held all of them, or there were too few."
    return "The harness itself was late; see its findings."


def _finding(finding: Finding) -> str:
    remedy = f" What to do: {finding.remedy}." if finding.remedy else ""
    return f"{finding.level.value}: {_sentence(finding.message)}{remedy}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _rate(number: float) -> str:
    """A rate as precise as anybody cares for: three digits, and whole numbers from a hundred on."""
    return format_number(round(number) if number >= 100 else round(number, 2 if number < 10 else 1))  # noqa: PLR2004


def _number(n: int, noun: str, plural: str = "s") -> str:
    return f"{format_number(n)} {noun}{plural if n != 1 else ''}"
