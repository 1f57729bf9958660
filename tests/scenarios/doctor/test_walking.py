"""How a walk goes: what it orders, what it leaves out, when it ends, and what it never shows."""

import json
import tomllib
from functools import partial

import pytest
from in_process_shop import second_shop

from scenarios.doctor.recording import Recorder
from scenarios.doctor.reporting.page import html_page
from scenarios.doctor.reporting.text import terminal_text
from scenarios.doctor.writing import scenario_text
from scenarios.loading.reader import build_scenario

CODE = {"sms": {"code": "987123"}}


def names(examined, end):
    return [walked.path.name for walked in examined.found.paths if walked.end == end]


def test_the_orders_of_the_walk_are_those_of_the_shop(walk):
    announced_lines, answer = [], second_shop(choice_then="VerifySmsPage")
    examined = walk(answer, tables=CODE, tell=announced_lines.append)
    in_shop = [order["number"] for order in answer.shop.books.orders]
    assert examined.document["orders"]["numbers"] == in_shop
    (announced,) = [line for line in announced_lines if "orders will be placed" in line]
    assert len(in_shop) <= int(announced.split()[2])
    assert announced_lines.index(announced) == 1, "before the first order, after the look"
    assert f"{len(in_shop)} orders were placed" in examined.text


def test_no_order_is_placed_if_none_is_wanted(walk):
    answer = second_shop()
    examined = walk(answer, places_orders=False)
    assert answer.shop.books.orders == []
    assert {request.name for request in examined.requests if request.method == "POST"}.isdisjoint(
        {"BinNumberPage", "FundsTransferChoicePage", "PayOnDeliveryPaymentChoicePage", "LoyaltyMoneyPage"}
    )
    assert examined.found.exit == 5
    assert "no order was placed, so the rest is not known" in examined.first_lines
    assert "No order was placed." in examined.text


def test_a_refused_guest_leaves_the_shop_to_customers(walk):
    examined = walk(second_shop(guests=False))
    assert examined.codes() == ["guests_refused"]
    assert "a returning customer, credit_card" in names(examined, "ok")
    assert examined.document["covers"]["journeys"] == ["returning", "first_time"]


def test_an_option_of_the_scenario_that_is_not_offered_is_named(walk):
    examined = walk(second_shop(without=["gpay"]), tables={"payments": {"gpay": 1, "credit_card": 2}})
    assert examined.codes() == ["not_offered"]
    assert examined.document["findings"][0]["change"] == [{"key": "[payments] gpay", "value": "0"}]


def test_what_a_scenario_does_not_use_is_tried_and_cannot_fail_it(walk):
    def breaks(request, sound):
        return (500, {}, b"") if request.name == "PayLaterCompletePage" else sound(request)

    tables = {"payments": {"credit_card": 1, "gpay": 0}, "journeys": {"guest": 1}}
    examined = walk(second_shop(breaks=breaks), tables=tables)
    assert (examined.codes(), examined.found.exit) == ([], 0)
    assert names(examined, "skipped") == ["a guest, pay_later"]
    assert "server_error" in examined.notes()
    covered = examined.document["covers"]
    assert {"funds_transfer", "masterpass"} <= set(covered["payment_options"])
    assert "returning" in covered["journeys"]
    assert "a guest, gpay" not in [walked.path.name for walked in examined.found.paths]


def test_an_unavailable_option_stops_no_other_path(walk):
    examined = walk(second_shop(unavailable=["gpay"]))
    assert examined.codes() == []
    assert "option_unavailable" in examined.notes()
    assert "gpay" not in examined.document["covers"]["payment_options"]
    assert examined.found.exit == 0


def test_one_option_that_stops_leaves_the_others(walk):
    def breaks(request, sound):
        return (500, {}, b"") if request.name == "PayLaterCompletePage" else sound(request)

    examined = walk(second_shop(breaks=breaks))
    assert names(examined, "stopped") == ["a guest, pay_later"]
    assert "pay_later" not in examined.document["covers"]["payment_options"]
    assert examined.document["orders"]["possible"] == 1
    assert "and 1 more may have been" in " ".join(examined.text.split())


@pytest.mark.parametrize("after", [0, 1, 40])
def test_the_walk_ends_when_its_time_is_up(walk, after, monkeypatch):
    ticks = iter(range(10**9))
    monkeypatch.setattr("scenarios.doctor.live.Recorder", partial(Recorder, clock=lambda: float(next(ticks))))
    examined = walk(second_shop(), seconds=float(after))
    assert len(examined.requests) <= after
    assert "ended early" in examined.first_lines
    assert examined.found.exit in (3, 5)


def test_an_interrupted_walk_still_says_what_it_ordered(walk):
    def breaks(request, sound):
        if request.name == "MasterpassBinNumberPage":
            raise KeyboardInterrupt
        return sound(request)

    examined = walk(second_shop(breaks=breaks))
    assert "was interrupted" in examined.first_lines
    assert "1 order was placed" in examined.text
    assert names(examined, "skipped") == ["a guest, masterpass"]
    assert examined.document["orders"]["possible"] == 0
    assert examined.found.exit == 5


def test_no_secret_is_in_any_output(walk, monkeypatch):
    monkeypatch.setenv("GATE", "Basic c2VjcmV0OnNlY3JldA==")
    tables = {**CODE, "headers": {"Authorization": "${GATE}", "X-Staging-Key": "k-77aa-staging"}}
    examined = walk(second_shop(choice_then="VerifySmsPage"), tables=tables)
    shown = examined.text + json.dumps(examined.document) + html_page(examined.document)
    secrets = {"secret-1", "c2VjcmV0", "k-77aa", "4111111111111111", "987123", "@shop.test", "Byron"}
    for request in examined.requests:
        secrets |= {value for value in request.cookies.values() if len(value) > 4}
        if "csrf" in request.headers.get("x-csrftoken", "csrf"):
            continue
        secrets.add(request.headers["x-csrftoken"])
    assert [secret for secret in secrets if secret in shown] == []


def test_what_a_hostile_shop_says_harms_no_terminal_and_no_page(walk):
    evil = "\x1b[2J<script>alert(1)</script>\u202e" + "x" * 10_000

    def breaks(request, sound):
        if request.name == "/baskets/basket/":
            return 400, {"content-type": "application/json", "server": evil}, json.dumps({evil: [evil]}).encode()
        return sound(request)

    examined = walk(second_shop(breaks=breaks))
    page = html_page(examined.document)
    assert "\x1b" not in examined.text
    assert "\u202e" not in examined.text
    assert "<script" not in page
    assert max(map(len, examined.text.splitlines())) <= 200
    assert "Content-Security-Policy" in page
    assert "http-equiv" in page


def test_a_secret_that_the_shop_repeats_is_not_in_the_written_scenario(walk):
    said = (400, {"content-type": "application/json"}, b'{"detail": "The key hunter2 may not pay so."}')

    def breaks(request, sound):
        return said if request.name == "MasterpassBinNumberPage" else sound(request)

    examined = walk(second_shop(breaks=breaks), tables={"headers": {"X-Staging-Key": "hunter2"}})
    made = scenario_text(examined.found.facts)
    assert "# Left out: masterpass, because" in made
    assert "The key [removed] may not pay so" in made
    assert "hunter2" not in made


def test_a_place_of_the_scenario_that_the_shop_does_not_know_is_left_out(walk):
    tables = {"address": {"country": 1001, "city": "Istanbul"}, "products": {"search": ""}}
    examined = walk(second_shop(), tables=tables)
    assert examined.codes() == ["place_unknown"]
    said = "The shop lists its cities under /address/city/; remove city from [address], or give a pk of that list."
    assert said in examined.first_lines
    assert examined.found.stopped == []
    assert examined.found.facts.address == {}


def test_a_bank_that_cannot_be_followed_costs_only_what_leads_there(walk):
    def breaks(request, sound):
        page = b"<!DOCTYPE html><html><title>Bank</title></html>"
        return (200, {"content-type": "text/html"}, page) if request.path == "/orders/redirection/" else sound(request)

    examined = walk(second_shop(breaks=breaks))
    assert examined.codes() == ["bank_page"]
    assert names(examined, "left")[0] == "a guest, redirection"
    facts = examined.found.facts
    assert facts.external == "stop"
    without_order = {option.payment_type for option in facts.options if option.ends_outside}
    assert without_order == {"redirection", "gpay", "masterpass"}
    assert not facts.three_d


def test_an_option_with_a_recipe_is_walked_and_its_recipe_is_written(walk):
    recipe = {
        "pages": [
            {
                "page": "MyWalletPage",
                "fields": {"wallet": "{one_of.wallets}", "wallet_no": "{shown.wallet_no}", "phone": "{phone}"},
            },
            {"page": "MyWalletConfirmPage", "fields": {"agreement": "true"}},
        ]
    }
    check = {
        "path": "/payments/my_wallet/check/",
        "fields": {"phone": "{phone}", "amount": "{amount}", "currency": "{currency}"},
    }
    own = {"my_wallet": recipe}, {"my_wallet": check}
    tables = {"payments": {"recipes": own[0], "availability": own[1]}, "products": {"search": ""}}
    examined = walk(second_shop(wallet="yes"), tables=tables)
    assert "a guest, my_wallet" in names(examined, "ok"), examined.text[:3000]
    assert "unknown_option" not in examined.notes()
    written = tomllib.loads(scenario_text(examined.found.facts))
    assert written["payments"]["recipes"] == own[0]
    assert written["payments"]["my_wallet"] == 1
    build_scenario(written | {"accounts": {}}, name="own")


def test_what_a_walk_learns_nothing_about_stays_as_the_author_wrote_it(walk):
    tables = {
        "think": {"median": "300ms"},
        "sms": {"share": 0.5, "patience": "2s", **CODE["sms"]},
        "shop": {"sms": {"code_lifetime": "2s"}},
    }
    made = tomllib.loads(scenario_text(walk(second_shop(), tables=tables).found.facts))
    assert made["think"]["median"] == "300ms"
    assert "shop" not in made, "it is for the embedded shop only"
    assert "share" not in made.get("sms", {})


def test_an_option_that_fails_is_in_the_file_as_a_comment(walk):
    def breaks(request, sound):
        return (500, {}, b"") if request.name == "PayLaterCompletePage" else sound(request)

    made = scenario_text(walk(second_shop(breaks=breaks, wallet="yes")).found.facts)
    (line,) = [one for one in made.splitlines() if one.startswith("# Left out: pay_later")]
    assert "PayLaterCompletePage was answered with status 500" in line
    assert "# Left out: my_wallet, because checkload does not know it; it needs a recipe" in made


def test_no_run_is_suggested_before_a_payment_was_tried(walk):
    document = {**walk(second_shop(), places_orders=False).document, "written": "own.toml"}
    assert "checkload run" not in terminal_text(document)
    assert "without --no-orders" in terminal_text(document)
    assert "chosen, not paid" in terminal_text(document)
    assert "chosen, not paid" in html_page(document)
    bought = {**walk(second_shop()).document, "written": "own.toml"}
    assert "checkload run own.toml --host" in terminal_text(bought)


def test_a_recipe_that_does_not_work_stays_in_the_file_with_the_weight_0(walk, tmp_path):
    recipe = {"pages": [{"page": "MyWalletPage", "fields": {"wallet": "nonsense"}}]}
    tables = {"payments": {"my_wallet": 1, "credit_card": 1, "recipes": {"my_wallet": recipe}}}
    examined = walk(second_shop(wallet="yes"), tables=tables)
    assert "a guest, my_wallet" in names(examined, "stopped")
    made = tomllib.loads(scenario_text(examined.found.facts))
    assert (made["payments"]["my_wallet"], made["payments"]["credit_card"]) == (0, 1)
    assert build_scenario(made, name="own", folder=tmp_path)


def test_an_option_that_alone_is_refused_is_not_blamed_on_slug_or_pk(walk):
    recipe = {"pages": [{"page": "MyWalletPage", "fields": {"wallet": "{one_of.wallets}", "phone": "{phone}"}}]}
    tables = {"payments": {"my_wallet": 1, "credit_card": 1, "recipes": {"my_wallet": recipe}}}
    examined = walk(second_shop(wallet="yes"), tables=tables)
    assert examined.codes() == ["option_not_taken"]
    assert "[payments.availability.my_wallet]" in examined.first_lines
    assert examined.found.changed == {}
    text = scenario_text(examined.found.facts)
    assert "[payments.recipes.my_wallet]\npages = [\n    { page = " in text


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([{"page": "MyWalletPage", "fields": {"wallet": "{one_of.wallets}"}}], "wallet_no"),
        ([{"page": "MyWalletConfirmPage"}], "MyWalletPage"),
    ],
    ids=["a field is missing", "a page is missing"],
)
def test_a_recipe_that_is_not_as_the_shop_wants_it_is_named(walk, pages, words):
    asked = {
        "path": "/payments/my_wallet/check/",
        "fields": {"phone": "{phone}", "amount": "{amount}", "currency": "{currency}"},
    }
    payments = {"my_wallet": 1, "recipes": {"my_wallet": {"pages": pages}}, "availability": {"my_wallet": asked}}
    examined = walk(second_shop(wallet="yes"), tables={"payments": payments})
    (finding,) = examined.found.findings
    assert finding.key == "[payments.recipes.my_wallet]"
    assert "recipe" in finding.remedy
    assert words in finding.text


def test_a_question_that_the_shop_does_not_take_is_named(walk):
    pages = [{"page": "MyWalletPage", "fields": {"wallet": "{one_of.wallets}"}}]
    asked = {"path": "/payments/my_wallet/check/", "fields": {"phone": "{phone}"}}
    payments = {"my_wallet": 1, "recipes": {"my_wallet": {"pages": pages}}, "availability": {"my_wallet": asked}}
    (finding,) = walk(second_shop(wallet="yes"), tables={"payments": payments}).found.findings
    assert finding.key == "[payments.availability.my_wallet]"
