"""Pay by the chosen option: one small strategy per payment flow, led by the pages that the shop shows.

A strategy starts on the response to the choice of the option. It ends on the order, or on the form for an SMS code.
Anything that prevents this is raised as ``JourneyFailed``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, PAYMENT_OPTIONS, Flow, Page
from users.journeys.checkout import PAYMENT_PAGES, delivery_is_settled
from users.journeys.context import (
    ORDER_PLACED_PAGES,
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
from users.journeys.payment_option import fetch_payment_options, filled, select_payment_option
from users.journeys.redirects import check_leads_off_site, pay_off_site, redirect_url
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, PageResponse, RequestBatch, Steps
from users.journeys.storefront import basket_refetch
from users.population.journey_spec import ExternalPages
from users.population.recipes import RecipePage

_BIN_DIGITS = 6
_AGREED: Mapping[str, str] = MappingProxyType({"agreement": "true"})
_CONFIRMED: Mapping[str, str] = MappingProxyType({"agreement": "1"})
_ORDER_PLACED = Expectation(pages=ORDER_PLACED_PAGES)


def pay(context: JourneyContext) -> Steps[PageResponse]:
    """Go through the flow of the chosen option."""
    recipe = context.policy.recipes.get(context.payment_option)
    if recipe is not None:
        return (yield from _pay_by_recipe(context, recipe))
    return (yield from FLOWS[PAYMENT_OPTIONS[context.payment_option].flow](context))


def _pay_by_recipe(context: JourneyContext, pages: tuple[RecipePage, ...]) -> Steps[PageResponse]:
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


def _post(
    context: JourneyContext, page: Page, form: Mapping[str, str], *then: Page, echoes_form: bool = False
) -> Steps[PageResponse]:
    """Post a form; the response must show one of these pages."""
    expect = Expectation(pages=frozenset(then), echoes_form=echoes_form)
    response = yield from fetch(context, post_checkout_form(context, page, form, expect))
    return response


def _place_order(context: JourneyContext, page: Page, form: Mapping[str, str] = _AGREED) -> Steps[PageResponse]:
    """Post the form that places the order."""
    response = yield from fetch(context, post_checkout_form(context, page, form, _ORDER_PLACED))
    return response


def _refetch_basket(context: JourneyContext) -> Steps[None]:
    """Fetch the basket once more, as the storefront's page does after a payment."""
    if context.as_storefront:
        yield basket_refetch()


def _choose_installments(
    context: JourneyContext, page: Page, form: Mapping[str, str], plans: Page, then: Page
) -> Steps[None]:
    """Name the card and choose an installment plan for it, on whichever page shows the plans; a shop may offer none."""

    def shows_plans(response: PageResponse) -> Outcome:
        there = response.page is then or response.page_context.get("installments") is not None
        return Outcome.OK if there else Outcome.ENVELOPE

    expect = Expectation(pages=frozenset({page, plans, then}), check=shows_plans)
    response = yield from fetch(context, post_checkout_form(context, page, form, expect))
    if response.page is then and "installments" not in response.page_context:
        return
    if context.as_storefront:  # its page takes the first plan by itself
        form = {"installment": required_value(context, offered_rows(context, "installments")[0], "pk")}
    else:
        form = {"installment": choose_offered(context, "installments")}
    expect = Expectation(pages=frozenset({then}), echoes_form=True)
    think_first = not context.as_storefront
    yield from fetch(context, post_checkout_form(context, plans, form, expect, think_first=think_first))


def _card(context: JourneyContext) -> Steps[PageResponse]:
    card = context.identity.card
    form = {"bin_number": card.number[:_BIN_DIGITS]}
    yield from _choose_installments(context, Page.BIN_NUMBER, form, Page.INSTALLMENT, Page.CARD_CONFIRMATION)
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
    yield from _choose_installments(context, Page.SAVED_CARD_SELECTION, form, Page.INSTALLMENT, Page.CARD_CONFIRMATION)
    return (yield from _confirm_card(context, {"card_cvv": context.identity.card.cvv}, declined=False))


def _confirm_card(context: JourneyContext, card: Mapping[str, str], *, declined: bool) -> Steps[PageResponse]:
    page = Page.CARD_CONFIRMATION
    three_d = context.spec.three_d
    form = {"agreement": "1", "use_three_d": "1" if three_d else "0", **card}

    def is_paid_or_leads_to_bank(response: PageResponse) -> Outcome:
        if response.page in ORDER_PLACED_PAGES or redirect_url(response):
            return Outcome.OK
        return Outcome.ENVELOPE if three_d else Outcome.UNEXPECTED_PAGE

    # A shop may send every shopper to the bank. It must send those who ask for it, and must not sell for a card that
    # the bank declines.
    may_be_placed = frozenset() if three_d or declined else ORDER_PLACED_PAGES
    expect = Expectation(
        pages=frozenset({page, Page.THREE_D_SECURE}) | may_be_placed,
        refused_as=Outcome.DECLINED if declined else None,
        check=is_paid_or_leads_to_bank,
    )
    response = yield from fetch(context, post_checkout_form(context, page, form, expect))
    yield from _refetch_basket(context)
    if response.outcome is not Outcome.OK:
        raise JourneyFailed(response.outcome, page)
    if response.page in ORDER_PLACED_PAGES:
        return response
    return (yield from pay_off_site(context, Page.THREE_D_SECURE, refused=declined))


def _stored_card(context: JourneyContext) -> Steps[PageResponse]:
    form = {"stored_card": choose_offered(context, "stored_cards"), "security_code": context.identity.card.cvv}
    return (yield from _place_order(context, Page.MOBIL_EXPRESS_SELECTION, form))


def _funds_transfer(context: JourneyContext) -> Steps[PageResponse]:
    form = {"bank_account": choose_offered(context, "bank_accounts")}
    yield from _post(context, Page.FUNDS_TRANSFER_CHOICE, form, Page.FUNDS_TRANSFER)
    response = yield from _place_order(context, Page.FUNDS_TRANSFER, _CONFIRMED)
    yield from _refetch_basket(context)
    return response


def _pay_on_delivery(context: JourneyContext) -> Steps[PageResponse]:
    choice = choose_offered(context, "payment_choices", "value")
    response = context.last_response
    if response.page is not Page.PAY_ON_DELIVERY:
        form, then = {"payment_choice": choice}, (*ORDER_PLACED_PAGES, Page.PAY_ON_DELIVERY)
        response = yield from _post(context, Page.DELIVERY_PAYMENT_CHOICE, form, *then, echoes_form=True)
    if response.page is Page.PAY_ON_DELIVERY:
        return (yield from _place_order(context, Page.PAY_ON_DELIVERY, {**_CONFIRMED, "paymentType": choice}))
    return response


def _loyalty(context: JourneyContext) -> Steps[PageResponse]:
    unpaid = context.pre_order.get("unpaid_amount")
    to_pay = context.total if unpaid is None else required_amount(context, unpaid)
    balance = context.last_response.page_context.get("balance")
    credit = to_pay if balance is None else required_amount(context, balance)
    if to_pay is not None and credit is not None and credit < to_pay:
        return (yield from _pay_part_by_credit(context, credit))
    form = {"loyalty_amount_to_use": str(to_pay)}
    if context.as_storefront:  # it has no LoyaltyMoneyPage
        yield from _post(context, Page.LOYALTY_USAGE, form, *PAYMENT_PAGES, Page.LOYALTY_USAGE)
        return (yield from _place_order(context, Page.LOYALTY_SELECTED))
    response = context.last_response
    if response.page is Page.LOYALTY_MONEY:
        then = (*ORDER_PLACED_PAGES, Page.LOYALTY_USAGE, Page.LOYALTY_SELECTED)
        response = yield from _post(context, Page.LOYALTY_MONEY, _AGREED, *then)
    if response.page is Page.LOYALTY_USAGE:
        response = yield from _post(context, Page.LOYALTY_USAGE, form, *ORDER_PLACED_PAGES, Page.LOYALTY_SELECTED)
    if response.page is Page.LOYALTY_SELECTED:
        return (yield from _place_order(context, Page.LOYALTY_SELECTED))
    return response


def _pay_part_by_credit(context: JourneyContext, credit: Decimal) -> Steps[PageResponse]:
    """Use up the store credit, which is too little for the order, and pay the rest by another option."""
    context.expect_payment_option("")  # the credit is used up; the shop asks for another option
    other_option = context.policy.fallback
    if credit > 0:
        form = {"loyalty_amount_to_use": str(credit)}
        expect = Expectation(pages=frozenset({Page.PAYMENT_OPTION}), check=delivery_is_settled)
        yield from fetch(context, post_checkout_form(context, Page.LOYALTY_USAGE, form, expect))
        other_option = other_option or "credit_card"
    known = PAYMENT_OPTIONS.get(other_option)
    if not other_option or (known is not None and known.flow is Flow.LOYALTY):
        raise JourneyFailed(Outcome.UNAVAILABLE, context.page)
    yield from fetch_payment_options(context)
    yield from select_payment_option(context, other_option)
    return (yield from pay(context))


def _agreement(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _place_order(context, PAYMENT_OPTIONS[context.payment_option].first_page))


def _agree_and_pay_off_site(context: JourneyContext, first: Page, back_on: Page) -> Steps[PageResponse]:
    expect = Expectation(pages=frozenset({first, back_on}), check=check_leads_off_site)
    yield from fetch(context, post_checkout_form(context, first, _AGREED, expect))
    return (yield from pay_off_site(context, back_on))


def _wallet(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _agree_and_pay_off_site(context, Page.BEX_SELECTION, Page.BEX_COMPLETE))


def _bank_page(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _agree_and_pay_off_site(context, Page.PAY_SELECTION, Page.GPAY_COMPLETE))


def _redirection(context: JourneyContext) -> Steps[PageResponse]:
    return (yield from _agree_and_pay_off_site(context, Page.REDIRECTION_SELECTED, Page.REDIRECTION_COMPLETE))


def _masterpass(context: JourneyContext) -> Steps[PageResponse]:
    done = Page.MASTERPASS_COMPLETE
    form = {"bin_number": context.identity.card.number[:_BIN_DIGITS]}
    plans, then = Page.MASTERPASS_INSTALLMENT, Page.MASTERPASS_ORDER_NO
    yield from _choose_installments(context, Page.MASTERPASS_BIN_NUMBER, form, plans, then)
    expect = Expectation(pages=frozenset({done}), keys=frozenset({"token", "order_no"}))
    response = yield from fetch(context, post_checkout_form(context, then, {}, expect))
    if context.policy.external is ExternalPages.STOP:
        raise JourneyFailed(Outcome.HANDED_OVER, context.page)
    # The wallet runs in the shopper's browser. It has no page to follow, and gives the token back.
    form = {"token": required_value(context, response.page_context, "token")}
    complete = post_checkout_form(context, done, form, _ORDER_PLACED)
    if not context.as_storefront:
        return (yield from fetch(context, complete))
    both = RequestBatch(basket_refetch(), complete)
    yield both
    response = both.responses[1]
    record_response(context, complete, response)
    yield from _refetch_basket(context)
    return response


def _credit(context: JourneyContext) -> Steps[PageResponse]:
    form = {"credit_payment_option": choose_offered(context, "credit_payment_options")}
    then = Page.CREDIT_PAYMENT_CONFIRMATION
    yield from _post(context, Page.CREDIT_PAYMENT_SELECTION, form, then, echoes_form=True)
    return (yield from _place_order(context, then))


def _confirmation(context: JourneyContext) -> Steps[PageResponse]:
    if context.last_response.page is Page.CONFIRMATION_CHECK and not context.as_storefront:
        yield from _post(context, Page.CONFIRMATION_CHECK, _AGREED, Page.CONFIRMATION_SELECTED)
    # If the shop gives no address and no token, the shopper's wallet makes them, as in the storefront.
    form = {**_AGREED, "validationURL": _shown(context, "validation_url") or f"{context.shop_url}/validate/"}
    yield from _post(context, Page.CONFIRMATION_SELECTED, form, Page.CONFIRMATION_QUERY)
    form = {**_AGREED, "payment_token": _shown(context, "payment_token") or f"{context.rng.getrandbits(128):032x}"}
    yield from _post(context, Page.CONFIRMATION_QUERY, form, Page.CONFIRMATION_COMPLETE)
    return (yield from _place_order(context, Page.CONFIRMATION_COMPLETE))


def _shown(context: JourneyContext, name: str) -> str:
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
"""The strategy of every flow; a test fails if a flow has none."""
