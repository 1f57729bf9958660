"""All kinds of journeys through the shop; each ends in a receipt or in one named failure."""

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
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, ResponseFormat, Steps

_CSRF_TOKEN = Expectation(ResponseFormat.JSON, keys=frozenset({"csrf_token"}))
_SETS_COOKIE = Expectation(ResponseFormat.ANY)  # the token is in a cookie, whatever else the page holds
_HOLDS_TOKEN = Expectation(ResponseFormat.CSRF_TOKEN, keys=frozenset({"csrf_token"}))
# Without a key it is a refusal: the shop wants a one-time code or a captcha, or reports errors.
_SIGNED_IN = Expectation(ResponseFormat.JSON, keys=frozenset({"key"}), fails_as=Outcome.SIGN_IN_REFUSED)


@dataclass(frozen=True, slots=True)
class Journey:
    """One kind of journey: its steps, whether it needs an account, and whether the shopper leaves before paying."""

    steps: Callable[[JourneyContext], Steps[Receipt]]
    signs_in: bool = False
    abandons: bool = False


def guest(context: JourneyContext) -> Steps[Receipt]:
    """Buy without an account: give a name, choose address and delivery, and pay."""
    yield from _fetch_token(context)
    yield from fill_basket(context)
    yield from _to_payment(context)
    return (yield from complete_order(context))


def returning(context: JourneyContext) -> Steps[Receipt]:
    """Sign in and buy; the shop remembers the customer's choices, so its checkout opens on the payment page."""
    yield from _sign_in(context)
    yield from fill_basket(context)
    yield from _to_payment(context)
    return (yield from complete_order(context))


def first_time(context: JourneyContext) -> Steps[Receipt]:
    """Sign in, add an address and choose the delivery, even if the shop remembers an earlier choice."""
    context.adds_address = True
    yield from _sign_in(context)
    yield from fill_basket(context)
    yield from _to_payment(context, every=True)
    return (yield from complete_order(context))


def abandoning(context: JourneyContext) -> Steps[Receipt]:
    """Start as a guest, and leave after some page of the checkout, the list of payment options at the latest."""
    # A shop may leave out the chosen page. It never leaves out the list of payment options.
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
    path = context.policy.csrf_path
    if path and context.policy.csrf_in_page:
        request = PageRequest(Page.CSRF_TOKEN, path=path, expect=_HOLDS_TOKEN, think_first=False)
        context.csrf_token = (yield from fetch(context, request)).text
    elif path:
        expect = _CSRF_TOKEN if path == PATHS[Page.CSRF_TOKEN] else _SETS_COOKIE
        yield from fetch(context, PageRequest(Page.CSRF_TOKEN, path=path, expect=expect, think_first=False))


def _sign_in(context: JourneyContext) -> Steps[None]:
    if context.account is None:
        raise JourneyFailed(Outcome.NO_ACCOUNT, Page.LOGIN)
    if context.signed_in:
        if context.policy.csrf_in_page:
            yield from _fetch_token(context)
        return
    yield from _fetch_token(context)
    form = {
        "email": context.account.email,
        "password": context.account.password,
        "formType": "login",
        "locale": context.policy.locale,
        **(storefront.SIGN_IN_FIELDS if context.as_storefront else {}),
    }
    yield from fetch(context, PageRequest(Page.LOGIN, "POST", PATHS[Page.LOGIN], json=form, expect=_SIGNED_IN))
    if context.as_storefront:
        yield from fetch(context, storefront.current_user())
    if context.policy.csrf_in_page:  # a shop changes it at a sign-in
        yield from _fetch_token(context)
    context.signed_in = True


JOURNEYS: Mapping[str, Journey] = MappingProxyType(
    {
        "guest": Journey(guest),
        "returning": Journey(returning, signs_in=True),
        "first_time": Journey(first_time, signs_in=True),
        "abandoning": Journey(abandoning, abandons=True),
    }
)
"""Every kind of journey by the name that scenarios, reports and Locust's user classes use."""
