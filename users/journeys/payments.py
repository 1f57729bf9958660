"""How each payment flow is walked: one small strategy per flow, led by the pages that the shop shows.

A strategy begins on the reply to the choice of the option and ends on the order, or on the question for a code by
SMS; whatever keeps it from there is raised as ``JourneyFailed``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from harness.measurement.outcomes import Outcome
from shop.contract import PAYMENT_OPTIONS, Flow, Page
from users.journeys.checkout import PAYMENT_PAGES, delivery_is_settled
from users.journeys.context import (
    ORDERED,
    JourneyContext,
    choose_offered,
    fetch,
    has_value,
    offered_rows,
    post_checkout_form,
    record_response,
    required_amount,
    required_value,
)
from users.journeys.payment_option import fetch_payment_options, select_payment_option
from users.journeys.redirects import check_leads_off_site, pay_off_site, redirect_url
from users.journeys.steps import JourneyFailed, PageResponse, RequestBatch, Steps
from users.journeys.storefront import basket_refetch
from users.population.journey_spec import ExternalPages

_BIN_DIGITS = 6
_AGREED: Mapping[str, str] = MappingProxyType({"agreement": "true"})


def pay(context: JourneyContext) -> Steps[PageResponse]:
    """Walk the flow of the option that was just chosen."""
    response = yield from FLOWS[PAYMENT_OPTIONS[context.payment_option].flow](context)
    return response


def _complete(context: JourneyContext, page: Page, form: Mapping[str, str] = _AGREED) -> Steps[PageResponse]:
    """The post that completes the order."""
    response = yield from fetch(context, post_checkout_form(context, page, form, ORDERED))
    return response


def _fetch_basket(context: JourneyContext) -> Steps[None]:
    """Fetch the basket once more, as the storefront's page does when a payment was sent."""
    if context.as_storefront:
        yield basket_refetch()


def _agree_on_plan(
    context: JourneyContext, page: Page, form: Mapping[str, str], plans: Page, then: Page
) -> Steps[None]:
    """Name the card, and choose among the plans for it, on whatever page the shop shows them; a shop may go on without any."""

    def check(response: PageResponse) -> Outcome:
        there = response.page is then or response.page_context.get("installments") is not None
        return Outcome.OK if there else Outcome.ENVELOPE

    response = yield from fetch(
        context, post_checkout_form(context, page, form, frozenset({page, plans, then}), check=check)
    )
    if response.page is then and "installments" not in response.page_context:
        return
    if context.as_storefront:  # its page takes the first plan on its own
        form = {"installment": required_value(context, offered_rows(context, "installments")[0], "pk")}
    else:
        form = {"installment": choose_offered(context, "installments")}
    request = post_checkout_form(
        context, plans, form, frozenset({then}), echo=form, think_first=not context.as_storefront
    )
    yield from fetch(context, request)


def _card(context: JourneyContext) -> Steps[PageResponse]:
    card = context.identity.card
    form = {"bin_number": card.number[:_BIN_DIGITS]}
    yield from _agree_on_plan(context, Page.BIN_NUMBER, form, Page.INSTALLMENT, Page.CARD_CONFIRMATION)
    form = {
        "card_cvv": card.cvv,
        "card_holder": card.holder,
        "card_month": card.month,
        "card_number": card.number,
        "card_year": card.year,
    }
    return (yield from _confirm_card(context, form, declined=context.spec.declined))


def _saved_card(context: JourneyContext) -> Steps[PageResponse]:
    form = {"saved_card": choose_offered(context, "saved_cards")}
    yield from _agree_on_plan(context, Page.SAVED_CARD_SELECTION, form, Page.INSTALLMENT, Page.CARD_CONFIRMATION)
    return (yield from _confirm_card(context, {"card_cvv": context.identity.card.cvv}, declined=False))


def _confirm_card(context: JourneyContext, card: Mapping[str, str], *, declined: bool) -> Steps[PageResponse]:
    page = Page.CARD_CONFIRMATION
    three_d = context.spec.three_d
    form = {"agreement": "1", "use_three_d": "1" if three_d else "0", **card}
    # A shop may send everybody to the bank; who asks for that is surely sent, and a card to be declined sells nothing.
    expected_pages = frozenset({page, Page.THREE_D_SECURE}) | (frozenset() if three_d or declined else ORDERED)

    def check(response: PageResponse) -> Outcome:
        if response.page in ORDERED or redirect_url(response):
            return Outcome.OK
        return Outcome.ENVELOPE if three_d else Outcome.UNEXPECTED_PAGE

    refused_as = Outcome.DECLINED if declined else None
    response = yield from fetch(
        context, post_checkout_form(context, page, form, expected_pages, refused_as=refused_as, check=check)
    )
    yield from _fetch_basket(context)
    if response.outcome is not Outcome.OK:
        raise JourneyFailed(response.outcome, page)
    if response.page in ORDERED:
        return response
    return (yield from pay_off_site(context, Page.THREE_D_SECURE, refused=declined))


def _stored_card(context: JourneyContext) -> Steps[PageResponse]:
    form = {"stored_card": choose_offered(context, "stored_cards"), "security_code": context.identity.card.cvv}
    return (yield from _complete(context, Page.MOBIL_EXPRESS_SELECTION, form))


def _funds_transfer(context: JourneyContext) -> Steps[PageResponse]:
    form = {"bank_account": choose_offered(context, "bank_accounts")}
    yield from fetch(
        context, post_checkout_form(context, Page.FUNDS_TRANSFER_CHOICE, form, frozenset({Page.FUNDS_TRANSFER}))
    )
    response = yield from _complete(context, Page.FUNDS_TRANSFER, {"agreement": "1"})
    yield from _fetch_basket(context)
    return response


def _pay_on_delivery(context: JourneyContext) -> Steps[PageResponse]:
    choice = choose_offered(context, "payment_choices", "value")
    response = context.last_response
    if response.page is not Page.PAY_ON_DELIVERY:
        response = yield from fetch(
            context,
            post_checkout_form(
                context,
                Page.DELIVERY_PAYMENT_CHOICE,
                {"payment_choice": choice},
                ORDERED | {Page.PAY_ON_DELIVERY},
                echo={"payment_choice": choice},
            ),
        )
    if response.page is Page.PAY_ON_DELIVERY:
        return (yield from _complete(context, Page.PAY_ON_DELIVERY, {"agreement": "1", "paymentType": choice}))
    return response


def _loyalty(context: JourneyContext) -> Steps[PageResponse]:
    to_pay = context.pre_order.get("unpaid_amount")
    to_pay = context.total if to_pay is None else required_amount(context, to_pay)
    balance = context.last_response.page_context.get("balance")
    credit = to_pay if balance is None else required_amount(context, balance)
    if to_pay is not None and credit is not None and credit < to_pay:
        return (yield from _part_by_credit(context, credit))
    if context.as_storefront:  # its page has no LoyaltyMoneyPage
        yield from fetch(
            context, post_checkout_form(context, Page.LOYALTY_USAGE, {"loyalty_amount_to_use": str(to_pay)}, _ON_CREDIT)
        )
        return (yield from _complete(context, Page.LOYALTY_SELECTED))
    response = context.last_response
    if response.page is Page.LOYALTY_MONEY:
        then = ORDERED | {Page.LOYALTY_USAGE, Page.LOYALTY_SELECTED}
        response = yield from fetch(context, post_checkout_form(context, Page.LOYALTY_MONEY, _AGREED, then))
    if response.page is Page.LOYALTY_USAGE:
        form = {"loyalty_amount_to_use": str(to_pay)}
        response = yield from fetch(
            context, post_checkout_form(context, Page.LOYALTY_USAGE, form, ORDERED | {Page.LOYALTY_SELECTED})
        )
    if response.page is Page.LOYALTY_SELECTED:
        return (yield from _complete(context, Page.LOYALTY_SELECTED))
    return response


_ON_CREDIT = PAYMENT_PAGES | {Page.LOYALTY_USAGE}


def _part_by_credit(context: JourneyContext, credit: Decimal) -> Steps[PageResponse]:
    """Too little store credit for the order: use up what there is, and pay the rest by another option."""
    context.chosen_option = {}  # what she has chosen is used up; the shop asks for another option
    rest = context.policy.fallback
    if credit > 0:
        form = {"loyalty_amount_to_use": str(credit)}
        then = frozenset({Page.PAYMENT_OPTION})
        yield from fetch(
            context, post_checkout_form(context, Page.LOYALTY_USAGE, form, then, check=delivery_is_settled)
        )
        rest = rest or "credit_card"
    if not rest or PAYMENT_OPTIONS[rest].flow is Flow.LOYALTY:
        raise JourneyFailed(Outcome.UNAVAILABLE, context.page)
    yield from fetch_payment_options(context)
    yield from select_payment_option(context, rest)
    return (yield from pay(context))


def _agreement(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _complete(context, PAYMENT_OPTIONS[context.payment_option].first_page))


def _outside(context: JourneyContext, first: Page, back_on: Page) -> Steps[PageResponse]:
    """Agree, go to the other site, come back."""
    expected_pages = frozenset({first, back_on})
    yield from fetch(context, post_checkout_form(context, first, _AGREED, expected_pages, check=check_leads_off_site))
    return (yield from pay_off_site(context, back_on))


def _wallet(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _outside(context, Page.BEX_SELECTION, Page.BEX_COMPLETE))


def _bank_page(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _outside(context, Page.PAY_SELECTION, Page.GPAY_COMPLETE))


def _redirection(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _outside(context, Page.REDIRECTION_SELECTED, Page.REDIRECTION_COMPLETE))


def _masterpass(context: JourneyContext) -> Steps[PageResponse]:
    done = Page.MASTERPASS_COMPLETE
    form = {"bin_number": context.identity.card.number[:_BIN_DIGITS]}
    plans, then = Page.MASTERPASS_INSTALLMENT, Page.MASTERPASS_ORDER_NO
    yield from _agree_on_plan(context, Page.MASTERPASS_BIN_NUMBER, form, plans, then)
    required_keys = frozenset({"token", "order_no"})
    response = yield from fetch(
        context,
        post_checkout_form(context, Page.MASTERPASS_ORDER_NO, {}, frozenset({done}), required_keys=required_keys),
    )
    if context.policy.external is ExternalPages.STOP:
        raise JourneyFailed(Outcome.HANDED_OVER, context.page)
    # The wallet runs inside the shopper's browser: there is no page of it to follow, it gives the token back.
    form = {"token": required_value(context, response.page_context, "token")}
    complete = post_checkout_form(context, done, form, ORDERED, csrf=False)
    if not context.as_storefront:
        return (yield from fetch(context, complete))
    both = RequestBatch(basket_refetch(), complete)
    yield both
    response = both.responses[1]
    record_response(context, complete, response)
    yield from _fetch_basket(context)
    return response


def _credit(context: JourneyContext) -> Steps[PageResponse]:
    form = {"credit_payment_option": choose_offered(context, "credit_payment_options")}
    yield from fetch(
        context,
        post_checkout_form(
            context, Page.CREDIT_PAYMENT_SELECTION, form, frozenset({Page.CREDIT_PAYMENT_CONFIRMATION}), echo=form
        ),
    )
    return (yield from _complete(context, Page.CREDIT_PAYMENT_CONFIRMATION))


def _confirmation(context: JourneyContext) -> Steps[PageResponse]:
    if context.last_response.page is Page.CONFIRMATION_CHECK and not context.as_storefront:
        then = frozenset({Page.CONFIRMATION_SELECTED})
        yield from fetch(context, post_checkout_form(context, Page.CONFIRMATION_CHECK, _AGREED, then))
    # A shop that gives neither the address nor the token leaves them to the shopper's wallet, as the storefront does.
    form = {**_AGREED, "validationURL": _given(context, "validation_url") or f"{context.shop_url}/validate/"}
    then = frozenset({Page.CONFIRMATION_QUERY})
    yield from fetch(context, post_checkout_form(context, Page.CONFIRMATION_SELECTED, form, then))
    form = {**_AGREED, "payment_token": _given(context, "payment_token") or f"{context.rng.getrandbits(128):032x}"}
    yield from fetch(
        context, post_checkout_form(context, Page.CONFIRMATION_QUERY, form, frozenset({Page.CONFIRMATION_COMPLETE}))
    )
    return (yield from _complete(context, Page.CONFIRMATION_COMPLETE))


def _given(context: JourneyContext, name: str) -> str:
    value = context.last_response.page_context.get(name)
    return str(value) if has_value(value) else ""


FLOWS: Mapping[Flow, Callable[[JourneyContext], Steps[PageResponse]]] = MappingProxyType(
    {
        Flow.CARD: _card,
        Flow.FUNDS_TRANSFER: _funds_transfer,
        Flow.PAY_ON_DELIVERY: _pay_on_delivery,
        Flow.WALLET: _wallet,
        Flow.LOYALTY: _loyalty,
        Flow.AGREEMENT: _agreement,
        Flow.BANK_PAGE: _bank_page,
        Flow.REDIRECTION: _redirection,
        Flow.STORED_CARD: _stored_card,
        Flow.MASTERPASS: _masterpass,
        Flow.CREDIT: _credit,
        Flow.SAVED_CARD: _saved_card,
        Flow.CONFIRMATION: _confirmation,
    }
)
"""The strategy of every flow; a flow without one is a hole that a test finds."""
