"""Recordings of several people, of several hosts, of another path, and with bodies as they were sent."""

import base64
import gzip
import json

import pytest
import recorded_purchases as recorded
from recorded_purchases import CSRF, SESSION, entry, envelope, page, purchase

from harness.errors import UsageError
from harness.exits import Exit
from scenarios.doctor.har.examination import examine_recording
from scenarios.doctor.har.people import people_of


@pytest.fixture
def examine(tmp_path):
    def go(entries, **more):
        return examine_recording(recorded.write(tmp_path / "recording.har", entries), **more)

    return go


def notes(found):
    return [one.code for one in found.notes]


def test_bodies_that_are_still_compressed_are_read(examine):
    entries = purchase()
    for one in entries:
        content = one["response"]["content"]
        content["text"] = base64.b64encode(gzip.compress(content["text"].encode())).decode()
        content["encoding"] = "base64"
    found = examine(entries)
    assert found.exit is Exit.PASSED
    assert found.facts == examine(purchase()).facts


def test_a_compressed_body_that_is_broken_or_endless_is_harmless(examine):
    entries = purchase()
    bodies = (b"\x1f\x8bnonsense", gzip.compress(b"[" + b"1," * 50_000_000))
    for one, body in zip(entries, bodies, strict=False):
        one["response"]["content"] = {"text": base64.b64encode(body).decode(), "encoding": "base64"}
    assert examine(entries).findings


def test_a_language_before_the_paths_is_said(examine):
    entries = purchase()
    for one in entries:
        one["request"]["url"] = one["request"]["url"].replace(recorded.SHOP, f"{recorded.SHOP}/de-at")
    found = examine(entries)
    (note,) = [one for one in found.notes if one.code == "language_path"]
    assert "/de-at before the paths" in note.text
    assert found.facts.locale == "de-at"
    assert "language_path" not in notes(examine(purchase()))


def test_a_shop_on_several_hosts_is_said_and_the_busiest_is_the_target(examine):
    entries = purchase()
    for one in entries[4:]:
        one["request"]["url"] = one["request"]["url"].replace(recorded.SHOP, "https://checkout.example:8443")
    found = examine(entries)
    assert (found.target, found.facts.host) == ("https://checkout.example:8443", "checkout.example")
    (note,) = [one for one in found.notes if one.code == "several_hosts"]
    assert "checkout.example, shop.example" in note.text


def test_a_reply_that_the_browser_had_already_is_no_deviation(examine):
    entries = []
    for one in purchase():
        entries.append(one)
        if one["request"]["method"] == "GET":
            copy = json.loads(json.dumps(one))
            copy["response"] = {"status": 304, "content": {}}
            entries.append(copy)
    assert notes(examine(entries)) == notes(examine(purchase()))
    shown = purchase()
    shown[2]["response"]["status"] = 304  # Chrome shows what it had
    assert examine(shown).facts == examine(purchase()).facts


def by_card(at):
    """The end of another person's purchase, in a session of its own."""
    chosen = {"payment_option": {"pk": 5, "slug": "credit-card", "payment_type": "credit_card"}}
    options = envelope("PaymentOptionSelectionPage", payment_options=recorded.OPTIONS)
    entries = [
        entry(at, "GET", "/csrf_token/", {"csrf_token": "x"}),
        page(at + 20, "PaymentOptionSelectionPage", options),
        page(at + 23, "PaymentOptionSelectionPage", envelope("CreditCardConfirmationPage", pre_order=chosen), {"payment_option": 5}),
        page(at + 27, "CreditCardConfirmationPage", envelope("ThankYouPage", pre_order=chosen), {"card_number": "4111111111111111"}),
    ]  # fmt: skip
    text = json.dumps(entries).replace(SESSION, "another-session").replace(CSRF, "another-token")
    return json.loads(text)


@pytest.mark.parametrize("at", [2.5, 130], ids=["at the same time", "one after the other"])
def test_two_people_in_one_recording_are_told_apart(examine, at):
    found = examine([*purchase(), *by_card(at)])
    assert [option.payment_type for option in found.facts.options if option.covered] == [
        "credit_card",
        "funds_transfer",
    ]
    alone = examine(purchase()).facts
    thinking = dict(found.facts.think_times)
    assert thinking["CreditCardConfirmationPage"] == pytest.approx(3.9)
    assert thinking["AddressAdd"] == alone.think_times["AddressAdd"]
    assert thinking["BasketAdd"] == alone.think_times["BasketAdd"]
    assert found.facts.journey_seconds == alone.journey_seconds


def test_requests_belong_to_the_person_whose_session_they_continue():
    assert people_of([]) == []
    assert people_of([(), ("a",), (), ("b",), ("a", "c"), ("c",), ("b",), ()]) == [0, 0, 0, 1, 0, 0, 1, 1]


def test_a_checkout_below_another_path_is_said(examine):
    entries = purchase()
    for one in entries:
        one["request"]["url"] = one["request"]["url"].replace(recorded.SHOP, f"{recorded.SHOP}/shop-api/v2")
    with pytest.raises(UsageError, match="have it below another path, which checkload cannot send"):
        examine(entries)


def test_a_token_that_is_in_no_cookie_is_read_from_its_page(examine):
    entries = json.loads(json.dumps(purchase()).replace(f"; csrftoken={CSRF}", ""))
    found = examine(entries)
    assert found.facts.csrf_in_page
    assert "csrf_in_page" in notes(found)
    assert not examine(purchase()).facts.csrf_in_page
    for one in entries:  # a browser may leave out all cookies
        one["request"]["headers"] = [each for each in one["request"]["headers"] if each["name"] != "Cookie"]
        one["response"]["headers"] = []
    assert not examine(entries).facts.csrf_in_page
