"""Whether the shop has what the scenario asks for, and what the shop said of the failures that ended most journeys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.measurement.outcomes import Blame, Outcome
from harness.monitoring.shop_messages import ShopMessage
from harness.objectives.verdict import Finding, Severity
from harness.validity.evidence import Evidence

MOST_SHOWN = 5
"""Remarks that a report shows."""


def payment_options_offered(evidence: Evidence) -> Iterator[Finding]:
    """Whether the shop sells by every option, and to all kinds of shoppers; without, the load was another than was asked for."""
    missing, sold = Counter[str](), set[str]()
    shut_out = {
        each.page: each for each in _shop_messages(evidence) if each.outcome == Outcome.NOT_OFFERED and each.remedy
    }
    turned_away = Counter[str]()
    for key, cell in evidence.recorder.journeys.items():
        if key.outcome == Outcome.NOT_OFFERED and key.failed_page in shut_out:
            turned_away[key.failed_page] += cell.response.total
        elif key.outcome == Outcome.NOT_OFFERED:
            missing[key.payment_option] += cell.response.total
        elif key.ordered:
            sold.add(key.payment_option)
    for page, number in turned_away.items():
        remark = shut_out[page]
        message = f"{_journeys(number)} of the scenario ended on {page}: {remark.message}"
        yield Finding("offered", Severity.INVALID, message, remark.remedy)
    if not missing:
        return
    wanted = ", ".join(f"{option} ({_journeys(number)})" for option, number in sorted(missing.items()))
    told = [
        each.message
        for each in _shop_messages(evidence)
        if each.outcome == Outcome.NOT_OFFERED and each.message and not each.remedy
    ]
    words = f": {'; '.join(dict.fromkeys(told[:MOST_SHOWN]))}" if told else ""
    if missing.keys() <= sold:
        yield Finding(
            "offered",
            Severity.FAILED,
            f"the shop did not offer a payment option to all who asked for it, and sold by it to others: {wanted}{words}",
            "look into the shop's log for what keeps the option from some",
        )
    else:
        yield Finding(
            "offered",
            Severity.INVALID,
            f"the shop does not offer every payment option of the scenario: {wanted}{words}",
            "remove it from [payments], or have the shop offer it",
        )


def products_available(evidence: Evidence) -> Iterator[Finding]:
    """Whether every shopper found something to buy."""
    found = (
        cell.response.total for key, cell in evidence.recorder.journeys.items() if key.outcome == Outcome.NO_PRODUCT
    )
    if number := sum(found):
        yield Finding(
            "products",
            Severity.INVALID,
            f"{_journeys(number)} found nothing to buy: every product of the scenario is sold out, or the search finds none",
            "name products in stock in [products], or stock up the shop",
        )


def failure_messages(evidence: Evidence) -> Iterator[Finding]:
    """Whether the shop said why it failed journeys: its first words for the failures that ended most, and what to do."""
    ended = Counter[tuple[str, str]]()
    for key, cell in evidence.recorder.journeys.items():
        if key.blame == Blame.SHOP:
            ended[key.outcome, key.failed_page] += cell.response.total
    first = {(each.outcome, each.page): each for each in reversed(_shop_messages(evidence))}
    told = [(first[kind], number) for kind, number in ended.most_common() if kind in first]
    for remark, number in told[:MOST_SHOWN]:
        words = f'; the shop said "{remark.message}"' if remark.message else ""
        message = f"{_journeys(number)} ended as {remark.outcome} on {remark.page}{words}"
        yield Finding("said", Severity.WARNING, message, remark.remedy)


def _journeys(number: int) -> str:
    return "1 journey" if number == 1 else f"{number:,} journeys"


def _shop_messages(evidence: Evidence) -> list[ShopMessage]:
    return [each for process in evidence.conditions.processes for each in process.shop_messages]
