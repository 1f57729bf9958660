"""The shoppers follow the golden exchanges: they send exactly these requests, and accept these responses."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from harness.measurement.outcomes import Outcome
from shop.contract import PAYMENT_OPTIONS
from users.journeys.catalogue import JOURNEYS
from users.journeys.checks import check_response
from users.journeys.context import JourneyContext
from users.journeys.steps import PageRequest, PageResponse, drive_journey
from users.population.accounts import Account
from users.population.journey_spec import JourneySpec, ShopperPolicy, SmsScript
from users.population.pools import LocationPool, ProductPool

ORIGIN = "http://shop.test"
CODE = "123456"
PRICE = "62.99"
# Read by the real storefront client after an order, and no part of the exchange that pays.
COMPLETED_ORDER = {
    "order": {
        "id": 123,
        "number": "ON123",
        "user_email": "guest@example.com",
        "amount": PRICE,
        "status": "Approved",
        "payment_option": {"name": "Credit Card"},
        "orderitem_set": [{"pk": 1}],
    },
    "campaigns": [],
}


class GoldenShop:
    """Answers with golden replies, and only to golden requests.

    ``recorded``: where replies were seen to differ from the description without meaning anything else, as they were
    seen: no errors are an empty list, slugs are in lower case, earlier pages stay in the list.
    """

    def __init__(self, golden, before, paying, thank_you, *, recorded=False) -> None:
        self.recorded = recorded
        self.entries: list[dict[str, Any]] = []
        self.memory = golden.Memory()
        self.golden = golden
        self.before = list(before.steps)
        self.posted_before: list[str] = []
        self.paying = list(paying.steps)
        self.left = list(paying.steps)
        self.thank_you = thank_you.steps[0]
        self.pre_order: dict[str, Any] = {}
        self.total = Decimal(PRICE)

    def fetch(self, request: PageRequest) -> PageResponse:
        step = self._step(request)
        if step is None:
            return self._checked(request, COMPLETED_ORDER, Outcome.OK)
        self._hold(step, request)
        if request.page == "BasketAdd":
            self.total = Decimal(PRICE) * int((request.json or {})["quantity"])
        return self._respond(step, request)

    def _step(self, request: PageRequest):
        if len(self.left) < len(self.paying) or (request.page, request.method) == (self.paying[0].page, "POST"):
            if self.left:
                return self.left.pop(0)
            assert request.method == "GET", f"{request.page} is posted after the order"
            return self.thank_you if request.page == "ThankYouPage" else None
        return self._approach(request)

    def _approach(self, request: PageRequest):
        """Before the payment, pages may be read at any time, and each post is sent once and in its order."""
        step = next((step for step in self.before if (step.page, step.method) == (request.page, request.method)), None)
        assert step is not None, f"{request.method} {request.page} is in no golden exchange"
        if request.method == "POST":
            self.posted_before.append(request.page)
        return step

    def _hold(self, step, request: PageRequest) -> None:
        memory = self.memory
        assert request.page == step.page, f"{step}: {request.page} was asked for"
        assert request.method == (step.method or "POST"), str(step)
        if "path" in step.raw or step.sends_form_before:
            assert request.path.removeprefix(ORIGIN) == step.path(memory), str(step)
        else:
            assert request.path == f"/orders/checkout/?page={step.page}", str(step)
        if request.method == "POST":
            assert request.csrf == step.csrf, f"{step}: csrf"
        form = step.form(memory)
        assert (request.form is None) == (form is None), f"{step}: {request.form}"
        if form is not None:
            self._alike(form, dict(request.form or {}), str(step))
            memory.sent = dict(request.form or {})
        if "json" not in step.raw:
            assert request.json is None, str(step)
        elif step.raw["json"] == "any":
            assert request.json, str(step)
        else:
            self._alike(memory.fill(step.raw["json"]), dict(request.json or {}), str(step))

    @staticmethod
    def _alike(wanted: dict[str, Any], sent: dict[str, Any], where: str) -> None:
        assert set(sent) == set(wanted), f"{where}: {sorted(sent)}"
        for key, value in wanted.items():
            if str(value).startswith("~"):
                assert sent[key] not in ("", None), f"{where}: {key} is empty"
            else:
                assert str(sent[key]) == str(value), f"{where}: {key} is {sent[key]!r}"

    def _respond(self, step, request: PageRequest) -> PageResponse:
        reply, memory = step.reply, self.memory
        if "html" in reply:
            memory.action, memory.fields = reply["html"]["action"], dict(reply["html"]["fields"])
            inputs = "".join(f'<input type="hidden" name="{k}" value="{v}">' for k, v in memory.fields.items())
            html = f'<html><form method="post" action="{memory.action}">{inputs}</form></html>'
            return self._checked(request, html, Outcome.OK)
        if "json" in reply:
            memory.capture(reply.get("capture", {}), reply["json"])
            return self._checked(request, reply["json"], Outcome.OK)
        self.pre_order |= memory.fill(reply.get("pre_order", {}))
        context = reply.get("context", {})
        memory.capture(reply.get("capture", {}), context)
        entry: dict[str, Any] = {"page_context": context}
        if not reply.get("unnamed"):
            page = reply.get("page", step.page)
            name = step.page if page == "any" else page
            entry |= {"page_name": name, "page_slug": name.lower() if self.recorded else name}
        self.entries = [*self.entries, entry] if self.recorded else [entry]
        document = {
            "context_list": self.entries,
            "template_name": "orders/checkout.html",
            "errors": {"non_field_errors": ["No."]} if reply.get("errors") else [] if self.recorded else None,
            "pre_order": self.pre_order,
        }
        outcome = request.expect.refused_as if reply.get("errors") else Outcome.OK
        assert outcome is not None, f"{step}: the shopper did not expect errors"
        return self._checked(request, document, outcome)

    def _checked(self, request: PageRequest, body: Any, wanted: Outcome) -> PageResponse:
        sent = body if isinstance(body, str) else json.dumps(body)
        if request.page != "Product":
            # The golden total is the price of one piece; the shopper chooses how many to buy.
            sent = sent.replace(f'"{PRICE}"', f'"{self.total}"')
        response, outcome = check_response(request, 200, sent.encode())
        assert response is not None, f"the reply to {request.method} {request.page} is taken for {outcome}"
        assert response.outcome == wanted, f"{request.method} {request.page}"
        return response


def context(exchange, *, journey="guest", account=None, seed=3, option_value="slug") -> JourneyContext:
    spec = JourneySpec(
        number=0,
        journey=journey,
        payment_option=exchange.option or "credit_card",
        sms=SmsScript(exchange.raw.get("sms", "right")),
        three_d=exchange.raw.get("three_d", False),
        seed=seed,
    )
    policy = ShopperPolicy(sms_code=CODE, option_value=option_value)
    shared = {
        "places": LocationPool({"country": 1, "city": 40, "township": 457, "district": 1}),
        "products": ProductPool(("1",)),
    }
    return JourneyContext(spec, policy, lambda number: True, account=account, shop_url=ORIGIN, **shared)


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize("recorded", [False, True], ids=["described", "recorded"])
def test_a_guest_sends_exactly_the_golden_requests(golden, payment_by_shopper, recorded, seed):
    before = golden.load("before_payment")
    shop = GoldenShop(golden, before, payment_by_shopper, golden.load("thank_you"), recorded=recorded)
    receipt = drive_journey(JOURNEYS["guest"].steps(context(payment_by_shopper, seed=seed)), shop.fetch)
    assert shop.posted_before == [step.page for step in before.steps if step.method == "POST"]
    assert not shop.left, [str(step) for step in shop.left]
    assert (receipt.order_number, receipt.amount) == ("ON123", int(shop.total * 100))
    assert receipt.payment_option == payment_by_shopper.option
    asked = any(step.page == "VerifySmsPage" for step in payment_by_shopper.steps)
    assert receipt.verification == (payment_by_shopper.raw.get("sms", "right") if asked else "")


def test_options_can_be_posted_by_pk(golden, payment_by_shopper):
    before = golden.load("before_payment")
    listed = before.steps[-1].reply["context"]["payment_options"]
    pk = next(option["pk"] for option in listed if option["slug"] == payment_by_shopper.option)
    payment_by_shopper.steps[0].raw["form"]["payment_option"] = str(pk)
    shop = GoldenShop(golden, before, payment_by_shopper, golden.load("thank_you"))
    receipt = drive_journey(JOURNEYS["guest"].steps(context(payment_by_shopper, option_value="pk")), shop.fetch)
    assert receipt.payment_option == payment_by_shopper.option


def test_a_returning_customer_signs_in_and_goes_straight_to_payment(golden):
    paying = golden.load("credit_card")
    shop = GoldenShop(golden, golden.load("sign_in"), paying, golden.load("thank_you"))
    shop.memory.values["password"] = "correct-horse"
    shop.before.append(golden.load("before_payment").steps[-1])
    account = Account("ada@example.com", "correct-horse", "Ada", "Lovelace", "05550000001", saved_choices=True)
    receipt = drive_journey(
        JOURNEYS["returning"].steps(context(paying, journey="returning", account=account)), shop.fetch
    )
    assert shop.posted_before == ["Login", "BasketAdd"]
    assert receipt.order_number == "ON123"


def test_the_wrong_code_is_not_the_right_one(golden):
    exchange = golden.load("pay_on_delivery_sms_wrong")
    shop = GoldenShop(golden, golden.load("before_payment"), exchange, golden.load("thank_you"))
    codes = []

    def fetch(request: PageRequest) -> PageResponse:
        if request.page == "VerifySmsPage":
            codes.append((request.form or {})["verify_code"])
        return shop.fetch(request)

    drive_journey(JOURNEYS["guest"].steps(context(exchange)), fetch)
    assert codes[0] != CODE
    assert codes[1:] == [CODE]
    assert len(codes[0]) == len(CODE)


def test_every_option_is_walked(golden):
    walked = {exchange.option for exchange in golden.every() if exchange.raw.get("shopper", True)}
    assert set(PAYMENT_OPTIONS) <= walked
