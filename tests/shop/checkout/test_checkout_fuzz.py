"""After any sequence of posts, the shop answers with an envelope and orders no basket twice."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from shop.contract import APPROVED_CARD, CHECKOUT_PAGES, DECLINED_CARD, PAYMENT_OPTIONS, Page
from shop.forms import FORMS

VALUES = {
    "user_email": ["ada@shoppers.example", "nobody"],
    "phone_number": ["05000000001", "1"],
    "payment_option": [*PAYMENT_OPTIONS, "1", "barter"],
    "bin_number": [APPROVED_CARD[:6], DECLINED_CARD[:6], "4"],
    "card_number": [APPROVED_CARD, DECLINED_CARD, "4111110000000000"],
    "card_year": ["2039", "1999"],
    "card_month": ["1", "13"],
    "card_cvv": ["123", "x"],
    "security_code": ["123", "x"],
    "use_three_d": ["0", "1", "2"],
    "payment_choice": ["cash", "barter"],
    "paymentType": ["cash", "barter"],
    "agreement": ["1", "true", "0"],
    "status": ["success", "failure", "maybe"],
    "loyalty_amount_to_use": ["0", "1.5", "1000", "999999999", "-1", "1e9", "NaN"],
}
# Most posts fit the current page, otherwise no order would ever be complete.
SHORTCUTS = [*["follow"] * 80, *["choose"] * 12, *["basket"] * 4, *["address"] * 2]
CONVENTIONS = st.fixed_dictionaries(
    {
        "context_list": st.sampled_from(["recorded", "next", "cumulative"]),
        "page_order": st.sampled_from(["delivery_first", "address_first"]),
    }
)
STEPS = st.lists(
    st.tuples(st.sampled_from([*sorted(CHECKOUT_PAGES), *SHORTCUTS]), st.integers(0, 99)), min_size=10, max_size=60
)


class Walk:
    def __init__(self, client):
        self.client, self.baskets, self.seen, self.shown = client, 1, {}, ""

    def step(self, page, dice):
        client, rng = self.client, random.Random(dice)
        if page == "address":
            client.add_address()
        elif page == "basket":
            client.fill_basket(product=rng.randint(1, 20))
            self.baskets += 1
        elif page == "choose":
            self.post(Page.PAYMENT_OPTION, {"payment_option": rng.choice(list(PAYMENT_OPTIONS))})
        else:
            target = Page(self.shown) if page == "follow" and self.shown else page
            if target not in FORMS:
                self.hear(client.get(target if target in CHECKOUT_PAGES else None))
                return
            fields = FORMS[target]
            names = [*fields.required, *(fields.optional if rng.random() < 0.8 else ())]
            self.post(target, {name: self.value(name, rng) for name in names if rng.random() < 0.99})

    def value(self, name, rng):
        if name in self.seen and rng.random() < 0.9:
            return self.seen[name]
        values = VALUES.get(name, ["1", "2", "3"])
        return values[0] if rng.random() < 0.85 else rng.choice(values)

    def post(self, page, form):
        self.hear(self.client.post(page, **form))

    def hear(self, document):
        assert {"context_list", "template_name", "errors", "pre_order"} <= set(document)
        assert document["errors"] is None or all(document["errors"].values())
        for entry in document["context_list"]:
            assert isinstance(entry["page_context"], dict)
        if not document["context_list"]:
            return
        shown = document["context_list"][-1]
        self.shown = shown.get("page_name", "")
        context = shown["page_context"]
        self.seen |= {key: str(context[key]) for key in ("token", "payment_token") if key in context}
        if "validation_url" in context:
            self.seen["validationURL"] = context["validation_url"]
        if "reference=" in str(context.get("redirect_url")):
            self.seen["reference"] = context["redirect_url"].partition("reference=")[2]
        if self.shown == "VerifySmsPage":
            self.seen["verify_code"] = self.client.inbox()[-1]["code"]
        pre_order = document["pre_order"]
        unpaid = float(pre_order["total_amount"]) - float(pre_order["loyalty_money"])
        assert round(unpaid * 100) == round(float(pre_order["unpaid_amount"]) * 100) >= 0


@settings(max_examples=150, deadline=None, derandomize=True)
@given(STEPS, CONVENTIONS, st.booleans(), st.integers(1, 3))
def test_any_sequence_of_posts_gets_a_valid_envelope(make_client, steps, conventions, sms, tries):
    client = make_client(
        conventions=conventions,
        sms={"options": list(PAYMENT_OPTIONS) if sms else [], "max_tries": tries, "fixed_code": "123456"},
        store_credit="500",
    )
    walk = Walk(client.walk_to_payment(conventions["page_order"]))
    for page, dice in steps:
        walk.step(page, dice)
    ledger = client.ledger
    assert ledger["orders_total"] == ledger["order_numbers"] <= walk.baskets
