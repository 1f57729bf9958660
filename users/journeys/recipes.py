"""Pay by an option that only the scenario knows, and ask whether an option is available before choosing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH
from users.journeys.context import JourneyContext, choose_offered, fetch, required_value
from users.journeys.steps import Expectation, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.recipes import CHOSEN, PLACEHOLDER, SHOWN, RecipePage

AVAILABILITY = "PaymentAvailability"
"""The page name of every request that asks whether a payment option is available."""

_BIN_DIGITS = 6


def pay_by_recipe(context: JourneyContext, pages: tuple[RecipePage, ...]) -> Steps[PageResponse]:
    """Post the form of each page of the recipe; the last one places the order."""
    response = context.last_response
    for one in pages:
        form = filled(context, one.fields)
        expect = Expectation(pages=one.expect)
        path = f"{CHECKOUT_PATH}?page={one.page}"
        response = yield from fetch(
            context, PageRequest(one.page, "POST", path, form, None, expect, context.order_state)
        )
    return response


def is_available(context: JourneyContext, option: str) -> Steps[bool]:
    """Ask whether this option is available to this shopper; yes if the scenario knows no such question."""
    check = context.policy.availability.get(option)
    if check is None:
        return True
    fields = filled(context, check.fields)
    expect = Expectation(ResponseFormat.JSON, keys=frozenset({check.answer}), check=_answers(check.answer))
    path, form, json = check.path, None, None
    if check.method == "GET":
        path += f"{'&' if '?' in path else '?'}{urlencode(fields)}" if fields else ""
    elif check.form:
        form = fields
    else:
        json = fields
    # The page itself asks, not the shopper; and the options stay on the screen.
    shown = context.last_response
    request = PageRequest(AVAILABILITY, check.method, path, form, json, expect, think_first=False)
    response = yield from fetch(context, request)
    context.last_response = shown
    return response.document[check.answer] is True


def filled(context: JourneyContext, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields with every placeholder replaced; a page that does not show what one needs fails the journey."""
    return {
        name: PLACEHOLDER.sub(lambda found: _value(context, found[1]), text) if "{" in text else text
        for name, text in fields.items()
    }


def _value(context: JourneyContext, name: str) -> str:
    kind, *keys = name.split(".")
    if kind == SHOWN:
        return required_value(context, context.last_response.page_context, keys[0])
    if kind == CHOSEN:
        return choose_offered(context, *keys)
    return _PERSONAL[kind](context)


def _answers(key: str) -> Callable[[PageResponse], Outcome]:
    def check(response: PageResponse) -> Outcome:
        return Outcome.OK if isinstance(response.document[key], bool) else Outcome.ENVELOPE

    return check


_PERSONAL: Mapping[str, Callable[[JourneyContext], str]] = MappingProxyType(
    {
        "email": lambda context: context.account.email if context.account else context.identity.email,
        "phone": lambda context: context.phone,
        "first_name": lambda context: context.identity.first_name,
        "last_name": lambda context: context.identity.last_name,
        "amount": lambda context: "" if context.total is None else f"{context.total:f}",
        "currency": lambda context: context.policy.currency,
        "bin_number": lambda context: context.identity.card.number[:_BIN_DIGITS],
        "card_number": lambda context: context.identity.card.number,
        "card_holder": lambda context: context.identity.card.holder,
        "card_month": lambda context: context.identity.card.month,
        "card_year": lambda context: context.identity.card.year,
        "card_cvv": lambda context: context.identity.card.cvv,
    }
)
"""What the shopper fills in, by placeholder; a test compares it with ``PERSONAL``."""
