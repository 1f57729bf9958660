"""What is learnt of a recorded purchase, what is said of an odd one, and that no secret leaves it.

Longer than 300 lines: one recorded purchase is varied in every way in which recordings differ.
"""

import json
import random

import pytest
import recorded_purchases as recorded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_purchases import entry, envelope, page, purchase

from harness.errors import UsageError
from harness.exits import Exit
from harness.files import parse_toml
from scenarios.commands.cli import main
from scenarios.doctor.har.examination import examine_recording
from scenarios.doctor.writing import scenario_text
from scenarios.loading.reader import build_scenario
from users.population.accounts import Account, AccountPool


@pytest.fixture
def examine(tmp_path):
    def go(entries, **more):
        return examine_recording(recorded.write(tmp_path / "recording.har", entries), **more)

    return go


def without(name):
    return [one for one in purchase() if name not in one["request"]["url"]]


def codes(found):
    return [one.code for one in found.findings]


def notes(found):
    return [one.code for one in found.notes]


def test_a_purchase_becomes_the_facts_of_a_scenario(examine):
    found = examine(purchase())
    facts = found.facts
    assert found.exit is Exit.PASSED
    assert (found.recording.entries, found.requests) == (14, 11)
    assert (facts.host, facts.fidelity, facts.option_value) == ("shop.example", "api", "pk")
    assert (facts.journeys, facts.products, facts.search) == ({"guest": 1}, ("212",), None)
    assert (facts.locale, facts.currency) == ("tr", "try" if facts.currency == "try" else "eur")
    assert [option.payment_type for option in facts.options if option.covered] == ["funds_transfer"]
    assert facts.think_times["BasketAdd"] == pytest.approx(2.9 + 0.0, abs=0.01)
    assert facts.think_times["AddressAdd"] == pytest.approx(0.9 + 9.9)
    assert facts.think_times["FundsTransferPage"] == pytest.approx(1.9)
    assert facts.journey_seconds == pytest.approx(29.1)


def test_the_scenario_can_be_read_and_has_the_think_times(examine):
    scenario = build_scenario(parse_toml(scenario_text(examine(purchase()).facts)), name="own")
    assert scenario.document.think.pages["AddressAdd"] == pytest.approx(10.8)
    assert scenario.mix.payments["funds_transfer"] == 1.0
    assert scenario.policy.option_value == "pk"


def test_the_order_of_the_entries_does_not_matter(examine):
    shuffled = purchase()
    random.Random(4).shuffle(shuffled)
    assert examine(shuffled).facts == examine(purchase()).facts


def test_a_storefront_that_passes_requests_on_is_the_same_purchase(examine):
    entries = purchase()
    for one in entries:
        url = one["request"]["url"].replace(recorded.SHOP, f"{recorded.SHOP}/en/api/client")
        one["request"]["url"] = url.replace("/?", "?") + ("&options=%7B%7D" if "?" in url else "")
    found = examine(entries)
    assert (found.facts.fidelity, found.facts.host, found.target) == ("storefront", "", "")
    assert [option.payment_type for option in found.facts.options if option.covered] == ["funds_transfer"]
    assert "api_host_unknown" in notes(found)
    named = examine(entries, url="https://api.shop.example")
    assert (named.facts.host, "api_host_unknown" in notes(named)) == ("api.shop.example", False)


def test_what_the_scenario_leaves_out_is_said(examine):
    found = examine(purchase())
    assert notes(found) == ["not_recorded", "unknown_option", "extra_fields"]
    assert "also offers credit_card" in found.notes[0].text
    assert "also offers my_wallet" in found.notes[1].text
    assert "also sends tax_no" in found.notes[2].text


@pytest.mark.parametrize(
    ("entries", "code", "says"),
    [
        (without("FundsTransferPage")[:-1], "no_order", "ends without an order"),
        ([{**one, "response": {"status": 200, "content": {}}} for one in purchase()], "no_bodies", "lacks the body of"),
        (
            [*purchase()[:-2], page(28, "FundsTransferPage", envelope("VerifySmsPage", verification=True), {"agreement": "1"}),
             page(35, "VerifySmsPage", envelope("ThankYouPage"), {"verify_code": "914233"})],
            "sms_code", "asks for a code by SMS after funds_transfer",
        ),
        (
            [entry(1, "POST", "/users/login/", {"key": "k"}, {"email": "a@b.c", "password": "geheim-77", "captcha_response": "x"}), *purchase()],
            "captcha", "the answer to a captcha",
        ),
        (
            [*purchase()[:-1], entry(29, "GET", "/orders/completed/0123456789abcdef/?format=json", "<html>Sign in</html>")],
            None, "GET /orders/completed/",
        ),
        ([*purchase(), page(40, "BinNumberPage", envelope("BinNumberPage", errors={"bin_number": ["No."]}), {"bin_number": "411111"})], None, "POST /orders/checkout/?page=BinNumberPage"),
    ],
)  # fmt: skip
def test_what_keeps_a_scenario_from_passing_is_a_finding(examine, entries, code, says):
    found = examine(entries)
    assert code is None or code in codes(found)
    assert any(says in finding.text for finding in found.findings), [one.text for one in found.findings]
    assert found.exit is (Exit.INCONCLUSIVE if code in ("no_order", "no_bodies") else Exit.FAILED)


def test_a_refusal_that_the_person_repaired_stops_nothing(examine):
    wrong = page(
        25,
        "FundsTransferChoicePage",
        envelope("FundsTransferChoicePage", errors={"bank_account": ["Choose."]}),
        {"bank_account": ""},
    )
    found = examine([*purchase(), wrong])
    assert found.exit is Exit.PASSED
    assert any(
        finding.page.startswith("POST /orders/checkout/?page=FundsTransferChoicePage") for finding in found.notes
    )


def test_a_customer_who_signs_in_needs_accounts_or_becomes_a_guest(examine, tmp_path):
    entries = [
        entry(1, "POST", "/users/login/", {"key": "k"}, {"email": "a@b.c", "password": "geheim-77", "locale": "de"}),
        *purchase(),
    ]
    alone = examine(entries)
    assert "guests_instead" in notes(alone)
    assert alone.facts.journeys == {"guest": 1}
    accounts = tmp_path / "accounts.csv"
    AccountPool([Account(f"a{n}@shop.test", "Secret-1", "A", "B", "05551112233", n < 2) for n in range(5)]).write_csv(
        accounts
    )
    found = examine(entries, accounts=accounts, folder=tmp_path)
    assert (found.facts.accounts_file, found.facts.accounts) == ("accounts.csv", {"returning": 2, "first_time": 3})
    accounts.write_text("nonsense")
    with pytest.raises(UsageError, match="--accounts"):
        examine(entries, accounts=accounts)


def test_a_way_out_to_a_bank_without_a_way_back_ends_there(examine):
    chosen = {"payment_option": {"pk": 5, "slug": "credit-card", "payment_type": "credit_card"}}
    entries = [
        *purchase()[:7],
        page(24, "PaymentOptionSelectionPage", envelope("BinNumberPage", pre_order=chosen), {"payment_option": 5}),
        entry(30, "GET", "/orders/redirect-three-d/", "<form action='https://bank.example/'></form>"),
    ]
    found = examine(entries)
    assert found.facts.external == "stop"
    assert [(option.payment_type, option.ends_outside) for option in found.facts.options if option.covered] == [
        ("credit_card", True)
    ]
    assert "left_outside" in notes(found)


def test_the_page_of_a_bank_on_another_site_ends_the_journeys_of_the_scenario(examine):
    chosen = {"payment_option": {"pk": 5, "slug": "credit-card", "payment_type": "credit_card"}}
    form = "<form method='post' action='https://bank.example/pay/'><input name='a'></form>"
    back = entry(60, "POST", "/orders/checkout/?page=CreditCardThreeDSecurePage", "", {"oid": "1"}, status=302)
    back["response"]["headers"].append({"name": "Location", "value": "/orders/completed/0123456789abcdef/"})
    entries = [
        *purchase()[:7],
        page(24, "PaymentOptionSelectionPage", envelope("BinNumberPage", pre_order=chosen), {"payment_option": 5}),
        entry(30, "GET", "/orders/redirect-three-d/", {"result": form}),
        back,
    ]
    found = examine(entries)
    assert (found.facts.external, found.facts.three_d) == ("stop", False)
    assert [(option.payment_type, option.ends_outside) for option in found.facts.options if option.covered] == [
        ("credit_card", True)
    ]
    assert "leads to bank.example with credit_card" in next(
        one.text for one in found.notes if one.code == "external_host"
    )
    at_the_shop = [
        *entries[:-2],
        entry(30, "GET", "/orders/redirect-three-d/", {"result": form.replace("bank", "shop")}),
        back,
    ]
    assert (examine(at_the_shop).facts.external, examine(at_the_shop).facts.three_d) == ("follow", True)


@pytest.mark.parametrize(
    "receipt",
    [
        page(
            28,
            "FundsTransferPage",
            envelope("FundsTransferPage", redirect_url="/orders/completed/0123456789abcdef/"),
            {"agreement": "1"},
        ),
        entry(29, "GET", "/en/orders/completed/0123456789abcdef/", "<html>Thank you, Grace Hopperina</html>"),
    ],
)
def test_an_order_is_seen_however_the_storefront_shows_it(examine, receipt):
    if receipt["request"]["method"] == "GET":
        receipt = {**receipt, "request": {**receipt["request"], "headers": []}}
        receipt["response"]["content"]["mimeType"] = "text/html"
    found = examine([*purchase()[:-2], receipt])
    assert [option.payment_type for option in found.facts.options if option.covered] == ["funds_transfer"]
    assert found.exit is Exit.PASSED, [one.text for one in found.findings]


def test_no_secret_of_the_recording_is_printed_or_written(tmp_path, capsys):
    path = recorded.write(tmp_path / "recording.har", purchase())
    files = {name: tmp_path / name for name in ("own.toml", "found.json", "found.html")}
    given = [
        "doctor",
        "--har",
        str(path),
        "--write",
        str(files["own.toml"]),
        "--json",
        str(files["found.json"]),
        "--html",
        str(files["found.html"]),
    ]
    assert main(given) == 0
    said = "".join(capsys.readouterr())
    assert "Nothing was sent" in said
    for text in (said, *(file.read_text() for file in files.values())):
        for secret in (*recorded.SECRETS, "0123456789abcdef", "private-mail", "Ankara"):
            assert secret not in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "smoke"], "--scenario: not with --har, which sends nothing"),
        (["--no-orders"], "--no-orders: not with --har"),
        (["--host", "shop"], "--host: not the address of a shop"),
        (["--host", "https://ada:geheim@shop.example"], "--host: not the address of a shop"),
    ],
)
def test_options_that_send_something_are_refused(tmp_path, capsys, arguments, says):
    path = recorded.write(tmp_path / "recording.har", purchase())
    assert main(["doctor", "--har", str(path), *arguments]) == 2
    output = "".join(capsys.readouterr())
    assert says in output
    assert "geheim" not in output


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b'{"log": {"entries": []}}', "none of its 0 requests is of a checkout"),
        (json.dumps({"log": {"entries": [entry(0, "GET", "/logo.png", "x")]}}).encode(), "none of its 1 requests"),
        (json.dumps({"log": {"entries": purchase()}}).encode()[:-400], "the file ends here, and it is not complete"),
        (b"<html>", "byte 0: a HAR begins with {"),
    ],
)
def test_another_file_is_refused_with_its_place_and_without_its_content(tmp_path, capsys, content, says):
    path = tmp_path / "recording.har"
    path.write_bytes(content)
    assert main(["doctor", "--har", str(path)]) == 2
    output = "".join(capsys.readouterr())
    assert says in output
    assert not any(secret in output for secret in recorded.SECRETS)


KEYS = (
    "request",
    "response",
    "method",
    "url",
    "headers",
    "postData",
    "text",
    "params",
    "content",
    "status",
    "name",
    "value",
    "encoding",
    "time",
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 700)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "POST", "base64", "{}", "ü", "a=1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    place=st.integers(0, 10),
    key=st.sampled_from(["request", "response", "time", "startedDateTime", "pageref"]),
    value=VALUES,
    other=VALUES,
)
def test_a_hand_that_spoils_entries_gets_an_answer_or_an_error(tmp_path, place, key, value, other):
    entries = purchase()
    entries[place] = {**entries[place], key: value}
    if isinstance(entries[place - 1].get("response"), dict):
        entries[place - 1]["response"] = {
            **entries[place - 1]["response"],
            "content": {"text": json.dumps({"context_list": other, "pre_order": value})},
        }
    try:
        found = examine_recording(recorded.write(tmp_path / "recording.har", [*entries, other]))
    except UsageError:
        return
    build_scenario(parse_toml(scenario_text(found.facts)), name="own") if found.exit is Exit.PASSED else None
