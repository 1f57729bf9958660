"""Seeing which payment options there are, and choosing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shop.contract import PAYMENT_OPTIONS, Outcome, Page
from users.approach import delivery_is_settled
from users.errand import Errand, ask, look, post, read_amount, required
from users.steps import JourneyFailed, Steps

_AT_PAYMENT = frozenset({Page.PAYMENT_OPTION})


def see_options(errand: Errand) -> Steps[None]:
    """Ask for the list of payment options; what the order comes to is settled from here on."""
    needs = frozenset({"payment_options"})
    yield from ask(errand, look(errand, Page.PAYMENT_OPTION, _AT_PAYMENT, needs, judge=delivery_is_settled))
    errand.total = read_amount(errand, errand.pre_order.get("total_amount"))


def select_option(errand: Errand, slug: str) -> Steps[None]:
    """Choose an option of the list just shown, or the fallback if the shop does not offer it to this shopper."""
    row = _find(errand, slug)
    if row is None:
        slug = errand.conduct.fallback
        row = _find(errand, slug) if slug else None
        if row is None:
            raise JourneyFailed(Outcome.UNAVAILABLE, Page.PAYMENT_OPTION)
    errand.payment_option = slug
    errand.chosen = {"payment_option": slug}
    value = required(errand, row, "pk") if errand.conduct.option_value == "pk" else slug
    yield from ask(
        errand,
        post(
            errand,
            Page.PAYMENT_OPTION,
            {"payment_option": value},
            frozenset({PAYMENT_OPTIONS[slug].first_page}),
        ),
    )


def _find(errand: Errand, slug: str) -> Mapping[str, Any] | None:
    turned_down = errand.shown.context.get("unavailable_options")
    if isinstance(turned_down, list) and any(isinstance(row, dict) and row.get("slug") == slug for row in turned_down):
        return None
    rows = errand.shown.context.get("payment_options")
    if not isinstance(rows, list):
        raise JourneyFailed(Outcome.ENVELOPE, errand.page)
    return next((row for row in rows if isinstance(row, dict) and row.get("slug") == slug), None)
