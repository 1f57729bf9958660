import pytest

from scenarios.calibration.logged_request import LoggedRequest
from scenarios.calibration.observed_journey import OPTION_OF, ObservedJourney
from scenarios.calibration.page_matching import UnknownPaths, is_asset, masked_path, page_of
from scenarios.calibration.sessions import LONGEST, Sessions
from shop.contract import PAYMENT_OPTIONS, Page
from users.population.journey_spec import SmsScript

TO_PAYMENT = ("CHECKOUT", "+PAYMENT_OPTION")


def journey(*pages):
    """A journey with these pages; a plus marks a post."""
    made = ObservedJourney(0.0, Page[pages[0].lstrip("+")])
    for page in pages:
        made.add_page(Page[page.lstrip("+")], posts=page.startswith("+"), gap=None)
    return made


@pytest.mark.parametrize(
    ("pages", "kind"),
    [
        (("PRODUCT", "+BASKET_ADD"), ""),
        (("PRODUCT", "+BASKET_ADD", "CHECKOUT"), "abandoning"),
        (("CHECKOUT", "+INDEX", "+ADDRESS_ADD", "PAYMENT_OPTION"), "abandoning"),
        (("CHECKOUT", "+INDEX", "+ADDRESS_ADD", "+PAYMENT_OPTION"), "guest"),
        (("+LOGIN", "CHECKOUT", "+ADDRESS_ADD", "+DELIVERY_OPTION", "+PAYMENT_OPTION"), "first_time"),
        (("+LOGIN", "CHECKOUT", "DELIVERY_OPTION", "+PAYMENT_OPTION"), "returning"),
    ],
)
def test_a_journey_is_recognised_by_its_pages(pages, kind):
    assert journey(*pages).kind == kind


@pytest.mark.parametrize("option", list(PAYMENT_OPTIONS))
def test_every_payment_option_is_recognised_by_its_first_page(option):
    page = PAYMENT_OPTIONS[option].first_page
    made = journey(*TO_PAYMENT, f"+{page.name}")
    assert made.option == OPTION_OF[page] == option


def test_a_saved_card_differs_from_a_typed_one():
    assert journey(*TO_PAYMENT, "+SAVED_CARD_SELECTION", "+INSTALLMENT", "+CARD_CONFIRMATION").option == "saved_card"


def test_the_last_payment_option_counts_except_after_store_credit():
    assert journey(*TO_PAYMENT, "+BIN_NUMBER", "+PAYMENT_OPTION", "+CASH_REGISTER").option == "cash_register"
    assert journey(*TO_PAYMENT, "+LOYALTY_USAGE", "+PAYMENT_OPTION", "+BIN_NUMBER").option == "loyalty_money"


@pytest.mark.parametrize(
    ("pages", "script"),
    [
        ((), None),
        (("+VERIFY_SMS", "THANK_YOU"), SmsScript.RIGHT),
        (("+VERIFY_SMS", "+VERIFY_SMS", "THANK_YOU"), SmsScript.WRONG),
        (("+SEND_SMS", "+VERIFY_SMS", "THANK_YOU"), SmsScript.RESEND),
        (("+VERIFY_SMS", "+SEND_SMS", "+VERIFY_SMS", "THANK_YOU"), SmsScript.LATE),
        (("+VERIFY_SMS", "+VERIFY_SMS", "+VERIFY_SMS"), SmsScript.LOCKED),
        (("+VERIFY_SMS",), None),  # one try, and no order: gone, or failed
    ],
)
def test_the_sms_behaviour_is_recognised_by_its_posts(pages, script):
    assert journey(*TO_PAYMENT, "+DELIVERY_PAYMENT_CHOICE", *pages).sms is script


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target", "page"),
    [
        ("POST", "/orders/checkout/?page=BinNumberPage", Page.BIN_NUMBER),
        ("GET", "/orders/checkout/?utm=x&page=ThankYouPage", Page.THANK_YOU),
        ("GET", "/orders/checkout/", Page.CHECKOUT),
        ("GET", "/orders/checkout", Page.CHECKOUT),
        ("GET", "/product/17/", Page.PRODUCT),
        ("GET", "/orders/completed/abc/?format=json", Page.COMPLETED_ORDER),
        ("GET", "/orders/checkout/?page=Nonsense", None),
        ("DELETE", "/baskets/basket/", Page.BASKET_CLEAR),
        ("DELETE", "/product/17/", None),
        ("GET", "/_sms/05551234567/", None),
        ("GET", "/", None),
    ],
)
def test_a_page_is_found_by_method_and_path(method, target, page):
    assert page_of(method, target) is page


def test_images_and_health_checks_are_ignored():
    assert all(map(is_asset, ("/a/b.css?v=3", "/static/x", "/favicon.ico", "/healthz", "/health/live")))
    assert not any(map(is_asset, ("/product/1/", "/statics", "/users/health-insurance/")))


def test_masked_paths_have_nothing_personal():
    assert masked_path("/users/4711/orders/df8a210c-c19d/?token=x") == "/users/…/orders/…/"
    assert masked_path("/m/jane@example.com/05551234567") == "/m/…/…"
    assert masked_path("/m/jane%40example.com") == "/m/…"
    assert "…" in masked_path("/t/abcdefghijklmnopqrstuvwxyzabcdef/")


def test_only_frequent_unknown_paths_are_shown():
    unknown = UnknownPaths()
    for _ in range(12):
        unknown.add("/search/?q=secret")
    unknown.add("/wishlist/")
    assert unknown.rows(10) == [("/search/", 12)]
    assert unknown.total == 13


# -- sessions ---------------------------------------------------------------------------------------------------------


def request(came, page, who=1, *, method="GET", status=200, took=0.1):
    target = f"/orders/checkout/?page={page}" if page.endswith("Page") else page
    return LoggedRequest(
        came, came + took, method, target, status, who, by_cookie=True, has_duration=True, has_subseconds=True
    )


def ended(sessions, *requests):
    return list(sessions.take(requests)), [one for one, _ in sessions.close_all()]


def test_half_an_hour_of_silence_ends_a_session():
    sessions = Sessions()
    over, still_open = ended(
        sessions,
        request(0, "/product/1/"),
        request(1700, "/product/1/"),
        request(3400, "/product/1/"),
        request(5300, "/product/1/"),
    )
    assert [one.pages for one in over] == [3]
    assert [one.pages for one in still_open] == [1]


def test_the_clock_of_the_log_ends_silent_sessions():
    over, _ = ended(Sessions(), request(0, "/product/1/", who=1), request(1900, "/product/1/", who=2))
    assert [one.began for one in over] == [0]


def test_after_an_order_a_new_journey_begins_in_the_same_session():
    over, still_open = ended(
        Sessions(),
        request(0, "/users/login/", method="POST"),
        request(10, "/orders/checkout/"),
        request(20, "PaymentOptionSelectionPage", method="POST"),
        request(30, "ThankYouPage"),
        request(31, "/orders/completed/abc/"),
        request(60, "/product/2/"),
        request(70, "/orders/checkout/"),
        request(80, "PaymentOptionSelectionPage", method="POST"),
    )
    assert [(one.kind, one.ordered, one.pages) for one in over] == [("returning", True, 5)]
    assert [(one.kind, one.ordered, one.began) for one in still_open] == [("returning", False, 60)]
    assert still_open[0].signed_in


def test_think_times_are_from_a_reply_to_the_next_request():
    _, (one,) = ended(Sessions(), request(0, "/product/1/", took=0.5), request(2, "/orders/checkout/", took=0.1))
    assert one.gaps == [(Page.CHECKOUT, 1.5)]


def test_failed_requests_are_ignored_but_their_time_counts():
    sessions = Sessions()
    _, (one,) = ended(
        sessions,
        request(0, "/product/1/"),
        request(5, "/orders/checkout/", status=503),
        request(6, "/product/1/", took=0),
    )
    assert (one.kind, one.gaps) == ("", [(Page.PRODUCT, pytest.approx(0.9))])
    assert sessions.counts.failed == 1


def test_very_late_requests_are_counted_and_left_out():
    sessions = Sessions()
    ended(sessions, request(10_000, "/product/1/"), request(10, "/product/1/", who=2))
    assert sessions.counts.late == 1


def test_an_endless_session_is_cut():
    sessions = Sessions()
    steps = range(0, int(LONGEST * 2.5), 600)
    over, _ = ended(sessions, *(request(at, "/product/1/") for at in steps))
    assert len(over) == 2
    assert all(one.pages <= LONGEST / 600 + 1 for one in over)


def test_too_many_open_sessions_end_early_and_are_counted():
    sessions = Sessions(most_open=10)
    over, still_open = ended(sessions, *(request(at, "/product/1/", who=at) for at in range(25)))
    assert (len(over), len(still_open)) == (15, 10)
    assert sessions.counts.evicted == 15


def test_the_path_prefix_is_removed():
    _, (one,) = ended(Sessions(prefix="/api"), request(0, "/api/product/1/"))
    assert one.first is Page.PRODUCT
