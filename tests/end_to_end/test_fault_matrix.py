"""Tries every fault on every page of every journey: each causes one failure with the expected name, or does no harm for a stated reason.

The shop runs in this process without a socket, so thousands of journeys take seconds.
"""
# Longer than 300 lines: the tables of faults, pages and outcomes are read together.

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from fault_walks import InProcessTransport, Route, WalkedJourney, Walker

from harness.measurement.outcomes import Blame, Outcome
from shop.contract import CHECKOUT_PAGES, PAYMENT_OPTIONS, RETURN_PAGES, Page
from shop.settings import FaultName
from users.population.journey_spec import SmsScript
from users.population.pools import LocationPool

pytestmark = pytest.mark.end_to_end

F, P, O = FaultName, Page, Outcome  # noqa: E741 - tables are read by their columns

ASKS = {"sms": {"options": list(PAYMENT_OPTIONS)}}  # for a code by SMS, whatever the payment option
ASKS_NOT = {"sms": {"options": []}}
RECORDED = {"no_errors": "list", "page_slug": "lower", "context_list": "cumulative", "redirect_url": "absolute"}

ROUTES = {
    **{f"{option}, with a code": Route(option, shop=ASKS) for option in PAYMENT_OPTIONS},
    **{f"{option}, without a code": Route(option, shop=ASKS_NOT) for option in PAYMENT_OPTIONS},
    **{f"a code, {script}": Route("pay_on_delivery", sms=script) for script in SmsScript if script != SmsScript.RIGHT},
    "card by the bank": Route("credit_card", three_d=True),
    "saved card by the bank": Route("saved_card", three_d=True),
    "card declined": Route("credit_card", declined=True),
    "card declined by the bank": Route("credit_card", three_d=True, declined=True),
    "store credit in part": Route("loyalty_money", shop={"store_credit": "5.00"}),
    "returning": Route(journey="returning", shop=ASKS),
    "first time": Route(journey="first_time", shop=ASKS),
    "guest, as recorded": Route("credit_card", three_d=True, shop={**ASKS, "conventions": RECORDED}),
    "returning, as recorded": Route(journey="returning", shop={"conventions": RECORDED}),
}

HTML = frozenset({P.THREE_D_REDIRECT, P.REDIRECTION, P.BANK})
ENVELOPES = CHECKOUT_PAGES | {P.CHECKOUT}
PLAIN_JSON = frozenset(Page) - ENVELOPES - HTML
PLACES = frozenset({P.COUNTRIES, P.CITIES, P.TOWNSHIPS, P.DISTRICTS})
BEFORE_BASKET = frozenset({P.CSRF_TOKEN, P.LOGIN, P.PRODUCT, P.BASKET_ADD})
AFTER_SALE = frozenset({P.THANK_YOU, P.COMPLETED_ORDER})
NO_JOURNEY = {
    P.LOGOUT: "shoppers leave without a word",
    P.CURRENT_USER: "a shopper need not ask who they are",
    P.RETAIL_STORE: "nothing is collected from a store while it can be delivered",
    P.ADDRESS_LIST: "the checkout shows the addresses",
    P.PAY_ON_DELIVERY: "the choice before it completes the order as well",
    P.LOYALTY_SELECTED: "the page before it completes the order as well",
    P.BASKET: "read only where adding to it does not show it",
    **dict.fromkeys((P.BASKET_CHANGE, P.BASKET_VOUCHER, P.BASKET_CLEAR), "a basket is filled once, and bought"),
    **dict.fromkeys((P.ADDRESS_CHANGE, P.ADDRESS_REMOVE, P.PROFILE), "only a customer who tidies up does this"),
    **dict.fromkeys(
        (P.RETAIL_STORES, P.SEARCH),
        "nothing is collected from a store, and the products are known beforehand",
    ),
    **dict.fromkeys(
        (P.PRODUCT_INSTALLMENTS, P.CONTRACT, P.ORDER_NOTE, P.COUPON, P.CHECKOUT_BY_TOKEN, P.CHECKOUT_STATUS),
        "the storefront's client asks for it, the description does not",
    ),
}


@dataclass(frozen=True)
class FaultFreeWalk:
    """A route, and how it is walked while the shop keeps its promises."""

    route: Route
    walked: WalkedJourney

    @property
    def trail(self):
        return [Page(sample.page) for sample in self.walked.samples]

    @property
    def signed_in(self):
        return self.route.journey != "guest"

    @property
    def sold_on(self):
        """The page whose post made the order; none if nothing was bought."""
        return self._before(P.THANK_YOU)

    @property
    def codes_from(self):
        """The pages whose posts sent a code."""
        return self._before(P.SMS_INBOX)

    @property
    def back_on(self):
        """The page on which the shopper comes back from a bank."""
        return next((page for page in self.trail if page in RETURN_PAGES), None)

    def after(self, page):
        """The page that follows the first visit to a page."""
        return self.trail[self.trail.index(page) + 1]

    def _before(self, page):
        pairs = zip(self.trail, self.trail[1:], strict=False)
        return frozenset(before for before, after in pairs if after is page)


def always(page, way):
    return True


@dataclass(frozen=True)
class Harmless:
    """A fault that does no harm on these pages; ``where`` limits it to some routes."""

    faults: frozenset[FaultName]
    pages: frozenset[Page]
    why: str
    where: Callable[[Page, FaultFreeWalk], bool] = always

    def covers(self, fault, page, way):
        return fault in self.faults and page in self.pages and self.where(page, way)


HARMLESS = [
    Harmless(frozenset({F.WRONG_PAGE, F.NOT_ECHOED}), PLAIN_JSON, "is no envelope: names no page, has no pre-order"),
    Harmless(
        frozenset({F.WRONG_AMOUNT}),
        PLAIN_JSON - {P.BASKET_ADD, P.COMPLETED_ORDER},
        "holds no amount that the fault could change",
    ),
    Harmless(
        frozenset({F.WRONG_PAGE, F.NOT_ECHOED, F.WRONG_AMOUNT, F.MISSING_FIELD, F.OK_WITH_ERRORS}),
        HTML,
        "is HTML: there is no document to spoil, and the page comes whole",
    ),
    Harmless(frozenset({F.INVALID_JSON}), HTML, "is HTML: one odd sign in it, and the form is there all the same"),
    Harmless(
        frozenset({F.MISSING_FIELD}),
        frozenset({P.BASKET_ADD}),
        "nothing says what adding is answered with: who is not shown the basket asks for it, and holds it to the price",
    ),
    Harmless(frozenset({F.MISSING_FIELD}), PLACES, "the count of places is missing, and no step reads it"),
    Harmless(
        frozenset({F.NOT_ECHOED}),
        frozenset({P.CHECKOUT, P.INDEX}),
        "nothing has been chosen yet, so nothing can be missing: the reply is the same to the byte",
        lambda page, way: page is P.INDEX or way.route.journey != "returning",
    ),
    Harmless(
        frozenset({F.OK_WITH_ERRORS}),
        frozenset({P.CARD_CONFIRMATION, P.THREE_D_SECURE}),
        "the card is one to be refused, and is: in which words is the shop's business",
        lambda page, way: way.route.declined,
    ),
    Harmless(
        frozenset({F.OK_WITH_ERRORS}),
        frozenset({P.VERIFY_SMS}),
        "every code that the shopper types is wrong, and is refused",
        lambda page, way: way.route.sms is SmsScript.LOCKED,
    ),
    Harmless(
        frozenset({F.SESSION_DROPPED}),
        BEFORE_BASKET,
        "a guest with an empty basket loses nothing: the next page starts another session",
        lambda page, way: not way.signed_in or page in (P.CSRF_TOKEN, P.LOGIN),
    ),
    Harmless(
        frozenset({F.SESSION_DROPPED}),
        frozenset({P.COMPLETED_ORDER}),
        "an order is found by its token, and the journey ends here",
    ),
    Harmless(frozenset({F.EMPTY_BASKET}), BEFORE_BASKET, "the basket is empty until the first thing is added"),
    Harmless(frozenset({F.EMPTY_BASKET}), AFTER_SALE, "the basket has been sold"),
    Harmless(
        frozenset({F.LOST_SMS}), frozenset(Page), "no code is sent here", lambda page, way: page not in way.codes_from
    ),
    Harmless(
        frozenset({F.REPEATED_ORDER_NUMBER}),
        frozenset(Page),
        "nothing is sold here",
        lambda page, way: page not in way.sold_on,
    ),
]


@dataclass(frozen=True)
class Later:
    """A fault that does not show in its own reply, but in a later one: on the page ``seen_on``."""

    fault: FaultName
    pages: frozenset[Page]
    seen_on: Callable[[FaultFreeWalk], Page]
    why: str

    def covers(self, fault, page):
        return fault is self.fault and page in self.pages


LATER = [
    Later(F.REPEATED_ORDER_NUMBER, frozenset(Page), lambda way: P.THANK_YOU, "there the number is read"),
    Later(F.LOST_SMS, frozenset(Page), lambda way: P.VERIFY_SMS, "the code that this page wants never comes"),
    Later(
        F.EMPTY_BASKET,
        PLACES | {P.ADDRESS_ADD},
        lambda way: P.ADDRESS_SELECTION,
        "an address needs no basket",
    ),
    Later(F.SESSION_DROPPED, PLACES, lambda way: P.ADDRESS_ADD, "the lists are there for strangers, too"),
    Later(F.EMPTY_BASKET, HTML, lambda way: way.back_on, "a bank does not look into the basket"),
    Later(F.EMPTY_BASKET, frozenset({P.SMS_INBOX}), lambda way: way.after(P.SMS_INBOX), "nor does a telephone"),
    Later(
        F.SESSION_DROPPED,
        frozenset({P.PRODUCT, P.BASKET_ADD}),
        lambda way: P.CHECKOUT,
        "the shopper goes on as a guest, and the shop asks for an e-mail address",
    ),
    Later(
        F.SESSION_DROPPED,
        frozenset({P.THREE_D_REDIRECT, P.REDIRECTION}),
        lambda way: P.CHECKOUT,
        "the shop sends the shopper back, and that page has the error",
    ),
    Later(F.SESSION_DROPPED, frozenset({P.BANK}), lambda way: way.back_on, "a bank does not know the session"),
    Later(F.SESSION_DROPPED, frozenset({P.SMS_INBOX}), lambda way: way.after(P.SMS_INBOX), "nor does a telephone"),
]

NAMES = {
    F.WRONG_PAGE: O.UNEXPECTED_PAGE,
    F.MISSING_FIELD: O.ENVELOPE,
    F.TRUNCATED_JSON: O.NOT_JSON,
    F.INVALID_JSON: O.NOT_JSON,
    F.HTML_INSTEAD: O.NOT_JSON,
    F.OK_WITH_ERRORS: O.BUSINESS_ERROR,
    F.SIGN_IN_REDIRECT: O.SESSION_LOST,
    F.THROTTLED: O.THROTTLED,
    F.SERVER_ERROR: O.HTTP_5XX,
    F.UNAVAILABLE: O.HTTP_5XX,
    F.CLIENT_ERROR: O.HTTP_4XX,
    F.RESET: O.CONNECTION,
    F.STALL: O.TIMEOUT,
    F.SLOW_BODY: O.TIMEOUT,
    F.LOST_SMS: O.SMS_LOST,
    F.SESSION_DROPPED: O.SESSION_LOST,
    F.WRONG_AMOUNT: O.AMOUNT_MISMATCH,
    F.NOT_ECHOED: O.NOT_ECHOED,
    F.REPEATED_ORDER_NUMBER: O.DOUBLE_ORDER,
    F.EMPTY_BASKET: O.BASKET_LOST,
    F.OVERSIZED_BODY: O.TOO_LARGE,
}
OTHER_NAMES = {
    **dict.fromkeys(
        ((fault, P.LOGIN) for fault in (F.MISSING_FIELD, F.OK_WITH_ERRORS, F.CLIENT_ERROR)), O.SIGN_IN_REFUSED
    ),
    **dict.fromkeys(((fault, page) for fault in (F.TRUNCATED_JSON, F.HTML_INSTEAD) for page in HTML), O.ENVELOPE),
}
# The journey finds these out from what it knows besides the reply, or from a reply that is missing.
NO_PAGE_IS_WRONG = {(F.LOST_SMS, page) for page in Page}


def expected_end(fault, page, way):
    """The outcome of a journey with this fault, the page it is seen on, and the pages that are booked as failed."""
    if any(row.covers(fault, page, way) for row in HARMLESS):
        return way.walked.end[0], None, []
    name = OTHER_NAMES.get((fault, page), NAMES[fault])
    seen_on = next((row.seen_on(way) for row in LATER if row.covers(fault, page)), page)
    return name, seen_on, [] if (fault, page) in NO_PAGE_IS_WRONG else [(seen_on, name)]


class RouteRunner:
    """Walks one route again and again, in a shop of its own."""

    def __init__(self, route, seed):
        self.route, self.wire = route, InProcessTransport({"seed": seed, **route.shop})
        self._walk = Walker(self.wire, "http://shop.test", self.wire.clock, self.wire.clock.sleep, sms_patience=0.5)

    def walk_without_fault(self):
        account = self._customer()
        self._walk.places = LocationPool()
        return FaultFreeWalk(self.route, self._walk(self.route, account))

    def walk_with_fault(self, fault, page):
        account = self._customer()
        if page in PLACES:
            self._walk.places = LocationPool()
        before = self.wire.shop.ledger.faults[fault]
        self.wire.set_faults({"name": fault, "pages": [page], "share": 1.0})
        walked = self._walk(self.route, account)
        self.wire.set_faults()
        assert self.wire.shop.ledger.faults[fault] > before, f"{fault} never hit {page}"
        return walked

    def _customer(self):
        """A customer whose choices the shop remembers from an earlier order."""
        if self.route.journey != "returning":
            return None
        account = self._walk.new_account()
        assert self._walk(self.route, account).receipt
        return account


def runner_of(name):
    return RouteRunner(ROUTES[name], seed=1 + list(ROUTES).index(name))


@cache
def ways():
    """Every route as it is walked without a fault."""
    found = {}
    for name in ROUTES:
        one = runner_of(name)
        found[name] = one.walk_without_fault()
        one.wire.close()
    return found


@cache
def pages_to_try():
    """By route: all its pages from the choice of the payment on, and those before it where they come up first."""
    found, seen = {}, set()
    for name, way in ways().items():
        chosen = len(way.trail) - way.trail[::-1].index(P.PAYMENT_OPTION) - 1
        early = [page for page in way.trail[:chosen] if (way.route.journey, page) not in seen]
        seen |= {(way.route.journey, page) for page in early}
        # Without a code, only the page that sells differs from the same route with one.
        late = way.sold_on if name.endswith("without a code") else way.trail[chosen:]
        recorded = way.trail if name.endswith("as recorded") else ()
        found[name] = list(dict.fromkeys([*early, *late, *recorded]))
    return found


@pytest.mark.parametrize("name", ROUTES)
def test_no_fault_goes_unnoticed(name):
    one, way = runner_of(name), ways()[name]
    one.walk_without_fault()  # this makes an order, so the fault can repeat its number
    surprises = []
    for page in pages_to_try()[name]:
        for fault in FaultName:
            for _ in range(1 + (fault is F.MISSING_FIELD)):  # which field is missing is a matter of chance
                walked = one.walk_with_fault(fault, page)
                outcome, seen_on = walked.end
                ended = (outcome, seen_on if outcome.blame is Blame.SHOP else None, walked.blamed)
                if ended != expected_end(fault, page, way):
                    surprises.append(f"{fault} on {page}: {ended}, not {expected_end(fault, page, way)}")
    one.wire.close()
    assert not surprises, "\n".join(surprises)


def test_every_fault_and_every_page_is_tried():
    assert set(NAMES) == set(FaultName)
    assert all(outcome.blame is Blame.SHOP for outcome in (*NAMES.values(), *OTHER_NAMES.values()))
    assert set().union(*pages_to_try().values()) | NO_JOURNEY.keys() == set(Page)
    assert {way.route.option for way in ways().values()} == set(PAYMENT_OPTIONS)


@pytest.mark.parametrize("row", [*HARMLESS, *LATER], ids=lambda row: row.why)
def test_every_exception_in_the_table_is_used(row):
    tried = [(page, ways()[name]) for name, pages in pages_to_try().items() for page in pages]
    if isinstance(row, Harmless):
        assert all(any(row.covers(fault, page, way) for page, way in tried) for fault in row.faults)
    else:
        excused = [other for other in HARMLESS if row.fault in other.faults]
        assert any(
            row.covers(row.fault, page) and not any(other.covers(row.fault, page, way) for other in excused)
            for page, way in tried
        )
