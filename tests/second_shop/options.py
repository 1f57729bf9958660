"""The payment options offered, by payment type, and what the first page of each shows.

Left out are BKM Express, the stored card and the saved card: nothing public tells the fields of their forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from second_shop.variations import Variations


@dataclass(frozen=True, slots=True)
class Option:
    """One option; ``first`` is the page that follows its choice, ``also`` those by which it can be completed instead."""

    pk: int
    name: str
    slug: str
    label: str
    first: str
    also: tuple[str, ...] = ()


OPTIONS: dict[str, Option] = {
    "credit_card": Option(1, "Credit Card", "credit-card", "Credit Card", "BinNumberPage"),
    "masterpass": Option(34, "Masterpass", "masterpass", "Masterpass", "MasterpassBinNumberPage"),
    "funds_transfer": Option(4, "havale", "havale", "Funds Transfer", "FundsTransferChoicePage"),
    "redirection": Option(5, "İyzico ile Öde", "pay_with_iyzico", "Redirect to Bank", "RedirectionPaymentSelectedPage"),
    "pay_on_delivery": Option(
        3,
        "Pay On Delivery",
        "pay-on-delivery",
        "Pay On Delivery",
        "PayOnDeliveryPaymentChoicePage",
        ("PayOnDeliveryPage",),
    ),
    "gpay": Option(12, "Garanti Pay", "garanti-pay", "Garanti Pay", "PaySelectionPage"),
    "credit_payment": Option(17, "Kredi", "alisveris-kredisi", "Credit Payment", "CreditPaymentSelectionPage"),
    "loyalty_money": Option(
        21, "Para Puan", "para-puan", "Store Credit", "LoyaltyMoneyPage", ("LoyaltyPaymentSelectedPage",)
    ),
    "cash_register": Option(22, "Kasada Öde", "kasada-ode", "Cash Register", "CashRegisterPage"),
    "pay_later": Option(23, "Sonra Öde", "sonra-ode", "Pay Later", "PayLaterCompletePage"),
    "confirmation": Option(
        25,
        "Onayla Öde",
        "onayla-ode",
        "Confirmation From User",
        "ConfirmationPaymentAgreementCheckPage",
        ("ConfirmationPaymentSelectedPage",),
    ),
}
WALLET = "my_wallet"
OWN = {WALLET: Option(40, "Cüzdanım", "cuzdanim", "My Wallet", "MyWalletPage")}
"""Options that no public description knows; offered with the variation ``wallet``."""
RETURNS = {
    "CreditCardThreeDSecurePage",
    "GPayCompletePage",
    "RedirectionPageCompletePage",
    "MasterpassCompletePage",
}


def row(payment_type: str, reported: Variations) -> dict[str, Any]:
    """An option as it is listed, and as the pre-order holds it."""
    option = (OPTIONS | OWN)[payment_type]
    return {
        "pk": option.pk,
        "name": option.name,
        "slug": reported.slugs.get(payment_type, option.slug),
        "payment_type": payment_type,
        "payment_type_label": option.label,
    }


def listed(reported: Variations) -> dict[str, Any]:
    """The options offered, and the unavailable ones."""
    offered = [*OPTIONS, *(OWN if reported.wallet else ())]
    rows = [row(one, reported) for one in offered if one not in reported.without]
    refusal = {"error_code": 1000, "error_message": "Not now."}
    return {
        "payment_options": [one for one in rows if one["payment_type"] not in reported.unavailable],
        "unavailable_options": [
            {key: value for key, value in one.items() if key != "pk"} | refusal
            for one in rows
            if one["payment_type"] in reported.unavailable
        ],
    }


def opening(page: str, reported: Variations) -> dict[str, Any]:
    """What the first page of an option shows."""
    bank = {"pk": 1, "name": "Other", "slug": "other", "logo": None}
    shows: dict[str, dict[str, Any]] = {
        "FundsTransferChoicePage": {
            "bank_accounts": [
                {
                    "pk": 61,
                    "bank": bank,
                    "holder_name": "Shop 2",
                    "iban": "TR330006100519786457841326",
                    "description": "",
                    "sort_order": 1,
                }
            ]
        },
        "PayOnDeliveryPaymentChoicePage": {
            "payment_choices": [
                {"label": "Kredi Karti", "sku": "00001", "value": "credit_card"},
                {"label": "Pesin", "sku": "00002", "value": "cash"},
            ]
        },
        "CreditPaymentSelectionPage": {"credit_payment_options": [{"pk": 71, "name": "12 ay", "slug": "12-ay"}]},
        "LoyaltyMoneyPage": {"balance": reported.credit},
        "MyWalletPage": {"wallets": [{"pk": 91, "value": "blue"}, {"pk": 92, "value": "red"}], "wallet_no": "W-7"},
    }
    return shows.get(page, {})
