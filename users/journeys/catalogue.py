"""The paths that shoppers take through the shop, from the door to a receipt or to one named failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys import storefront
from users.journeys.basket import fill_basket
from users.journeys.checkout import DELIVERY_CHOICES, open_checkout, reach_payment
from users.journeys.context import JourneyContext, Receipt, fetch
from users.journeys.order import complete_order
from users.journeys.steps import JourneyFailed, PageRequest, ResponseFormat, Steps

__all__ = ["JOURNEYS", "Journey", "JourneyContext", "Receipt"]


@dataclass(frozen=True, slots=True)
class Journey:
    """One kind of journey: the steps it takes, whether they need an account, whether she leaves before she pays."""

    steps: Callable[[JourneyContext], Steps[Receipt]]
    signs_in: bool = False
    abandons: bool = False


def guest(context: JourneyContext) -> Steps[Receipt]:
    """Buys without an account: says who she is, where to send it and how, and pays."""
    yield from _fetch_token(context)
    yield from fill_basket(context)
    yield from _to_payment(context)
    return (yield from complete_order(context))


def returning(context: JourneyContext) -> Steps[Receipt]:
    """Signs in and buys; the shop remembers her choices, so that its checkout opens on the payment page."""
    yield from _sign_in(context)
    yield from fill_basket(context)
    yield from _to_payment(context)
    return (yield from complete_order(context))


def first_time(context: JourneyContext) -> Steps[Receipt]:
    """Signs in, adds an address and chooses the delivery, even where the shop would remember an earlier choice."""
    context.adds_address = True
    yield from _sign_in(context)
    yield from fill_basket(context)
    yield from _to_payment(context, every=True)
    return (yield from complete_order(context))


def abandoning(context: JourneyContext) -> Steps[Receipt]:
    """Sets out as a guest and leaves after a page between the checkout's door and the list of payment options."""
    # A shop may leave out the page she had in mind; the list of payment options is the last she sees in any case.
    context.abandon_after = frozenset({context.rng.choice(_LEFT_AFTER), Page.PAYMENT_OPTION})
    return (yield from guest(context))


_LEFT_AFTER = (Page.CHECKOUT, Page.INDEX, *DELIVERY_CHOICES, Page.PAYMENT_OPTION)


def _to_payment(context: JourneyContext, *, every: bool = False) -> Steps[None]:
    if context.as_storefront:
        yield from storefront.to_payment(context, every=every)
    else:
        yield from open_checkout(context)
        yield from reach_payment(context, every=every)


def _fetch_token(context: JourneyContext) -> Steps[None]:
    request = PageRequest(
        Page.CSRF_TOKEN,
        path=PATHS[Page.CSRF_TOKEN],
        response_format=ResponseFormat.JSON,
        required_keys=frozenset({"csrf_token"}),
        think_first=False,
    )
    yield from fetch(context, request)


def _sign_in(context: JourneyContext) -> Steps[None]:
    if context.account is None:
        raise JourneyFailed(Outcome.NO_ACCOUNT, Page.LOGIN)
    if context.signed_in:
        return
    yield from _fetch_token(context)
    request = PageRequest(
        Page.LOGIN,
        "POST",
        PATHS[Page.LOGIN],
        json={
            "email": context.account.email,
            "password": context.account.password,
            "formType": "login",
            "locale": context.policy.locale,
            **(storefront.SIGN_IN_FIELDS if context.as_storefront else {}),
        },
        response_format=ResponseFormat.JSON,
        # Anything but a key is a refusal: a one-time code or a captcha that is wanted, or errors.
        required_keys=frozenset({"key"}),
        fails_as=Outcome.SIGN_IN_REFUSED,
    )
    yield from fetch(context, request)
    if context.as_storefront:
        yield from fetch(context, storefront.current_user())
    context.signed_in = True


JOURNEYS: Mapping[str, Journey] = MappingProxyType(
    {
        "guest": Journey(guest),
        "returning": Journey(returning, signs_in=True),
        "first_time": Journey(first_time, signs_in=True),
        "abandoning": Journey(abandoning, abandons=True),
    }
)
"""Every kind of journey by the name that scenarios, reports and Locust's user classes give it."""
