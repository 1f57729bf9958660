"""The paths that shoppers take through the shop, from the door to a receipt or to one named failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys import storefront
from users.journeys.basket import fill_basket
from users.journeys.checkout import CHOICES, open_checkout, reach_payment
from users.journeys.context import JourneyContext, Receipt, ask
from users.journeys.order import settle
from users.journeys.steps import JourneyFailed, PageRequest, ResponseFormat, Steps

__all__ = ["JOURNEYS", "Journey", "JourneyContext", "Receipt"]


@dataclass(frozen=True, slots=True)
class Journey:
    """One kind of journey: the steps it takes, whether they need an account, whether she leaves before she pays."""

    steps: Callable[[JourneyContext], Steps[Receipt]]
    signs_in: bool = False
    abandons: bool = False


def guest(errand: JourneyContext) -> Steps[Receipt]:
    """Buys without an account: says who she is, where to send it and how, and pays."""
    yield from _fetch_token(errand)
    yield from fill_basket(errand)
    yield from _to_payment(errand)
    return (yield from settle(errand))


def returning(errand: JourneyContext) -> Steps[Receipt]:
    """Signs in and buys; the shop remembers her choices, so that its checkout opens on the payment page."""
    yield from _sign_in(errand)
    yield from fill_basket(errand)
    yield from _to_payment(errand)
    return (yield from settle(errand))


def first_time(errand: JourneyContext) -> Steps[Receipt]:
    """Signs in, adds an address and chooses the delivery, even where the shop would remember an earlier choice."""
    errand.adds_address = True
    yield from _sign_in(errand)
    yield from fill_basket(errand)
    yield from _to_payment(errand, every=True)
    return (yield from settle(errand))


def abandoning(errand: JourneyContext) -> Steps[Receipt]:
    """Sets out as a guest and leaves after a page between the checkout's door and the list of payment options."""
    # A shop may leave out the page she had in mind; the list of payment options is the last she sees in any case.
    errand.abandon_after = frozenset({errand.chance.choice(_LEFT_AFTER), Page.PAYMENT_OPTION})
    return (yield from guest(errand))


_LEFT_AFTER = (Page.CHECKOUT, Page.INDEX, *CHOICES, Page.PAYMENT_OPTION)


def _to_payment(errand: JourneyContext, *, every: bool = False) -> Steps[None]:
    if errand.as_storefront:
        yield from storefront.to_payment(errand, every=every)
    else:
        yield from open_checkout(errand)
        yield from reach_payment(errand, every=every)


def _fetch_token(errand: JourneyContext) -> Steps[None]:
    visit = PageRequest(
        Page.CSRF_TOKEN,
        path=PATHS[Page.CSRF_TOKEN],
        reads=ResponseFormat.JSON,
        needs=frozenset({"csrf_token"}),
        think_first=False,
    )
    yield from ask(errand, visit)


def _sign_in(errand: JourneyContext) -> Steps[None]:
    if errand.account is None:
        raise JourneyFailed(Outcome.NO_ACCOUNT, Page.LOGIN)
    if errand.signed_in:
        return
    yield from _fetch_token(errand)
    visit = PageRequest(
        Page.LOGIN,
        "POST",
        PATHS[Page.LOGIN],
        json={
            "email": errand.account.email,
            "password": errand.account.password,
            "formType": "login",
            "locale": errand.conduct.locale,
            **(storefront.SIGN_IN_FIELDS if errand.as_storefront else {}),
        },
        reads=ResponseFormat.JSON,
        # Anything but a key is a refusal: a one-time code or a captcha that is wanted, or errors.
        needs=frozenset({"key"}),
        fails_as=Outcome.SIGN_IN_REFUSED,
    )
    yield from ask(errand, visit)
    if errand.as_storefront:
        yield from ask(errand, storefront.current_user())
    errand.signed_in = True


JOURNEYS: Mapping[str, Journey] = MappingProxyType(
    {
        "guest": Journey(guest),
        "returning": Journey(returning, signs_in=True),
        "first_time": Journey(first_time, signs_in=True),
        "abandoning": Journey(abandoning, abandons=True),
    }
)
"""Every kind of journey by the name that scenarios, reports and Locust's user classes give it."""
