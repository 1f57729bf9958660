"""The control endpoints change the running shop."""

from __future__ import annotations

import pytest

LIST = "/orders/checkout/?page=PaymentOptionSelectionPage"


def test_faults_can_be_changed_while_the_shop_runs(wire):
    shop = wire()
    received = shop.ask(
        "PUT", "/_control/faults", json=[{"name": "throttled", "pages": ["PaymentOptionSelectionPage"]}]
    )
    assert received.document["faults"][0]["name"] == "throttled"
    assert shop.ask("GET", LIST).status == 429
    assert shop.ask("PUT", "/_control/faults", json={"faults": []}).status == 200
    assert shop.ask("GET", LIST).status == 200


def test_settings_can_be_changed_while_the_shop_runs(wire):
    shop = wire()
    settings = shop.ask("GET", "/_control/settings").document
    settings |= {"service": {"default": "1s"}, "workers": 1, "unavailable": {"gpay": "Away."}}
    assert shop.ask("PUT", "/_control/settings", json=settings).status == 200
    listed = shop.ask("GET", LIST).document["context_list"][0]["page_context"]
    assert [option["slug"] for option in listed["unavailable_options"]] == ["gpay"]
    assert shop.slept == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("path", "document", "keys"),
    [
        ("faults", [{"name": "explode"}, {"name": "reset", "share": 2}], {"0.name", "1.share"}),
        ("faults", {"no": "list"}, {"settings"}),
        ("settings", {"workers": 0, "colour": "red"}, {"workers", "colour"}),
        ("settings", {"seed": 99}, {"seed"}),
        ("settings", [], {"settings"}),
    ],
)
def test_wrong_settings_are_refused_with_every_problem_and_change_nothing(wire, path, document, keys):
    shop = wire()
    before = shop.ask("GET", "/_control/settings").document
    received = shop.ask("PUT", f"/_control/{path}", json=document)
    assert received.status == 400
    assert {problem["key"] for problem in received.document["errors"]} == keys
    assert shop.ask("GET", "/_control/settings").document == before


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/_control/nothing", b"", 404),
        ("PUT", "/_control/ledger", b"", 405),
        ("PUT", "/_control/faults", b"[]", 415),
    ],
)
def test_control_refuses_unknown_requests(wire, method, path, body, status):
    assert wire().ask(method, path, body=body).status == status


def test_a_freeze_counts_from_the_first_request(wire):
    shop = wire(freeze={"after": "10s", "lasts": "3s"})
    shop.clock.advance(100)
    assert shop.ask("GET", LIST).status == 200
    assert shop.slept == []
    shop.clock.advance(11)
    assert shop.ask("GET", LIST).status == 200
    assert shop.slept == [pytest.approx(2.0)]
    shop.ask("GET", LIST)
    assert len(shop.slept) == 1


def test_a_running_shop_can_be_frozen_at_once(wire):
    shop = wire()
    shop.ask("GET", LIST)
    settings = shop.ask("GET", "/_control/settings").document
    assert shop.ask("PUT", "/_control/settings", json=settings | {"freeze": {"lasts": "3s"}}).status == 200
    shop.clock.advance(1)
    shop.ask("GET", LIST)
    assert shop.slept == [pytest.approx(2.0)]
    # The same again changes nothing: a freeze that is over does not come back with other settings.
    shop.ask("PUT", "/_control/settings", json=settings | {"freeze": {"lasts": "3s"}, "workers": 5})
    shop.ask("GET", LIST)
    assert len(shop.slept) == 1
