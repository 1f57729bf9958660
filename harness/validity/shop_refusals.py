"""Checks whether the shop has what the scenario asks for, and shows what the shop said when journeys failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.measurement.outcomes import Blame, Outcome
from harness.monitoring.shop_messages import ShopMessage
from harness.objectives.verdict import Finding, Severity
from harness.units import format_count
from harness.validity.evidence import Evidence

MOST_SHOWN = 5
"""Messages of the shop that a report shows."""
MOST_PAGES = 3
"""Pages that a finding names."""


def payment_options_offered(evidence: Evidence) -> Iterator[Finding]:
    """Whether the shop offers every payment option of the scenario, to all kinds of shoppers."""
    messages = [each for each in _shop_messages(evidence) if each.outcome == Outcome.NOT_OFFERED]
    # A page that turns a kind of shopper away has a remedy of its own, such as a shop that does not sell to guests.
    closed_pages = {each.page: each for each in messages if each.remedy}
    missing, sold, turned_away = Counter[str](), set[str](), Counter[str]()
    for key, cell in evidence.recorder.journeys.items():
        if key.outcome == Outcome.NOT_OFFERED and key.failed_page in closed_pages:
            turned_away[key.failed_page] += cell.response.total
        elif key.outcome == Outcome.NOT_OFFERED:
            missing[key.payment_option] += cell.response.total
        elif key.ordered:
            sold.add(key.payment_option)
    for page, number in turned_away.items():
        message = f"{format_count(number, 'journey')} of the scenario ended on {page}: {closed_pages[page].message}"
        yield Finding("offered", Severity.INVALID, message, closed_pages[page].remedy)
    if not missing:
        return
    wanted = ", ".join(f"{option} ({format_count(number, 'journey')})" for option, number in sorted(missing.items()))
    said = [each.message for each in messages if each.message and not each.remedy]
    words = f": {'; '.join(dict.fromkeys(said[:MOST_SHOWN]))}" if said else ""
    if missing.keys() <= sold:
        yield Finding(
            "offered",
            Severity.FAILED,
            f"the shop offered a payment option to some shoppers and not to others: {wanted}{words}",
            "read the log of the shop to find out why some shoppers do not get the option",
        )
    else:
        yield Finding(
            "offered",
            Severity.INVALID,
            f"the shop does not offer every payment option of the scenario: {wanted}{words}",
            "remove the option from [payments], or let the shop offer it",
        )


def products_available(evidence: Evidence) -> Iterator[Finding]:
    """Whether every shopper found a product to buy."""
    journeys = evidence.recorder.journeys.items()
    if number := sum(cell.response.total for key, cell in journeys if key.outcome == Outcome.NO_PRODUCT):
        yield Finding(
            "products",
            Severity.INVALID,
            f"{format_count(number, 'journey')} found nothing to buy: every product of the scenario is sold out, or the "
            "search finds none",
            "name products in stock in [products], or restock the shop",
        )


def options_available(evidence: Evidence) -> Iterator[Finding]:
    """Whether shoppers could use each payment option; a run without any buyer has measured no checkout."""
    unavailable, used = Counter[str](), set[str]()
    for key, cell in evidence.recorder.journeys.items():
        if key.outcome == Outcome.UNAVAILABLE:
            unavailable[key.payment_option] += cell.response.total
        elif key.ordered or key.outcome == Outcome.HANDED_OVER:
            used.add(key.payment_option)
    never = {option: number for option, number in unavailable.items() if option not in used}
    if not never:
        return
    wanted = ", ".join(f"{option} ({format_count(number, 'journey')})" for option, number in sorted(never.items()))
    cause = "the payment option was unavailable, or the product was sold out"
    yield Finding(
        "available",
        Severity.WARNING if used else Severity.INVALID,
        f"no shopper could buy with {wanted}: {cause}" if used else f"no shopper could buy anything: {wanted}; {cause}",
        "let the shop offer the option and restock the products, or remove the option from [payments]",
    )


def content_type(evidence: Evidence) -> Iterator[Finding]:
    """Whether the shop served JSON as JSON; browsers and proxies may not treat other types correctly."""
    pages = Counter[str]()
    for process in evidence.conditions.generator.processes:
        pages.update(process.mislabelled)
    if pages:
        named = [f"{page} {number:,} times" for page, number in pages.most_common(MOST_PAGES)]
        if len(pages) > MOST_PAGES:
            named.append(format_count(len(pages) - MOST_PAGES, "more page"))
        yield Finding(
            "content_type",
            Severity.WARNING,
            f"{format_count(pages.total(), 'reply with JSON was', 'replies with JSON were')} served as another type "
            f"({', '.join(named)})",
            "let the shop serve JSON as application/json; to count such replies as failures, set "
            '[conduct] content_type = "fail"',
        )


def failure_messages(evidence: Evidence) -> Iterator[Finding]:
    """Whether the shop said why journeys failed; the most frequent failures are shown with the shop's first message."""
    ended = Counter[tuple[str, str]]()
    for key, cell in evidence.recorder.journeys.items():
        if key.blame == Blame.SHOP:
            ended[key.outcome, key.failed_page] += cell.response.total
    first = {(each.outcome, each.page): each for each in reversed(_shop_messages(evidence))}
    known = [(first[kind], number) for kind, number in ended.most_common() if kind in first]
    for shop, number in known[:MOST_SHOWN]:
        words = f'; the shop said "{shop.message}"' if shop.message else ""
        message = f"{format_count(number, 'journey')} ended as {shop.outcome} on {shop.page}{words}"
        yield Finding("failures", Severity.WARNING, message, shop.remedy)


def _shop_messages(evidence: Evidence) -> list[ShopMessage]:
    return [each for process in evidence.conditions.generator.processes for each in process.shop_messages]
