"""For each promise that a real shop breaks over real sockets, the one failure that a shopper's journey reports for it."""

import time
from dataclasses import dataclass

import pytest
from fault_walks import Route, Walker, locust_transport, own_transport, set_faults

from harness.measurement.outcomes import Outcome
from shop.contract import AJAX, CHECKOUT_PATH, HEADER_AJAX, PATHS, Page
from shop.serving.process import ShopProcess
from shop.settings import FaultName, Settings
from users.http.transport import HttpResponse
from users.population.journey_spec import SmsScript

pytestmark = pytest.mark.end_to_end

GENEROUS = 10.0  # seconds for an exchange that nothing holds up
IMPATIENT = 0.4  # seconds for one that is held up on purpose
TRICKLE = 3.0  # seconds that a slow body takes: 20 pieces, so each comes long before the time is up

CARD = Route("credit_card")
SECURED = Route("credit_card", three_d=True)
DECLINED = Route("credit_card", declined=True)
SMS = Route("pay_on_delivery")
WRONG_CODE = Route("pay_on_delivery", sms=SmsScript.WRONG)
RESENT = Route("pay_on_delivery", sms=SmsScript.RESEND)
MASTERPASS = Route("masterpass")
CASH = Route("cash_register")
RETURNING = Route("cash_register", "returning")
FIRST_TIME = Route("cash_register", "first_time")


@dataclass(frozen=True)
class Row:
    """A fault on a page of a route, the outcome that is reported, the page of the report if it is another one, and the reason."""

    fault: FaultName
    page: Page
    outcome: Outcome
    why: str
    route: Route = CASH
    seen_on: Page | None = None
    seconds: float | None = None
    strikes: int = 1
    booked: bool = True  # on the page that it was seen on

    def __str__(self):
        return f"{self.fault} on {self.page}: {self.why}"


F, P, O = FaultName, Page, Outcome  # noqa: E741 - a table is read by its columns

TABLE = [
    # -- the page that is shown
    Row(F.WRONG_PAGE, P.INDEX, O.UNEXPECTED_PAGE, "the payment page is shown, but neither options nor a delivery"),
    Row(F.WRONG_PAGE, P.BIN_NUMBER, O.UNEXPECTED_PAGE, "no plans to choose from come next", CARD),
    Row(F.WRONG_PAGE, P.CASH_REGISTER, O.UNEXPECTED_PAGE, "the shopper has paid, and the shop asks how to pay"),
    Row(
        F.WRONG_PAGE,
        P.CARD_CONFIRMATION,
        O.UNEXPECTED_PAGE,
        "a declined card leaves the shopper on the card's page",
        DECLINED,
    ),
    Row(
        F.WRONG_PAGE, P.VERIFY_SMS, O.UNEXPECTED_PAGE, "a wrong code leaves the shopper on the code's page", WRONG_CODE
    ),
    Row(F.WRONG_PAGE, P.CHECKOUT, O.UNEXPECTED_PAGE, "guests' door, with the payment options on it", RETURNING),
    Row(F.WRONG_PAGE, P.THANK_YOU, O.UNEXPECTED_PAGE, "the order cannot be seen"),
    # -- what a reply must hold
    Row(F.MISSING_FIELD, P.CSRF_TOKEN, O.ENVELOPE, "no token, so nothing could be posted"),
    Row(F.MISSING_FIELD, P.LOGIN, O.SIGN_IN_REFUSED, "a sign-in without a key is no sign-in", RETURNING),
    Row(F.MISSING_FIELD, P.PRODUCT, O.ENVELOPE, "a product page with nothing on it"),
    Row(F.MISSING_FIELD, P.ADDRESS_ADD, O.ENVELOPE, "an address without a number cannot be chosen"),
    Row(F.MISSING_FIELD, P.INSTALLMENT, O.ENVELOPE, "neither a page's context nor the pre-order may be left out", CARD),
    Row(F.MISSING_FIELD, P.CASH_REGISTER, O.ENVELOPE, "the same, where the order is made"),
    Row(F.MISSING_FIELD, P.COMPLETED_ORDER, O.ENVELOPE, "the order itself is missing"),
    # -- whether it can be read
    Row(F.TRUNCATED_JSON, P.PRODUCT, O.NOT_JSON, "half a document is none"),
    Row(F.TRUNCATED_JSON, P.BIN_NUMBER, O.NOT_JSON, "the same, on a page of the checkout", CARD),
    Row(F.TRUNCATED_JSON, P.CARD_CONFIRMATION, O.NOT_JSON, "the same, where the order is made", CARD),
    Row(F.TRUNCATED_JSON, P.THREE_D_REDIRECT, O.ENVELOPE, "half a form might lack fields, so it is not sent", SECURED),
    Row(F.INVALID_JSON, P.CSRF_TOKEN, O.NOT_JSON, "one wrong sign spoils a document"),
    Row(F.INVALID_JSON, P.MASTERPASS_ORDER_NO, O.NOT_JSON, "the same, on a page of the payment", MASTERPASS),
    Row(F.INVALID_JSON, P.MASTERPASS_COMPLETE, O.NOT_JSON, "the same, where the order is made", MASTERPASS),
    Row(F.HTML_INSTEAD, P.CHECKOUT, O.NOT_JSON, "a maintenance page, answered 200"),
    Row(F.HTML_INSTEAD, P.BIN_NUMBER, O.NOT_JSON, "the same, in the middle of paying", CARD),
    Row(F.HTML_INSTEAD, P.CASH_REGISTER, O.NOT_JSON, "the same, where the order is made"),
    Row(F.HTML_INSTEAD, P.BANK, O.ENVELOPE, "HTML it is, but the bank's form is not in it", SECURED),
    Row(F.OVERSIZED_BODY, P.PRODUCT, O.TOO_LARGE, "twelve megabytes are no product"),
    Row(F.OVERSIZED_BODY, P.BIN_NUMBER, O.TOO_LARGE, "nor plans", CARD),
    Row(F.OVERSIZED_BODY, P.CASH_REGISTER, O.TOO_LARGE, "nor an order"),
    # -- errors under a 200
    Row(F.OK_WITH_ERRORS, P.BASKET_ADD, O.BUSINESS_ERROR, "errors count, whatever the status says"),
    Row(F.OK_WITH_ERRORS, P.LOGIN, O.SIGN_IN_REFUSED, "a key beside errors is no sign-in", RETURNING),
    Row(F.OK_WITH_ERRORS, P.BIN_NUMBER, O.BUSINESS_ERROR, "the card is good, so an error is the shop's", CARD),
    Row(F.OK_WITH_ERRORS, P.CASH_REGISTER, O.BUSINESS_ERROR, "sold, but with errors: the order cannot be relied on"),
    Row(F.OK_WITH_ERRORS, P.VERIFY_SMS, O.BUSINESS_ERROR, "the code is right in the end", WRONG_CODE, strikes=2),
    # -- HTTP
    Row(F.SIGN_IN_REDIRECT, P.PRODUCT, O.SESSION_LOST, "sent to the sign-in page: the session is lost"),
    Row(F.SIGN_IN_REDIRECT, P.BIN_NUMBER, O.SESSION_LOST, "the same, while paying", CARD),
    Row(F.SIGN_IN_REDIRECT, P.CASH_REGISTER, O.SESSION_LOST, "the same, where the order would be made"),
    Row(F.SIGN_IN_REDIRECT, P.CHECKOUT, O.SESSION_LOST, "the same, for a shopper who has signed in", RETURNING),
    Row(F.THROTTLED, P.CSRF_TOKEN, O.THROTTLED, "429 is told apart from other refusals"),
    Row(F.THROTTLED, P.LOGIN, O.THROTTLED, "also where refusals have a name of their own", RETURNING),
    Row(F.THROTTLED, P.BIN_NUMBER, O.THROTTLED, "the same, while paying", CARD),
    Row(F.THROTTLED, P.CASH_REGISTER, O.THROTTLED, "the same, where the order would be made"),
    Row(F.SERVER_ERROR, P.BASKET_ADD, O.HTTP_5XX, "500, though the basket was filled"),
    Row(F.SERVER_ERROR, P.BIN_NUMBER, O.HTTP_5XX, "500 while paying", CARD),
    Row(F.SERVER_ERROR, P.CASH_REGISTER, O.HTTP_5XX, "500, though the order was made"),
    Row(F.UNAVAILABLE, P.CSRF_TOKEN, O.HTTP_5XX, "503 at the door"),
    Row(F.UNAVAILABLE, P.PAYMENT_OPTION, O.HTTP_5XX, "503 before the list of options"),
    Row(F.UNAVAILABLE, P.CASH_REGISTER, O.HTTP_5XX, "503 where the order would be made"),
    Row(F.CLIENT_ERROR, P.PRODUCT, O.HTTP_4XX, "400 for a request in order"),
    Row(F.CLIENT_ERROR, P.LOGIN, O.SIGN_IN_REFUSED, "400 for a sign-in is how it is refused", RETURNING),
    Row(F.CLIENT_ERROR, P.BIN_NUMBER, O.HTTP_4XX, "400 while paying", CARD),
    Row(F.CLIENT_ERROR, P.CASH_REGISTER, O.HTTP_4XX, "400 where the order would be made"),
    # -- the connection
    Row(F.RESET, P.CSRF_TOKEN, O.CONNECTION, "reset before the first reply"),
    Row(F.RESET, P.PRODUCT, O.CONNECTION, "reset on a connection in use; asking again would hide it"),
    Row(F.RESET, P.BIN_NUMBER, O.CONNECTION, "reset on a connection that was good for a dozen pages", CARD),
    Row(F.RESET, P.CASH_REGISTER, O.CONNECTION, "reset, though the order was made"),
    Row(F.STALL, P.PRODUCT, O.TIMEOUT, "no reply at all, and no goodbye"),
    Row(F.STALL, P.BIN_NUMBER, O.TIMEOUT, "the same, while paying", CARD),
    Row(F.STALL, P.CASH_REGISTER, O.TIMEOUT, "the same, where the order is made"),
    Row(F.SLOW_BODY, P.PRODUCT, O.TIMEOUT, "each piece comes in time, the whole does not", seconds=TRICKLE),
    Row(F.SLOW_BODY, P.BIN_NUMBER, O.TIMEOUT, "the same, while paying", CARD, seconds=TRICKLE),
    Row(F.SLOW_BODY, P.CASH_REGISTER, O.TIMEOUT, "the same, where the order is made", seconds=TRICKLE),
    # -- the shopper's identity and order
    Row(F.SESSION_DROPPED, P.CHECKOUT, O.SESSION_LOST, "the shop shows its front page to a guest it forgot"),
    Row(F.SESSION_DROPPED, P.CHECKOUT, O.SESSION_LOST, "and to a customer", RETURNING),
    Row(
        F.SESSION_DROPPED,
        P.BASKET_ADD,
        O.SESSION_LOST,
        "a customer is asked for an e-mail address, as guests are",
        RETURNING,
        P.CHECKOUT,
    ),
    Row(
        F.SESSION_DROPPED, P.PRODUCT, O.SESSION_LOST, "the same, whatever page it went lost on", FIRST_TIME, P.CHECKOUT
    ),
    Row(F.SESSION_DROPPED, P.ADDRESS_ADD, O.SESSION_LOST, "401: no session, no address book"),
    Row(F.SESSION_DROPPED, P.BIN_NUMBER, O.SESSION_LOST, "forgotten while paying", CARD),
    Row(
        F.SESSION_DROPPED,
        P.THREE_D_REDIRECT,
        O.SESSION_LOST,
        "sent back instead of on; the checkout says why",
        SECURED,
        P.CHECKOUT,
    ),
    Row(F.SESSION_DROPPED, P.CASH_REGISTER, O.SESSION_LOST, "the session is lost during payment"),
    Row(F.EMPTY_BASKET, P.CHECKOUT, O.BASKET_LOST, "sent back to the basket at the door"),
    Row(
        F.EMPTY_BASKET,
        P.ADDRESS_ADD,
        O.BASKET_LOST,
        "the address book does not look into the basket",
        seen_on=P.ADDRESS_SELECTION,
    ),
    Row(F.EMPTY_BASKET, P.BIN_NUMBER, O.BASKET_LOST, "sent back to the basket while paying", CARD),
    Row(F.EMPTY_BASKET, P.CASH_REGISTER, O.BASKET_LOST, "sent back to the basket instead of sold"),
    # -- what it says of the order
    Row(F.WRONG_AMOUNT, P.BASKET_ADD, O.AMOUNT_MISMATCH, "not the product's price"),
    Row(F.WRONG_AMOUNT, P.CHECKOUT, O.AMOUNT_MISMATCH, "not what the basket came to"),
    Row(F.WRONG_AMOUNT, P.INSTALLMENT, O.AMOUNT_MISMATCH, "not what it was on the list of options", CARD),
    Row(F.WRONG_AMOUNT, P.CARD_CONFIRMATION, O.AMOUNT_MISMATCH, "also in the reply to a declined card", DECLINED),
    Row(F.WRONG_AMOUNT, P.VERIFY_SMS, O.AMOUNT_MISMATCH, "also in the reply to a wrong code", WRONG_CODE),
    Row(F.WRONG_AMOUNT, P.CASH_REGISTER, O.AMOUNT_MISMATCH, "also where the order is made"),
    Row(F.WRONG_AMOUNT, P.COMPLETED_ORDER, O.AMOUNT_MISMATCH, "the order costs more than was agreed"),
    Row(
        F.NOT_ECHOED, P.CHECKOUT, O.NOT_ECHOED, "a customer's payment page, but how it is delivered is gone", RETURNING
    ),
    Row(F.NOT_ECHOED, P.DELIVERY_OPTION, O.NOT_ECHOED, "the choice just made is not in the pre-order"),
    Row(F.NOT_ECHOED, P.PAYMENT_OPTION, O.NOT_ECHOED, "the list of options, and no delivery chosen any more"),
    Row(F.NOT_ECHOED, P.INSTALLMENT, O.NOT_ECHOED, "the plan just chosen is not in the pre-order", CARD),
    Row(F.NOT_ECHOED, P.CARD_CONFIRMATION, O.NOT_ECHOED, "a declined card must keep the shopper's choices", DECLINED),
    Row(F.NOT_ECHOED, P.VERIFY_SMS, O.NOT_ECHOED, "nor a wrong code", WRONG_CODE),
    Row(F.NOT_ECHOED, P.CASH_REGISTER, O.NOT_ECHOED, "an order at its price, but paid by nothing"),
    Row(F.NOT_ECHOED, P.THANK_YOU, O.NOT_ECHOED, "the same, on its last page"),
    Row(
        F.REPEATED_ORDER_NUMBER, P.CASH_REGISTER, O.DOUBLE_ORDER, "a number that another order has", seen_on=P.THANK_YOU
    ),
    Row(F.REPEATED_ORDER_NUMBER, P.VERIFY_SMS, O.DOUBLE_ORDER, "the same, sold by a code", SMS, P.THANK_YOU),
    Row(F.REPEATED_ORDER_NUMBER, P.CASH_REGISTER, O.DOUBLE_ORDER, "the same, to a customer", RETURNING, P.THANK_YOU),
    # -- the code by SMS: no reply is wrong, so no page is; it is the journey that cannot go on
    Row(
        F.LOST_SMS,
        P.DELIVERY_PAYMENT_CHOICE,
        O.SMS_LOST,
        "asked for a code that never comes",
        SMS,
        P.VERIFY_SMS,
        booked=False,
    ),
    Row(F.LOST_SMS, P.SEND_SMS, O.SMS_LOST, "the second code never comes", RESENT, P.VERIFY_SMS, booked=False),
]


@pytest.fixture(scope="module", params=[own_transport, locust_transport], ids=["our client", "Locust's client"])
def connect(request):
    """Makes a transport of each kind that shoppers may be given."""
    return request.param


@pytest.fixture(scope="module")
def shop(connect):
    """A shop for each transport: it can only repeat an order number that the same shopper has seen."""
    process = ShopProcess.start(Settings(seed=1, unknown_fields="refuse"))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def walkers(shop, connect):
    """A patient and an impatient shopper, by the longest time of an exchange; both have bought before."""
    made = {}
    for first, longest in enumerate((GENEROUS, IMPATIENT)):
        wire = connect(shop.url, longest)
        made[longest] = Walker(
            wire, shop.url, time.perf_counter, time.sleep, first=first, sms_patience=0.3, sms_poll=0.1
        )
        # This makes an order, so the fault can repeat its number.
        assert made[longest](CASH).end == (Outcome.OK, None)
    yield made
    for walker in made.values():
        walker.transport.close()


@pytest.fixture
def broken(shop):
    """Break this promise until the end of the test."""
    yield lambda row: set_faults(
        shop.url, {"name": row.fault, "pages": [row.page], "share": 1.0, "seconds": row.seconds}
    )
    set_faults(shop.url)


def test_every_fault_has_a_row_in_the_table():
    assert {row.fault for row in TABLE} == set(FaultName)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_a_fault_is_reported_as_one_failure_and_the_next_shopper_buys(row, shop, walkers, broken):
    walker = walkers[IMPATIENT if row.outcome is Outcome.TIMEOUT else GENEROUS]
    account = None
    if row.route.journey == "returning":
        account = walker.new_account()
        assert walker(row.route, account).receipt
    before = shop.ledger()["faults"].get(row.fault, 0)
    broken(row)
    walked = walker(row.route, account)
    assert shop.ledger()["faults"].get(row.fault, 0) - before == row.strikes, "nothing is tried again in secret"
    seen_on = row.seen_on or row.page
    assert walked.end == (row.outcome, seen_on)
    assert walked.blamed == ([(seen_on, row.outcome)] if row.booked else [])
    assert not walked.blamed or walked.samples[-1].outcome == row.outcome
    set_faults(shop.url)
    assert walker(row.route).end[0].blame != "shop", "on the same connections, when nothing is wrong any more"


@pytest.mark.parametrize(
    ("fault", "longest", "silence", "failure"),
    [
        pytest.param(
            FaultName.STALL, IMPATIENT, GENEROUS, Outcome.TIMEOUT, id="no reply within the time of an exchange"
        ),
        pytest.param(FaultName.STALL, GENEROUS, IMPATIENT, Outcome.TIMEOUT, id="silence, longer than a read may take"),
        pytest.param(FaultName.SLOW_BODY, IMPATIENT, GENEROUS, Outcome.TIMEOUT, id="a trickle that takes too long"),
        pytest.param(
            FaultName.SLOW_BODY, GENEROUS, TRICKLE / 40, Outcome.TIMEOUT, id="silence in the middle of a body"
        ),
        pytest.param(FaultName.RESET, GENEROUS, GENEROUS, Outcome.CONNECTION, id="a reset"),
    ],
)
def test_a_failed_connection_is_closed_and_the_shopper_keeps_their_session(
    fault, longest, silence, failure, connect, shop, broken
):
    wire = connect(shop.url, longest, silence)
    ajax = {HEADER_AJAX: AJAX}
    try:
        assert wire.send("a", "GET", PATHS[Page.CSRF_TOKEN], ajax, None).status == 200
        broken(Row(fault, Page.PRODUCT, failure, "", seconds=TRICKLE))
        began = time.perf_counter()
        assert wire.send("b", "GET", "/product/1/", ajax, None) == HttpResponse(0, b"", "", failure)
        assert time.perf_counter() - began < TRICKLE / 2
        # Late parts of the last reply must not be read as this one.
        reply = wire.send("c", "GET", CHECKOUT_PATH, ajax, None)
        assert (reply.status, reply.failure) == (200, None)
        assert b"redirect_url" in reply.body, "an empty basket, and no front page as strangers see it"
    finally:
        wire.close()
