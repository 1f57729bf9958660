"""Messages of the shop reach the report once for each kind, with their remedy."""

from __future__ import annotations

import math

import pytest
from checked_runs import conditions_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.monitoring.process import ProcessFacts
from harness.monitoring.shop_messages import MAX_KEPT, ShopMessage, ShopMessages
from harness.objectives.verdict import Severity
from harness.validity.evidence import Evidence
from harness.validity.shop_refusals import MOST_SHOWN, failure_messages, payment_options_offered

REFUSED = ShopMessage("http_4xx", "AddressAdd", "township: This field is required.", "give it in [address]")


def evidence(journeys, *processes):
    recorder = Recorder(Window(0.0, 0.0, math.inf))
    for option, outcome, blame, page, ordered in journeys:
        recorder.journey(
            JourneySample("guest", option, outcome, blame, 1.0, 1.0, 2.0, ordered=ordered, failed_page=page)
        )
    facts = [ProcessFacts.from_json(ProcessFacts(shop_messages=remarks).to_json()) for remarks in processes]
    return Evidence(recorder, conditions_of(processes=facts))


def test_the_first_message_is_kept_for_each_page_and_outcome():
    kept = ShopMessages()
    for remark in (REFUSED, REFUSED._replace(message="other"), REFUSED._replace(page="Login")):
        kept.add(remark)
    assert kept.kept == (REFUSED, REFUSED._replace(page="Login"))
    for number in range(2 * MAX_KEPT):
        kept.add(REFUSED._replace(page=str(number)))
    assert len(kept.kept) == MAX_KEPT


def test_many_journeys_with_one_cause_are_one_finding_with_its_remedy():
    failed = ("gpay", "http_4xx", "shop", "AddressAdd", False)
    (finding,) = failure_messages(evidence([failed] * 40, [REFUSED], [REFUSED._replace(message="from another worker")]))
    assert finding.level is Severity.WARNING
    assert finding.message == (
        '40 journeys ended as http_4xx on AddressAdd; the shop said "township: This field is required."'
    )
    assert finding.remedy == "give it in [address]"


def test_the_most_frequent_failures_come_first():
    pages = [f"P{number}" for number in range(9)]
    journeys = [("gpay", "http_4xx", "shop", page, False) for n, page in enumerate(pages, 1) for _ in range(n)]
    found = list(failure_messages(evidence(journeys, [REFUSED._replace(page=page) for page in pages])))
    assert len(found) == MOST_SHOWN
    assert found[0].message.startswith("9 journeys ended as http_4xx on P8")


@pytest.mark.parametrize(
    "journeys", [[], [("gpay", "ok", "nobody", "", True)], [("gpay", "timeout", "shop", "P", False)]]
)
def test_failures_without_a_message_have_no_finding(journeys):
    assert not list(failure_messages(evidence(journeys, [REFUSED])))


def test_an_option_that_is_not_offered_is_one_finding():
    remarks = [
        ShopMessage("not_offered", "P", f"{name} is wanted, and havale are offered", "")
        for name in ("gpay", "masterpass")
    ]
    kept = ShopMessages()
    for remark in remarks * 3:
        kept.add(remark)
    missing = [(name, "not_offered", "harness", "P", False) for name in ("gpay", "masterpass", "gpay")]
    (finding,) = payment_options_offered(evidence([*missing, ("havale", "ok", "nobody", "", True)], kept.kept))
    assert finding.level is Severity.INVALID
    assert "gpay (2 journeys), masterpass (1 journey)" in finding.message
    assert finding.message.count("are offered") == 2
    assert "[payments]" in finding.remedy


def test_shoppers_turned_away_are_told_apart_from_missing_options():
    remarks = (
        ShopMessage("not_offered", "Door", "the shop sells nothing to guests", "leave guests out"),
        ShopMessage("not_offered", "P", "gpay is wanted, and havale are offered", ""),
    )
    guests = [("havale", "not_offered", "harness", "Door", False)] * 2
    others = [("gpay", "not_offered", "harness", "P", False), ("havale", "ok", "nobody", "", True)]
    entrance, option = payment_options_offered(evidence(guests + others, remarks))
    assert (entrance.level, option.level) == (Severity.INVALID, Severity.INVALID)
    assert "2 journeys" in entrance.message
    assert "the shop sells nothing to guests" in entrance.message
    assert entrance.remedy == "leave guests out"
    assert "gpay (1 journey)" in option.message
    assert "guests" not in option.message


def test_an_option_offered_to_some_only_fails_the_shop():
    journeys = [("gpay", "not_offered", "harness", "P", False), ("gpay", "ok", "nobody", "", True)]
    (finding,) = payment_options_offered(evidence(journeys))
    assert finding.level is Severity.FAILED
