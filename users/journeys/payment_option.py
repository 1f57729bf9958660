"""Seeing which payment options there are, and choosing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.checkout import FIRST_PAGES, PAYMENT_PAGES, delivery_is_settled
from users.journeys.context import (
    JourneyContext,
    fetch,
    has_value,
    post_checkout_form,
    required_amount,
    required_value,
    view_checkout_page,
)
from users.journeys.steps import JourneyFailed, Steps

_NAMED_BY = ("payment_type", "slug", "name")  # a slug is the shop's own (``credit-card``), and a name may be translated
_MOST_NAMED = 20

Row = Mapping[str, Any]


def fetch_payment_options(context: JourneyContext) -> Steps[None]:
    """Ask for the list of payment options; what the order comes to is settled from here on."""
    required_keys = frozenset({"payment_options"})
    yield from fetch(
        context,
        view_checkout_page(context, Page.PAYMENT_OPTION, PAYMENT_PAGES, required_keys, check=delivery_is_settled),
    )
    context.total = required_amount(context, context.pre_order.get("total_amount"))


def select_payment_option(context: JourneyContext, wanted: str) -> Steps[None]:
    """Choose an option of the list just shown, or the fallback if the shop has it not for this shopper."""
    row = _find(context, wanted)
    if row is None:
        wanted = context.policy.fallback
        row = _find(context, wanted) if wanted else None
        if row is None:
            raise JourneyFailed(Outcome.UNAVAILABLE, Page.PAYMENT_OPTION)
    context.payment_option = wanted
    value = required_value(context, row, _posted(context, row))
    slug = row.get("slug")
    context.chosen_option = {"payment_option": slug if isinstance(slug, str) and slug else value}
    if context.as_storefront and _is_chosen(context, row):
        return  # the storefront's page has chosen it on its own, and has shown its first page
    yield from fetch(
        context, post_checkout_form(context, Page.PAYMENT_OPTION, {"payment_option": value}, FIRST_PAGES[wanted])
    )


def _posted(context: JourneyContext, row: Row) -> str:
    """The key whose value is posted for an option: the one that is asked for, or ``pk`` where a row has no such value."""
    wanted = "pk" if context.as_storefront else context.policy.option_value
    return wanted if has_value(row.get(wanted)) else "pk"


def _is_chosen(context: JourneyContext, row: Row) -> bool:
    chosen = context.pre_order.get("payment_option")
    return (
        isinstance(chosen, dict) and chosen.get("pk") == row.get("pk") and context.last_response.page in PAYMENT_PAGES
    )


def _find(context: JourneyContext, wanted: str) -> Row | None:
    """The shop's row for this option; ``None`` if it is unavailable to this shopper.

    Of several rows the one whose slug is the option's own name is taken, or one by chance. An option that stands in neither list is not offered.
    """
    rows, turned_down = _rows(context, "payment_options"), _rows(context, "unavailable_options", needed=False)
    refused = _rows_of_option(turned_down, wanted)
    refused_slugs = [row.get("slug") for row in refused]
    found = [row for row in _rows_of_option(rows, wanted) if row.get("slug") not in refused_slugs]
    if not found:
        if refused:
            return None
        raise JourneyFailed(Outcome.NOT_OFFERED, Page.PAYMENT_OPTION, _offer(wanted, rows, turned_down))
    own = [row for row in found if row.get("slug") == wanted]
    return own[0] if own else context.rng.choice(found)


def _rows(context: JourneyContext, key: str, *, needed: bool = True) -> Sequence[Row]:
    rows = context.last_response.page_context.get(key)
    if not isinstance(rows, list):
        if needed:
            raise JourneyFailed(Outcome.ENVELOPE, context.page, f"no {key} to choose from")
        return ()
    return [row for row in rows if isinstance(row, dict)]


def _rows_of_option(rows: Sequence[Row], wanted: str) -> Sequence[Row]:
    """The rows that mean this option, by the first of the keys that any row is known by."""
    for key in _NAMED_BY:
        if found := [row for row in rows if row.get(key) == wanted]:
            return found
    return ()


def _offer(wanted: str, *lists: Sequence[Row]) -> str:
    """What is wanted and what there is, in words."""
    names = [str(row.get("payment_type") or row.get("slug") or row.get("name")) for rows in lists for row in rows]
    offered_rows = ", ".join(dict.fromkeys(names[:_MOST_NAMED])) or "nothing"
    return f"{wanted} is wanted, and {offered_rows} are offered"
