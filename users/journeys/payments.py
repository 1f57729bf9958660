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
    ask,
    choose,
    has_value,
    offered,
    post,
    remember,
    required,
    required_amount,
)
from users.journeys.payment_option import fetch_payment_options, select_payment_option
from users.journeys.redirects import check_leads_off_site, pay_off_site, way_out
from users.journeys.steps import Answer, JourneyFailed, RequestBatch, Steps
from users.journeys.storefront import basket_refetch
from users.population.journey_spec import External

_BIN_DIGITS = 6
_AGREED: Mapping[str, str] = MappingProxyType({"agreement": "true"})


def pay(errand: JourneyContext) -> Steps[Answer]:
    """Walk the flow of the option that was just chosen."""
    answer = yield from FLOWS[PAYMENT_OPTIONS[errand.payment_option].flow](errand)
    return answer


def _complete(errand: JourneyContext, page: Page, form: Mapping[str, str] = _AGREED) -> Steps[Answer]:
    """The post that completes the order."""
    answer = yield from ask(errand, post(errand, page, form, ORDERED))
    return answer


def _fetch_basket(errand: JourneyContext) -> Steps[None]:
    """Fetch the basket once more, as the storefront's page does when a payment was sent."""
    if errand.as_storefront:
        yield basket_refetch()


def _agree_on_plan(errand: JourneyContext, page: Page, form: Mapping[str, str], plans: Page, then: Page) -> Steps[None]:
    """Name the card, and choose among the plans for it, on whatever page the shop shows them; a shop may go on without any."""

    def judge(answer: Answer) -> Outcome:
        there = answer.page is then or answer.context.get("installments") is not None
        return Outcome.OK if there else Outcome.ENVELOPE

    answer = yield from ask(errand, post(errand, page, form, frozenset({page, plans, then}), judge=judge))
    if answer.page is then and "installments" not in answer.context:
        return
    if errand.as_storefront:  # its page takes the first plan on its own
        form = {"installment": required(errand, offered(errand, "installments")[0], "pk")}
    else:
        form = {"installment": choose(errand, "installments")}
    visit = post(errand, plans, form, frozenset({then}), echo=form, think_first=not errand.as_storefront)
    yield from ask(errand, visit)


def _card(errand: JourneyContext) -> Steps[Answer]:
    card = errand.shopper.card
    form = {"bin_number": card.number[:_BIN_DIGITS]}
    yield from _agree_on_plan(errand, Page.BIN_NUMBER, form, Page.INSTALLMENT, Page.CARD_CONFIRMATION)
    form = {
        "card_cvv": card.cvv,
        "card_holder": card.holder,
        "card_month": card.month,
        "card_number": card.number,
        "card_year": card.year,
    }
    return (yield from _confirm_card(errand, form, declined=errand.itinerary.declined))


def _saved_card(errand: JourneyContext) -> Steps[Answer]:
    form = {"saved_card": choose(errand, "saved_cards")}
    yield from _agree_on_plan(errand, Page.SAVED_CARD_SELECTION, form, Page.INSTALLMENT, Page.CARD_CONFIRMATION)
    return (yield from _confirm_card(errand, {"card_cvv": errand.shopper.card.cvv}, declined=False))


def _confirm_card(errand: JourneyContext, card: Mapping[str, str], *, declined: bool) -> Steps[Answer]:
    page = Page.CARD_CONFIRMATION
    three_d = errand.itinerary.three_d
    form = {"agreement": "1", "use_three_d": "1" if three_d else "0", **card}
    # A shop may send everybody to the bank; who asks for that is surely sent, and a card to be declined sells nothing.
    expects = frozenset({page, Page.THREE_D_SECURE}) | (frozenset() if three_d or declined else ORDERED)

    def judge(answer: Answer) -> Outcome:
        if answer.page in ORDERED or way_out(answer):
            return Outcome.OK
        return Outcome.ENVELOPE if three_d else Outcome.UNEXPECTED_PAGE

    refused_as = Outcome.DECLINED if declined else None
    answer = yield from ask(errand, post(errand, page, form, expects, refused_as=refused_as, judge=judge))
    yield from _fetch_basket(errand)
    if answer.outcome is not Outcome.OK:
        raise JourneyFailed(answer.outcome, page)
    if answer.page in ORDERED:
        return answer
    return (yield from pay_off_site(errand, Page.THREE_D_SECURE, refused=declined))


def _stored_card(errand: JourneyContext) -> Steps[Answer]:
    form = {"stored_card": choose(errand, "stored_cards"), "security_code": errand.shopper.card.cvv}
    return (yield from _complete(errand, Page.MOBIL_EXPRESS_SELECTION, form))


def _funds_transfer(errand: JourneyContext) -> Steps[Answer]:
    form = {"bank_account": choose(errand, "bank_accounts")}
    yield from ask(errand, post(errand, Page.FUNDS_TRANSFER_CHOICE, form, frozenset({Page.FUNDS_TRANSFER})))
    answer = yield from _complete(errand, Page.FUNDS_TRANSFER, {"agreement": "1"})
    yield from _fetch_basket(errand)
    return answer


def _pay_on_delivery(errand: JourneyContext) -> Steps[Answer]:
    choice = choose(errand, "payment_choices", "value")
    answer = errand.shown
    if answer.page is not Page.PAY_ON_DELIVERY:
        answer = yield from ask(
            errand,
            post(
                errand,
                Page.DELIVERY_PAYMENT_CHOICE,
                {"payment_choice": choice},
                ORDERED | {Page.PAY_ON_DELIVERY},
                echo={"payment_choice": choice},
            ),
        )
    if answer.page is Page.PAY_ON_DELIVERY:
        return (yield from _complete(errand, Page.PAY_ON_DELIVERY, {"agreement": "1", "paymentType": choice}))
    return answer


def _loyalty(errand: JourneyContext) -> Steps[Answer]:
    to_pay = errand.pre_order.get("unpaid_amount")
    to_pay = errand.total if to_pay is None else required_amount(errand, to_pay)
    balance = errand.shown.context.get("balance")
    credit = to_pay if balance is None else required_amount(errand, balance)
    if to_pay is not None and credit is not None and credit < to_pay:
        return (yield from _part_by_credit(errand, credit))
    if errand.as_storefront:  # its page has no LoyaltyMoneyPage
        yield from ask(errand, post(errand, Page.LOYALTY_USAGE, {"loyalty_amount_to_use": str(to_pay)}, _ON_CREDIT))
        return (yield from _complete(errand, Page.LOYALTY_SELECTED))
    answer = errand.shown
    if answer.page is Page.LOYALTY_MONEY:
        then = ORDERED | {Page.LOYALTY_USAGE, Page.LOYALTY_SELECTED}
        answer = yield from ask(errand, post(errand, Page.LOYALTY_MONEY, _AGREED, then))
    if answer.page is Page.LOYALTY_USAGE:
        form = {"loyalty_amount_to_use": str(to_pay)}
        answer = yield from ask(errand, post(errand, Page.LOYALTY_USAGE, form, ORDERED | {Page.LOYALTY_SELECTED}))
    if answer.page is Page.LOYALTY_SELECTED:
        return (yield from _complete(errand, Page.LOYALTY_SELECTED))
    return answer


_ON_CREDIT = PAYMENT_PAGES | {Page.LOYALTY_USAGE}


def _part_by_credit(errand: JourneyContext, credit: Decimal) -> Steps[Answer]:
    """Too little store credit for the order: use up what there is, and pay the rest by another option."""
    errand.chosen = {}  # what she has chosen is used up; the shop asks for another option
    rest = errand.conduct.fallback
    if credit > 0:
        form = {"loyalty_amount_to_use": str(credit)}
        then = frozenset({Page.PAYMENT_OPTION})
        yield from ask(errand, post(errand, Page.LOYALTY_USAGE, form, then, judge=delivery_is_settled))
        rest = rest or "credit_card"
    if not rest or PAYMENT_OPTIONS[rest].flow is Flow.LOYALTY:
        raise JourneyFailed(Outcome.UNAVAILABLE, errand.page)
    yield from fetch_payment_options(errand)
    yield from select_payment_option(errand, rest)
    return (yield from pay(errand))


def _agreement(errand: JourneyContext) -> Steps[Answer]:
    return (yield from _complete(errand, PAYMENT_OPTIONS[errand.payment_option].first_page))


def _outside(errand: JourneyContext, first: Page, back_on: Page) -> Steps[Answer]:
    """Agree, go to the other site, come back."""
    expects = frozenset({first, back_on})
    yield from ask(errand, post(errand, first, _AGREED, expects, judge=check_leads_off_site))
    return (yield from pay_off_site(errand, back_on))


def _wallet(errand: JourneyContext) -> Steps[Answer]:
    return (yield from _outside(errand, Page.BEX_SELECTION, Page.BEX_COMPLETE))


def _bank_page(errand: JourneyContext) -> Steps[Answer]:
    return (yield from _outside(errand, Page.PAY_SELECTION, Page.GPAY_COMPLETE))


def _redirection(errand: JourneyContext) -> Steps[Answer]:
    return (yield from _outside(errand, Page.REDIRECTION_SELECTED, Page.REDIRECTION_COMPLETE))


def _masterpass(errand: JourneyContext) -> Steps[Answer]:
    done = Page.MASTERPASS_COMPLETE
    form = {"bin_number": errand.shopper.card.number[:_BIN_DIGITS]}
    plans, then = Page.MASTERPASS_INSTALLMENT, Page.MASTERPASS_ORDER_NO
    yield from _agree_on_plan(errand, Page.MASTERPASS_BIN_NUMBER, form, plans, then)
    needs = frozenset({"token", "order_no"})
    answer = yield from ask(errand, post(errand, Page.MASTERPASS_ORDER_NO, {}, frozenset({done}), needs=needs))
    if errand.conduct.external is External.STOP:
        raise JourneyFailed(Outcome.HANDED_OVER, errand.page)
    # The wallet runs inside the shopper's browser: there is no page of it to follow, it gives the token back.
    form = {"token": required(errand, answer.context, "token")}
    complete = post(errand, done, form, ORDERED, csrf=False)
    if not errand.as_storefront:
        return (yield from ask(errand, complete))
    both = RequestBatch(basket_refetch(), complete)
    yield both
    answer = both.answers[1]
    remember(errand, complete, answer)
    yield from _fetch_basket(errand)
    return answer


def _credit(errand: JourneyContext) -> Steps[Answer]:
    form = {"credit_payment_option": choose(errand, "credit_payment_options")}
    yield from ask(
        errand,
        post(errand, Page.CREDIT_PAYMENT_SELECTION, form, frozenset({Page.CREDIT_PAYMENT_CONFIRMATION}), echo=form),
    )
    return (yield from _complete(errand, Page.CREDIT_PAYMENT_CONFIRMATION))


def _confirmation(errand: JourneyContext) -> Steps[Answer]:
    if errand.shown.page is Page.CONFIRMATION_CHECK and not errand.as_storefront:
        then = frozenset({Page.CONFIRMATION_SELECTED})
        yield from ask(errand, post(errand, Page.CONFIRMATION_CHECK, _AGREED, then))
    # A shop that gives neither the address nor the token leaves them to the shopper's wallet, as the storefront does.
    form = {**_AGREED, "validationURL": _given(errand, "validation_url") or f"{errand.origin}/validate/"}
    then = frozenset({Page.CONFIRMATION_QUERY})
    yield from ask(errand, post(errand, Page.CONFIRMATION_SELECTED, form, then))
    form = {**_AGREED, "payment_token": _given(errand, "payment_token") or f"{errand.chance.getrandbits(128):032x}"}
    yield from ask(errand, post(errand, Page.CONFIRMATION_QUERY, form, frozenset({Page.CONFIRMATION_COMPLETE})))
    return (yield from _complete(errand, Page.CONFIRMATION_COMPLETE))


def _given(errand: JourneyContext, name: str) -> str:
    value = errand.shown.context.get(name)
    return str(value) if has_value(value) else ""


FLOWS: Mapping[Flow, Callable[[JourneyContext], Steps[Answer]]] = MappingProxyType(
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
