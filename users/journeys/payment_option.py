"""See which payment options the shop offers, ask whether one is available, and choose one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from urllib.parse import urlencode

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.checkout import FIRST_PAGES, PAYMENT_PAGES, delivery_is_settled
from users.journeys.context import (
    JourneyContext,
    Row,
    choose_offered,
    fetch,
    has_value,
    post_checkout_form,
    required_amount,
    required_value,
    rows_of,
    view_checkout_page,
)
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.recipes import AVAILABILITY, CHOSEN, PLACEHOLDER, SHOWN

# A ``slug`` is the shop's own word (``credit-card``), and a ``name`` may be translated.
_NAME_KEYS = ("payment_type", "slug", "name")
_BIN_DIGITS = 6
_MAX_NAMES = 20  # in a message
_OPTIONS_SHOWN = Expectation(pages=PAYMENT_PAGES, keys=frozenset({"payment_options"}), check=delivery_is_settled)
_OPTION_CHOSEN = {option: Expectation(pages=pages) for option, pages in FIRST_PAGES.items()}


def fetch_payment_options(context: JourneyContext) -> Steps[None]:
    """Fetch the list of payment options; from here on the total is known."""
    yield from fetch(context, view_checkout_page(context, Page.PAYMENT_OPTION, _OPTIONS_SHOWN))
    context.expect_total(required_amount(context, context.pre_order.get("total_amount")))


def select_payment_option(context: JourneyContext, wanted: str) -> Steps[None]:
    """Choose an option from the list on the screen, or the fallback if it is not available to this shopper."""
    row = yield from _find_available(context, wanted)
    if row is None:
        wanted = context.policy.fallback
        row = (yield from _find_available(context, wanted)) if wanted else None
        if row is None:
            raise JourneyFailed(Outcome.UNAVAILABLE, Page.PAYMENT_OPTION)
    context.payment_option = wanted
    value = required_value(context, row, _key_to_post(context, row))
    slug = row.get("slug")
    context.expect_payment_option(slug if isinstance(slug, str) and slug else value)
    if context.as_storefront and _is_chosen(context, row):
        return  # the storefront's page has chosen it by itself, and shows the option's first page already
    form = {"payment_option": value}
    yield from fetch(context, post_checkout_form(context, Page.PAYMENT_OPTION, form, _option_chosen(context, wanted)))


def _option_chosen(context: JourneyContext, option: str) -> Expectation:
    recipe = context.policy.recipes.get(option)
    return _OPTION_CHOSEN[option] if recipe is None else Expectation(pages=frozenset({recipe[0].page}))


def _find_available(context: JourneyContext, wanted: str) -> Steps[Row | None]:
    """The shop's row for this option, if the shop offers it to this shopper and says, asked for it, that it is available."""
    row = _find(context, wanted)
    if row is None or wanted not in context.policy.availability:
        return row
    return row if (yield from _is_available(context, wanted)) else None


def _key_to_post(context: JourneyContext, row: Row) -> str:
    """The key whose value is posted: the one that the policy names, or ``pk`` if the row has no such value."""
    wanted = "pk" if context.as_storefront else context.policy.option_value
    return wanted if has_value(row.get(wanted)) else "pk"


def _is_chosen(context: JourneyContext, row: Row) -> bool:
    chosen = context.pre_order.get("payment_option")
    return (
        isinstance(chosen, dict) and chosen.get("pk") == row.get("pk") and context.last_response.page in PAYMENT_PAGES
    )


def _find(context: JourneyContext, wanted: str) -> Row | None:
    """The shop's row for this option; ``None`` if it is not available to this shopper.

    If several rows mean the option, the one whose slug is its name wins, or one of them at random. An option in
    neither list is not offered at all.
    """
    page_context = context.last_response.page_context
    rows, unavailable = rows_of(page_context, "payment_options"), rows_of(page_context, "unavailable_options") or ()
    if rows is None:
        raise JourneyFailed(Outcome.ENVELOPE, context.page, "no payment_options to choose from")
    refused = _rows_of_option(unavailable, wanted)
    refused_slugs = [row.get("slug") for row in refused]
    found = [row for row in _rows_of_option(rows, wanted) if row.get("slug") not in refused_slugs]
    if not found:
        if refused:
            return None
        raise JourneyFailed(Outcome.NOT_OFFERED, Page.PAYMENT_OPTION, _offer(wanted, rows, unavailable))
    exact = [row for row in found if row.get("slug") == wanted]
    return exact[0] if exact else context.rng.choice(found)


def _rows_of_option(rows: Sequence[Row], wanted: str) -> Sequence[Row]:
    """The rows that mean this option, by the first key that names it in any row."""
    for key in _NAME_KEYS:
        if found := [row for row in rows if row.get(key) == wanted]:
            return found
    return ()


def _offer(wanted: str, *lists: Sequence[Row]) -> str:
    """Say in words what is wanted and what the shop offers."""
    names = [str(row.get("payment_type") or row.get("slug") or row.get("name")) for rows in lists for row in rows]
    offered = ", ".join(dict.fromkeys(names[:_MAX_NAMES])) or "nothing"
    return f"{wanted} is wanted, and {offered} are offered"


def _is_available(context: JourneyContext, option: str) -> Steps[bool]:
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
