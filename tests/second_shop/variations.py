"""The ways in which the second shop can differ from the recordings, as a real shop of the platform might."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Self


@dataclass(slots=True)
class Variations:
    """Every variation; the defaults are the recorded behaviour.

    ``slugs`` renames payment options, by payment type; ``without`` leaves some out, ``unavailable`` lists them among the
    unavailable options. ``order`` holds the pages between the index and the payment. ``lists`` is ``needed`` (``GET`` shows
    the pages up to the current one) or ``all`` (it lists every choice at once, as for a customer with choices). ``deliveries``
    are the slugs offered. ``sold_out`` are products without stock; with ``stock_shown`` off they fail only when bought.
    ``extra_keys`` adds unknown keys to every reply. ``no_errors`` is how a reply without errors says so. ``csrf_refusal`` is
    ``html`` or ``json``. ``throttled`` names pages that answer with a throttled error, ``queue`` pages that answer with a
    waiting room. ``sign_in`` is ``key``, ``captcha`` or ``code``. ``choice_then`` is what follows the choice of how to pay on
    delivery: the order, the confirming page, or a code by SMS. ``wallet`` offers an option of its own, ``my_wallet``, which is available
    (``yes``) or not (``no``) when the checkout asks. ``credit`` is the store credit; ``campaign`` is taken off
    every basket. ``three_d`` is ``as_asked`` or ``always``. ``districts`` says whether addresses have them.
    """

    slugs: dict[str, str] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    unavailable: list[str] = field(default_factory=list)
    order: list[str] = field(
        default_factory=lambda: [
            "DeliveryOptionSelectionPage",
            "AddressSelectionPage",
            "ShippingOptionSelectionPage",
        ]
    )
    lists: str = "needed"
    deliveries: list[str] = field(default_factory=lambda: ["store", "delivery_point", "address"])
    sold_out: list[int] = field(default_factory=list)
    stock_shown: bool = True
    extra_keys: bool = False
    no_errors: Any = field(default_factory=list)
    csrf_refusal: str = "html"
    throttled: list[str] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    sign_in: str = "key"
    choice_then: str = "ThankYouPage"
    credit: str = "100000.00"
    campaign: str = "0.00"
    three_d: str = "as_asked"
    guests: bool = True
    wallet: str = ""
    districts: bool = True

    @classmethod
    def read(cls, reported: dict[str, Any]) -> Self:
        """Variations from a JSON object; an unknown key is an error, as it would test nothing."""
        unknown = reported.keys() - {one.name for one in fields(cls)}
        if unknown:
            raise ValueError(f"unknown variations: {', '.join(sorted(unknown))}")
        return cls(**reported)
