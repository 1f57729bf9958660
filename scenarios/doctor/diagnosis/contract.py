"""A reply of the shop itself that is not as the API says; the last resort, which quotes the shop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.measurement.outcomes import Outcome
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_text
from shop.contract import PAYMENT_OPTIONS
from users.journeys.diagnosis import remedy as known_remedy
from users.journeys.steps import Expectation
from users.population.recipes import AVAILABILITY

_LOG = "look into the log of the shop: it says more"
_DIFFERS = "the shop differs from the API that checkload knows: compare it with docs/own-shop.md"
_MOST_NAMED = 3
_AMOUNTS = ("total_amount", "unpaid_amount", "shipping_amount", "total_discount_amount")
_TABLES = ("[accounts]", "[headers]", "[address]", "[products]", "[journeys]")
_WORDS: Mapping[Outcome, tuple[str, str, str]] = {
    Outcome.ENVELOPE: ("incomplete", "was answered with an incomplete reply", _DIFFERS),
    Outcome.NOT_ECHOED: ("not_echoed", "does not repeat what the shopper chose", _DIFFERS),
    Outcome.AMOUNT_MISMATCH: (
        "amount",
        "shows an amount that does not add up, or that cannot be read",
        "check prices, shipping and discounts of the shop: the total must be their sum",
    ),
    Outcome.DOUBLE_ORDER: (
        "double_order",
        "shows an order number that an earlier order has",
        "check how the shop numbers its orders",
    ),
    Outcome.CONTENT_TYPE: (
        "media_type",
        "was answered with JSON under another media type",
        'have the shop say application/json, or set content_type = "warn" in [conduct]',
    ),
    Outcome.BUSINESS_ERROR: ("refused", "was refused", _LOG),
    Outcome.CAPTCHA_WANTED: ("captcha", "wants a captcha", _LOG),
    Outcome.WAITING_ROOM: ("waiting_room", "sends the shopper to a waiting room", _LOG),
    Outcome.NOT_JSON: ("not_json", "was answered with an empty reply where JSON is due", _LOG),
    Outcome.UNAVAILABLE: ("unavailable", "shows that something is not available", _LOG),
}


def not_as_known(failure: Failure) -> Finding:
    """What is wrong, in general words."""
    code, seen, remedy = _words(failure)
    hint, key = known_remedy(failure.outcome, failure.page, failure.exchange.status), ""
    if hint:
        key = next((table for table in _TABLES if table in hint), "")
    elif failure.page == AVAILABILITY:
        key = f"[payments.availability.{failure.payment_option}]"
        hint = f"compare path and fields of {key} with what the shop wants, and its key answer with the reply"
    elif failure.payment_option not in ("", *PAYMENT_OPTIONS) and _chose_option(failure):
        key = f"[payments.recipes.{failure.payment_option}]"
        hint = f"compare the pages and fields of the recipe {key} with what the shop wants and shows here"
    elif failure.payment_option and _chose_option(failure):
        hint = f"{remedy}; until then, remove {failure.payment_option} from [payments]"
        key = f"[payments] {failure.payment_option}"
    return failure.finding(code, seen, hint or remedy, key)


def _chose_option(failure: Failure) -> bool:
    """Whether the shopper had chosen the payment option already."""
    return any(one.method == "POST" and "page=PaymentOptionSelectionPage" in one.path for one in failure.history)


def _words(failure: Failure) -> tuple[str, str, str]:
    """Code, what was seen, and remedy."""
    status, outcome = failure.exchange.status, failure.outcome
    quoted = f": {failure.said}" if failure.said else ""
    if outcome is Outcome.AMOUNT_MISMATCH:
        quoted = _amounts(failure.document)
    if outcome in _WORDS:
        code, seen, remedy = _WORDS[outcome]
        return code, f"{seen}{quoted}", remedy
    if outcome is Outcome.UNEXPECTED_PAGE:
        return "unexpected_page", f"shows {_shown_page(failure)} where {_due(failure)} is due", _DIFFERS
    if outcome is Outcome.HTTP_4XX:
        return "refused", f"was refused with status {status}{quoted}", _LOG
    return str(outcome), f"ended with {outcome} (status {status}){quoted}", _LOG


def _amounts(document: Mapping[str, Any]) -> str:
    """The amounts of the reply, as the shop writes them."""
    places = (document.get("pre_order"), document.get("basket"), document)
    shown = next((one for one in places if isinstance(one, dict) and "total_amount" in one), {})
    found = [f"{name} {shown_text(str(shown[name]))}" for name in _AMOUNTS if shown.get(name) not in (None, "")]
    return f": {', '.join(found)}" if found else ""


def _shown_page(failure: Failure) -> str:
    contexts = failure.document.get("context_list")
    entries = contexts if isinstance(contexts, list) else []
    names = [one.get("page_name") for one in entries if isinstance(one, dict)]
    named = [name for name in names if isinstance(name, str)]
    return shown_text(named[-1]) if named else "no page"


def _due(failure: Failure) -> str:
    expect = failure.request.expect if failure.request else Expectation()
    names = sorted(map(str, expect.pages))
    if not names:
        return "another page"
    more = f" or {len(names) - _MOST_NAMED} others" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"
