"""An option that only the scenario knows is paid page by page; an option that must be asked for first is asked for first."""

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import PAYMENT_OPTIONS, Page
from users.journeys.payment_option import _PERSONAL
from users.population.journey_spec import ShopperPolicy
from users.population.recipes import AVAILABILITY, PERSONAL, AvailabilityCheck, RecipePage, wrong_placeholders

ORDERED = frozenset({"ThankYouPage", "VerifySmsPage"})
RECIPE = (
    RecipePage(
        "MyWalletPage",
        {
            "wallet": "{one_of.wallets}",
            "colour": "{one_of.wallets.value}",
            "no": "{shown.wallet_no}",
            "phone": "{phone}",
            "agreement": "1",
        },
        frozenset({"MyWalletConfirmPage"}),
    ),
    RecipePage("MyWalletConfirmPage", {"sum": "{amount} {currency}", "card": "{bin_number}…"}, ORDERED),
)
CHECK = AvailabilityCheck("/payments/my_wallet/check/", fields={"phone": "{phone}", "amount": "{amount}"})


def walk(walker, answer=None, after="MyWalletConfirmPage", **policy):
    """Buy by an own wallet; ``answer`` is what the question for it is answered with."""

    class Shop(walker.Shop):
        asked = ()

        def _choose_option(self, form):
            if form["payment_option"] != "my_wallet":
                return super()._choose_option(form)
            self.pre_order["payment_option"] = {"pk": 40, "slug": "my_wallet"}
            return walker.envelope(
                "MyWalletPage", {"wallets": [{"pk": 91, "value": "blue"}], "wallet_no": 7}, self.pre_order
            )

        def _reply(self, request):
            if request.page == AVAILABILITY:
                self.asked += (request,)
                return answer
            if request.page == "MyWalletPage":
                return walker.envelope(after, {}, self.pre_order)
            if request.page == "MyWalletConfirmPage":
                return self._sell()
            return super()._reply(request)

    rows = [{"pk": 40, "slug": "my_wallet", "payment_type": "my_wallet"}]
    rows += [{"pk": row.pk, "slug": row.slug, "payment_type": row.slug} for row in PAYMENT_OPTIONS.values()]
    shop = Shop(rows=rows)
    policy = {"recipes": {"my_wallet": RECIPE}, **policy}
    return walker(shop, "my_wallet", policy=ShopperPolicy(**policy))


def forms(walked):
    return {
        request.page: request.form
        for request in walked.shop.requests
        if request.page in ("MyWalletPage", "MyWalletConfirmPage")
    }


def test_each_page_of_a_recipe_is_posted_with_its_placeholders_filled(walker):
    walked = walk(walker)
    assert walked.outcome is Outcome.OK
    assert walked.receipt.payment_option == "my_wallet"
    phone = walked.context.phone
    assert forms(walked) == {
        "MyWalletPage": {"wallet": "91", "colour": "blue", "no": "7", "phone": phone, "agreement": "1"},
        "MyWalletConfirmPage": {"sum": "15.00 try", "card": "411111…"},
    }
    paths = [request.path for request in walked.shop.requests if request.page == "MyWalletPage"]
    assert paths == ["/orders/checkout/?page=MyWalletPage"]


@pytest.mark.parametrize("after", ["ThankYouPage", "AnotherPage", "MyWalletPage"])
def test_another_page_than_the_recipe_expects_fails_the_journey(walker, after):
    walked = walk(walker, after=after)
    assert (walked.outcome, walked.failure.page) == (Outcome.UNEXPECTED_PAGE, "MyWalletPage")


@pytest.mark.parametrize("text", ["{shown.nothing}", "{one_of.nothing}", "{one_of.wallets.nothing}"])
def test_a_page_that_does_not_show_what_a_field_needs_fails_the_journey(walker, text):
    recipe = (RecipePage("MyWalletPage", {"a": text}, ORDERED),)
    walked = walk(walker, recipes={"my_wallet": recipe})
    assert (walked.outcome, walked.failure.page) == (Outcome.ENVELOPE, Page.PAYMENT_OPTION)


def test_a_recipe_of_a_known_option_replaces_its_flow(walker):
    class Shop(walker.Shop):
        def _choose_option(self, form):
            self.pre_order["payment_option"] = {"pk": 113, "slug": "pay_later"}
            return walker.envelope("MyWalletPage", {}, self.pre_order)

        def _reply(self, request):
            return self._sell() if request.page == "MyWalletPage" else super()._reply(request)

    recipe = (RecipePage("MyWalletPage", {}, ORDERED),)
    walked = walker(Shop(), "pay_later", policy=ShopperPolicy(recipes={"pay_later": recipe}))
    assert walked.outcome is Outcome.OK
    assert Page.PAY_LATER_COMPLETE not in walked.shop.pages


def test_an_available_option_is_asked_for_and_then_chosen(walker):
    walked = walk(walker, {"is_available": True}, availability={"my_wallet": CHECK})
    assert walked.outcome is Outcome.OK
    (asked,) = walked.shop.asked
    assert (asked.method, asked.path, asked.form) == ("POST", CHECK.path, None)
    assert asked.json == {"phone": walked.context.phone, "amount": "15.00"}
    pages = walked.shop.pages
    choice = next(
        n
        for n, request in enumerate(walked.shop.requests)
        if request.page is Page.PAYMENT_OPTION and request.method == "POST"
    )
    assert pages[choice - 1] == AVAILABILITY


@pytest.mark.parametrize(
    ("check", "sent"),
    [
        (
            AvailabilityCheck("/check/", "GET", {"phone": "{phone}", "a": "x y"}),
            ("GET", "/check/?phone={phone}&a=x+y", None, None),
        ),
        (AvailabilityCheck("/check/?v=1", "GET", {"a": "1"}), ("GET", "/check/?v=1&a=1", None, None)),
        (AvailabilityCheck("/check/", "GET"), ("GET", "/check/", None, None)),
        (AvailabilityCheck("/check/", fields={"a": "1"}, form=True), ("POST", "/check/", {"a": "1"}, None)),
    ],
)
def test_the_question_is_sent_as_the_scenario_says(walker, check, sent):
    walked = walk(walker, {"is_available": True}, availability={"my_wallet": check})
    (asked,) = walked.shop.asked
    method, path, form, json = sent
    assert (asked.method, asked.path, asked.form, asked.json) == (
        method,
        path.format(phone=walked.context.phone),
        form,
        json,
    )


def test_an_option_that_is_not_available_is_not_chosen(walker):
    walked = walk(walker, {"is_available": False}, availability={"my_wallet": CHECK})
    assert (walked.outcome, walked.failure.page) == (Outcome.UNAVAILABLE, Page.PAYMENT_OPTION)
    assert "MyWalletPage" not in walked.shop.pages


def test_the_fallback_is_taken_instead_and_asked_for_if_it_has_a_question(walker):
    no, own = {"is_available": False}, {"availability": {"my_wallet": CHECK}, "fallback": "gpay"}
    walked = walk(walker, no, **own)
    assert (walked.outcome, walked.receipt.payment_option) == (Outcome.OK, "gpay")
    both = {"my_wallet": CHECK, "gpay": CHECK}
    assert walk(walker, no, **{**own, "availability": both}).outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({}, Outcome.ENVELOPE),
        ({"is_available": "yes"}, Outcome.ENVELOPE),
        ({"is_available": None}, Outcome.ENVELOPE),
        (500, Outcome.HTTP_5XX),
        (404, Outcome.HTTP_4XX),
        ("<html>", Outcome.NOT_JSON),
    ],
)
def test_an_answer_that_is_neither_yes_nor_no_is_a_failure(walker, answer, outcome):
    walked = walk(walker, answer, availability={"my_wallet": CHECK})
    assert (walked.outcome, walked.failure.page) == (outcome, AVAILABILITY)


def test_an_option_without_a_question_is_not_asked_for(walker):
    walked = walk(walker, {}, availability={"gpay": CHECK})
    assert walked.outcome is Outcome.OK
    assert walked.shop.asked == ()


def test_every_placeholder_of_the_schema_can_be_filled():
    assert set(_PERSONAL) == set(PERSONAL)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{phone}-{amount}", []),
        ("{shown.a_b}{one_of.rows}{one_of.rows.value}", []),
        ("plain", []),
        ("{fone}", ["fone"]),
        ("{}", [""]),
        ("{shown}", ["shown"]),
        ("{shown.a.b}", ["shown.a.b"]),
        ("{one_of.a.b.c}", ["one_of.a.b.c"]),
        ("{shown.__class__!r}", ["shown.__class__!r"]),
        ("{phone", ["{"]),
        ("a}", ["}"]),
        ("{{phone}}", ["{", "}"]),
    ],
)
def test_wrong_placeholders_are_found(text, wrong):
    assert wrong_placeholders(text) == wrong
