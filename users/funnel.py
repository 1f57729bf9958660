"""How far a shopper came on the way to an order, in steps that all payment options share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from harness.measurement.outcomes import Outcome
from shop.contract import Page

ARRIVED, PAID, ORDERED = "1_arrived", "6_paid", "7_ordered"
_OPTION_CHOSEN = "5_option_chosen"

_SHOWN: Mapping[str, str] = MappingProxyType(
    {
        Page.BASKET_ADD.value: "2_basket",
        Page.CHECKOUT.value: "3_checkout",
        Page.PAYMENT_OPTION.value: "4_payment",
        Page.THANK_YOU.value: PAID,
    }
)

FUNNEL_STEPS = (ARRIVED, "2_basket", "3_checkout", "4_payment", _OPTION_CHOSEN, PAID, ORDERED)
"""All steps in order; their names sort in the same order."""


def furthest_step(trail: Sequence[tuple[str, str]], *, ordered: bool) -> str:
    """The furthest step of a journey with these pages and outcomes, in order; ``ordered``: it ended in a receipt.

    The second response of the payment page means that an option is chosen. A shopper who requests the receipt has paid,
    even if the receipt does not come.
    """
    if ordered:
        return ORDERED
    step, seen = ARRIVED, 0
    for page, outcome in trail:
        if page == Page.THANK_YOU:
            return PAID
        if outcome == Outcome.OK and page in _SHOWN:
            seen += page == Page.PAYMENT_OPTION
            step = max(step, _OPTION_CHOSEN if seen > 1 else _SHOWN[page])
    return step
