"""What one shopper did between two orders, told from the pages she asked for, and what kind of journey that was."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from shop.contract import CHECKOUT_PAGES, PAYMENT_OPTIONS, Flow, Page
from users.population.journey_spec import SmsScript

MOST_GAPS = 100
"""Pauses of one journey that are kept; nobody needs more to buy something."""

START_PAGES = frozenset(
    {Page.CSRF_TOKEN, Page.LOGIN, Page.CURRENT_USER, Page.PRODUCT, Page.BASKET, Page.BASKET_ADD, Page.CHECKOUT}
)
"""Pages with which a journey begins; one that begins elsewhere began before the log did."""

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
"""Which payment option a page belongs to: in a log the posted form, which names it, is not to be seen."""

CARD = frozenset(slug for slug, row in PAYMENT_OPTIONS.items() if row.flow is Flow.CARD)


@dataclass(slots=True)
class ObservedJourney:
    """One shopper's way, as far as it can be seen; fed page by page.

    ``began`` in seconds since the epoch; ``gaps`` are pages with the seconds that passed before she asked for them.
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
        """Whether this page begins another journey: she has her order, and shops again."""
        return self.ordered and page in _RESTARTS

    def add_page(self, page: Page, *, posts: bool, gap: float | None) -> None:
        """She asked for a page and got it; ``gap`` seconds after the last (``None``: it is the first)."""
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
        # Store credit that does not suffice is followed by another option, and stays what she had in mind.
        elif page in OPTION_OF and self.option != "loyalty_money":
            self.option = OPTION_OF[page]

    @property
    def kind(self) -> str:
        """Which journey of the scenario it was; empty if she only looked around."""
        if not self.at_checkout:
            return ""
        if not (self.at_payment or self.ordered or self.option):
            return "abandoning"
        if self.introduced:
            return "guest"
        return "first_time" if self.has_chosen_delivery else "returning"

    @property
    def sms(self) -> SmsScript | None:
        """How she dealt with the code; ``None`` if she was not asked, or left in a way that no script has."""
        if self.new_codes:
            return SmsScript.LATE if self.codes_before_new else SmsScript.RESEND
        if self.codes == 0:
            return None
        if self.ordered:
            return SmsScript.RIGHT if self.codes == 1 else SmsScript.WRONG
        return SmsScript.LOCKED if self.codes > 1 else None

    @property
    def was_refused(self) -> bool:
        """Whether a card was confirmed and bought nothing."""
        return self.option in CARD and self.confirmed and not self.ordered
