"""How each payment option is paid: one handler for each page of a payment."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from second_shop.checkout import PAYMENT, Errors
from second_shop.customers import Session
from second_shop.exchange import AGREED
from second_shop.options import OPTIONS, OWN, WALLET, listed, opening
from second_shop.variations import Variations

DECLINED = "4000000000000002"
CODE = "123456"
_MOST_WRONG_CODES = 3
SOLD = "ThankYouPage"


@dataclass(slots=True)
class Step:
    """What a payment page's form led to: the next page with what it shows, or errors; ``provoked`` if the form meant them."""

    page: str = ""
    shown: dict[str, Any] = field(default_factory=dict)
    errors: Errors = field(default_factory=dict)
    provoked: bool = False


Handler = Callable[[Session, dict[str, str], Variations], Step]


def choose(session: Session, form: dict[str, str], reported: Variations) -> Step:
    """Take the option, by slug or by primary key; this discards the entries for another option."""
    wanted, rows = form.get("payment_option", ""), listed(reported)["payment_options"]
    chosen = next((one for one in rows if wanted in (one["slug"], str(one["pk"]))), None)
    if chosen is None:
        errors = {"payment_option": ["Select a valid choice. That choice is not one of the available choices."]}
        return Step(errors=errors)
    order, option = session.order, (OPTIONS | OWN)[chosen["payment_type"]]
    if chosen["payment_type"] == WALLET and not (order.wallet_asked and reported.wallet == "yes"):
        return Step(errors={"payment_option": ["Ask first whether the wallet is available."]})
    order.after_option()
    order.option = chosen["payment_type"]
    return open_page(session, option.first, opening(option.first, reported), *option.also)


def open_page(session: Session, page: str, shown: dict[str, Any], *also: str) -> Step:
    order = session.order
    order.shown = (page, shown)
    order.reached |= {page, *also}
    return Step(page, shown)


def to_pay(session: Session, reported: Variations) -> Decimal:
    """What the order costs, less the store credit used."""
    shipping = session.order.shipping
    total = session.basket.total(Decimal(reported.campaign))
    return total + Decimal(shipping["shipping_amount"] if shipping else 0) - session.order.loyalty


def _installments(session: Session, reported: Variations) -> dict[str, Any]:
    plans = []
    for pk, count in ((81, 1), (83, 3)):
        monthly = (to_pay(session, reported) / count).quantize(Decimal("0.01"))
        plans.append(
            {
                "pk": pk,
                "installment_count": count,
                "label": str(count),
                "monthly_price_with_accrued_interest": str(monthly),
                "price_with_accrued_interest": str(to_pay(session, reported)),
            }
        )
    return {"card_type": {"name": "Other", "slug": "other", "logo": None}, "installments": plans}


def _bin(then: str) -> Handler:
    def take(session: Session, form: dict[str, str], reported: Variations) -> Step:
        number = form.get("bin_number", "")
        if not (number.isdecimal() and len(number) == 6):
            return Step(errors={"bin_number": ["Enter the first six digits of the card."]})
        session.order.bin_number, session.order.installment = number, None
        return open_page(session, then, _installments(session, reported))

    return take


def _installment(then: str) -> Handler:
    def take(session: Session, form: dict[str, str], reported: Variations) -> Step:
        plans = _installments(session, reported)["installments"]
        plan = next((one for one in plans if str(one["pk"]) == form.get("installment")), None)
        if plan is None:
            return Step(errors={"installment": ["Select a valid choice."]})
        session.order.installment = plan
        return open_page(session, then, {})

    return take


def _agree(form: dict[str, str]) -> Errors:
    return {} if form.get("agreement") in AGREED else {"agreement": ["This field is required."]}


def _sell(_session: Session, form: dict[str, str], _reported: Variations) -> Step:
    errors = _agree(form)
    return Step(errors=errors) if errors else Step(SOLD)


def _go(then: str, *needs: str) -> Handler:
    def take(session: Session, form: dict[str, str], _reported: Variations) -> Step:
        errors = _agree(form) | {name: ["This field is required."] for name in needs if not form.get(name)}
        return Step(errors=errors) if errors else open_page(session, then, {})

    return take


def _confirm_card(session: Session, form: dict[str, str], reported: Variations) -> Step:
    names = ("card_holder", "card_number", "card_month", "card_year", "card_cvv")
    errors = _agree(form) | {name: ["This field is required."] for name in names if not form.get(name)}
    number = form.get("card_number", "")
    if not errors and number[:6] != session.order.bin_number:
        errors["card_number"] = ["This is not the card of the first digits that were given."]
    if errors:
        return Step(errors=errors)
    if form.get("use_three_d") == "1" or reported.three_d == "always":
        return _leave(session, "CreditCardThreeDSecurePage", "/orders/redirect-three-d/", declined=number == DECLINED)
    if number == DECLINED:
        return Step(errors={"non_field_errors": "The card was declined."}, provoked=True)
    return Step(SOLD)


def _leave(session: Session, back_on: str, way_out: str, *, declined: bool = False) -> Step:
    """Send the browser away. The link is for this reply only: a look at the checkout later does not lead there again."""
    session.order.reference = secrets.token_hex(8) + ("d" if declined else "a")
    session.order.reached.add(back_on)
    return Step(back_on, {"redirect_url": way_out.format(reference=session.order.reference)})


def _return(session: Session, form: dict[str, str], _reported: Variations) -> Step:
    """What the bank sent back with the browser: its own names for the reference and for how it went."""
    if form.get("oid") != session.order.reference:
        return Step(errors={"non_field_errors": "This payment is not known."})
    if form.get("mdStatus") != "1":
        return Step(errors={"non_field_errors": "The bank refused the payment."}, provoked=True)
    return Step(SOLD)


def _bank_account(session: Session, form: dict[str, str], _reported: Variations) -> Step:
    if form.get("bank_account") != "61":
        return Step(errors={"bank_account": ["Select a valid choice."]})
    return open_page(session, "FundsTransferPage", {})


def _choice(session: Session, form: dict[str, str], reported: Variations) -> Step:
    choices = opening("PayOnDeliveryPaymentChoicePage", reported)["payment_choices"]
    session.order.choice = next((one for one in choices if one["value"] == form.get("payment_choice")), None)
    if session.order.choice is None:
        return Step(errors={"payment_choice": ["Select a valid choice."]})
    if reported.choice_then == SOLD:
        return Step(SOLD)
    if reported.choice_then == "VerifySmsPage":
        return open_page(session, "VerifySmsPage", {"verification": True}, "SendSmsPage")
    return open_page(session, reported.choice_then, {})


def _agree_on_delivery(session: Session, form: dict[str, str], _reported: Variations) -> Step:
    errors = _agree(form)
    if form.get("paymentType") not in ("cash", "credit_card"):
        errors["paymentType"] = ["Select a valid choice."]
    return Step(errors=errors) if errors else Step(SOLD)


def _verify(session: Session, form: dict[str, str], _reported: Variations) -> Step:
    order = session.order
    if order.codes_wrong < _MOST_WRONG_CODES and form.get("verify_code") == CODE:
        return Step(SOLD)
    order.codes_wrong += 1
    return Step(errors={"verify_code": ["The code is wrong."]}, provoked=True)


def _send_again(session: Session, _form: dict[str, str], _reported: Variations) -> Step:
    return open_page(session, "VerifySmsPage", {"verification": True}, "SendSmsPage")


def _pay_at_bank(session: Session, _form: dict[str, str], _reported: Variations) -> Step:
    return _leave(session, "GPayCompletePage", "/garanti-pay/?oid={reference}&then=GPayCompletePage")


def _redirect(session: Session, form: dict[str, str], _reported: Variations) -> Step:
    if errors := _agree(form):
        return Step(errors=errors)
    left = _leave(session, "RedirectionPageCompletePage", "/orders/redirection/")
    return Step("RedirectionPaymentSelectedPage", left.shown)


def _order_no(session: Session, _form: dict[str, str], _reported: Variations) -> Step:
    session.order.reference = secrets.token_hex(16)
    shown = {"token": session.order.reference, "order_no": "2284207301612555", "extras": {"additionalParams": {}}}
    return open_page(session, "MasterpassCompletePage", shown)


def _wallet(session: Session, form: dict[str, str], _reported: Variations) -> Step:
    if form.get("token") != session.order.reference:
        return Step(errors={"token": ["This is not the token that was given."]})
    return Step(SOLD)


def _credit(session: Session, form: dict[str, str], reported: Variations) -> Step:
    options = opening("CreditPaymentSelectionPage", reported)["credit_payment_options"]
    chosen = next((one for one in options if str(one["pk"]) == form.get("credit_payment_option")), None)
    if chosen is None:
        return Step(errors={"credit_payment_option": ["Select a valid choice."]})
    session.order.credit_option = chosen
    return open_page(session, "CreditPaymentConfirmationPage", {})


def _own_wallet(session: Session, form: dict[str, str], reported: Variations) -> Step:
    wallets = [str(one["pk"]) for one in opening("MyWalletPage", reported)["wallets"]]
    errors = {} if form.get("wallet") in wallets else {"wallet": ["Select a valid choice."]}
    errors |= {} if form.get("wallet_no") == "W-7" else {"wallet_no": ["This is not the wallet that was shown."]}
    errors |= {} if form.get("phone", "").isdecimal() else {"phone": ["This field is required."]}
    return Step(errors=errors) if errors else open_page(session, "MyWalletConfirmPage", {})


def _use_credit(session: Session, form: dict[str, str], reported: Variations) -> Step:
    errors = _agree(form)
    if not errors and Decimal(reported.credit) < to_pay(session, reported) + session.order.loyalty:
        errors["non_field_errors"] = "The store credit does not cover the order."
    return Step(errors=errors) if errors else Step(SOLD)


def use_credit(session: Session, form: dict[str, str], reported: Variations) -> Step:
    """Take a part of the amount, or all of it, from the store credit; open at any time before the payment."""
    order = session.order
    try:
        amount = Decimal(form.get("loyalty_amount_to_use", ""))
    except InvalidOperation:
        return Step(errors={"loyalty_amount_to_use": ["A valid number is required."]})
    total = to_pay(session, reported) + order.loyalty
    if not 0 <= amount <= min(Decimal(reported.credit), total):
        return Step(errors={"loyalty_amount_to_use": ["This is more than there is, or more than is to be paid."]})
    order.after_shipping()
    order.loyalty = amount
    if amount == total:
        order.option = "loyalty_money"
        return open_page(session, "LoyaltyMoneyPage", {"balance": reported.credit}, "LoyaltyPaymentSelectedPage")
    return Step(PAYMENT)


HANDLERS: dict[str, Handler] = {
    "BinNumberPage": _bin("InstallmentSelectionPage"),
    "InstallmentSelectionPage": _installment("CreditCardConfirmationPage"),
    "CreditCardConfirmationPage": _confirm_card,
    "CreditCardThreeDSecurePage": _return,
    "MasterpassBinNumberPage": _bin("MasterpassInstallmentPage"),
    "MasterpassInstallmentPage": _installment("MasterpassOrderNoPage"),
    "MasterpassOrderNoPage": _order_no,
    "MasterpassCompletePage": _wallet,
    "FundsTransferChoicePage": _bank_account,
    "FundsTransferPage": _sell,
    "RedirectionPaymentSelectedPage": _redirect,
    "RedirectionPageCompletePage": _return,
    "PayOnDeliveryPaymentChoicePage": _choice,
    "PayOnDeliveryPage": _agree_on_delivery,
    "VerifySmsPage": _verify,
    "SendSmsPage": _send_again,
    "PaySelectionPage": _pay_at_bank,
    "GPayCompletePage": _return,
    "CreditPaymentSelectionPage": _credit,
    "CreditPaymentConfirmationPage": _sell,
    "LoyaltyMoneyPage": _use_credit,
    "LoyaltyPaymentSelectedPage": _use_credit,
    "CashRegisterPage": _sell,
    "MyWalletPage": _own_wallet,
    "MyWalletConfirmPage": _sell,
    "PayLaterCompletePage": _sell,
    "ConfirmationPaymentAgreementCheckPage": _go("ConfirmationPaymentSelectedPage"),
    "ConfirmationPaymentSelectedPage": _go("ConfirmationPaymentQueryPage", "validationURL"),
    "ConfirmationPaymentQueryPage": _go("ConfirmationPaymentCompletePage", "payment_token"),
    "ConfirmationPaymentCompletePage": _sell,
}
