"""A journey in a log: what a shopper did up to an order, known from the pages of their requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from shop.contract import CHECKOUT_PAGES, PAYMENT_OPTIONS, Flow, Page
from users.population.journey_spec import SmsScript

MOST_GAPS = 100
"""The most think times that are kept of one journey."""

START_PAGES = frozenset(
    {Page.CSRF_TOKEN, Page.LOGIN, Page.CURRENT_USER, Page.PRODUCT, Page.BASKET, Page.BASKET_ADD, Page.CHECKOUT}
)
"""The pages that a journey can begin with. A journey with another first page began before the log."""

_RESTARTS = frozenset({Page.LOGIN, Page.CSRF_TOKEN, Page.PRODUCT, Page.BASKET_ADD, Page.CHECKOUT})
_ADDRESS = frozenset({Page.ADDRESS_ADD, Page.ADDRESS_SELECTION, Page.DELIVERY_OPTION, Page.SHIPPING_OPTION})
_ORDERED = frozenset({Page.THANK_YOU, Page.COMPLETED_ORDER})
_THREE_D = frozenset({Page.THREE_D_REDIRECT, Page.THREE_D_SECURE})

OPTION_OF = MappingProxyType(
    {row.first_page: row.slug for row in PAYMENT_OPTIONS.values()}
    | {row.completed_by: row.slug for row in PAYMENT_OPTIONS.values() if row.completed_by is not Page.CARD_CONFIRMATION}
    | {
        Page.PAY_ON_DELIVERY: "pay_on_delivery",
        Page.LOYALTY_USAGE: "loyalty_money",
        Page.LOYALTY_SELECTED: "loyalty_money",
    }
)
"""The payment option of a page. A log does not show the posted form, which names the option."""

CARD = frozenset(slug for slug, row in PAYMENT_OPTIONS.items() if row.flow is Flow.CARD)


@dataclass(slots=True)
class ObservedJourney:
    """One journey, built page by page.

    ``began`` is in seconds since the epoch. ``gaps`` holds pages, each with the seconds between the reply before it and its
    request.
    """

    began: float
    first: Page
    signed_in: bool = False
    pages: int = 0
    introduced: bool = False
    has_chosen_delivery: bool = False
    at_checkout: bool = False
    at_payment: bool = False
    option: str = ""
    confirmed: bool = False
    three_d: bool = False
    ordered: bool = False
    codes: int = 0
    codes_before_new: int = 0
    new_codes: int = 0
    gaps: list[tuple[Page, float]] = field(default_factory=list)

    def ends_at(self, page: Page) -> bool:
        """Whether this page begins another journey: there is an order, and the shopper shops again."""
        return self.ordered and page in _RESTARTS

    def add_page(self, page: Page, *, posts: bool, gap: float | None) -> None:
        """Add a page that was answered, ``gap`` seconds after the last one (``None`` for the first)."""
        self.pages += 1
        if gap is not None and len(self.gaps) < MOST_GAPS:
            self.gaps.append((page, gap))
        if page in CHECKOUT_PAGES or page is Page.CHECKOUT:
            self.at_checkout = True
        if page is Page.LOGIN:
            self.signed_in = True
        elif page in _ORDERED:
            self.ordered = True
        elif page in _THREE_D:
            self.three_d = True
        if posts:
            self._post(page)

    def _post(self, page: Page) -> None:
        if page is Page.INDEX:
            self.introduced = True
        elif page in _ADDRESS:
            self.has_chosen_delivery = True
        elif page is Page.PAYMENT_OPTION:
            self.at_payment = True
        elif page is Page.CARD_CONFIRMATION:
            self.confirmed = True
        elif page is Page.SEND_SMS:
            self.codes_before_new = self.codes
            self.new_codes += 1
        elif page is Page.VERIFY_SMS:
            self.codes += 1
        # When store credit is not enough, another option follows. The journey still counts for store credit.
        elif page in OPTION_OF and self.option != "loyalty_money":
            self.option = OPTION_OF[page]

    @property
    def kind(self) -> str:
        """Which journey of the scenario it was; empty if it did not reach the checkout."""
        if not self.at_checkout:
            return ""
        if not (self.at_payment or self.ordered or self.option):
            return "abandoning"
        if self.introduced:
            return "guest"
        return "first_time" if self.has_chosen_delivery else "returning"

    @property
    def sms(self) -> SmsScript | None:
        """What the shopper did with the code; ``None`` without a code, or if no behaviour fits."""
        if self.new_codes:
            return SmsScript.LATE if self.codes_before_new else SmsScript.RESEND
        if self.codes == 0:
            return None
        if self.ordered:
            return SmsScript.RIGHT if self.codes == 1 else SmsScript.WRONG
        return SmsScript.LOCKED if self.codes > 1 else None

    @property
    def was_refused(self) -> bool:
        """Whether a confirmed card led to no order."""
        return self.option in CARD and self.confirmed and not self.ordered
