"""What a run will send and need, from journeys that are walked in this process."""

import tomllib

import pytest

from harness.run.workload import Choices
from scenarios.estimation.estimate import estimate, planned_arrivals
from scenarios.estimation.walk import walk
from scenarios.loading.reader import build_scenario
from scenarios.runtime.workload import ScenarioWorkload

TEXT = """
objectives = ["journey failures < 1%"]
[arrivals]
rate = "2/s"
duration = "100s"
[think]
median = "1s"
"""
ALL_GUESTS = '[journeys]\nguest = 1\n[payments]\ngpay = 1\n[external]\nmode = "follow"\n'


@pytest.fixture
def estimated():
    def of(text="", *, duration="20s", **changed):
        document = tomllib.loads(TEXT + text)
        document["arrivals"]["duration"] = duration
        document.update(changed)
        workload = ScenarioWorkload(build_scenario(document, name="own"), Choices(scenario="own"))
        return estimate(workload, walk(workload, int(planned_arrivals(workload))))

    return of


def test_every_arrival_of_the_schedule_is_counted(estimated):
    found = estimated(ALL_GUESTS, duration="100s")
    assert found.arrivals == pytest.approx(200, rel=0.3)
    assert found.orders == {"gpay": found.arrivals}
    assert (found.peak_rate, found.unexpected) == (2.0, {})
    assert found.outside_requests == found.arrivals  # each shopper visits the bank once
    assert found.requests > 10 * found.arrivals


def test_every_order_with_sms_gets_a_code(estimated):
    assert estimated(ALL_GUESTS + "[sms]\nshare = 0.0\n").sms_codes == 0
    found = estimated("[journeys]\nguest = 1\n[payments]\npay_on_delivery = 1\n[sms]\nshare = 1.0\nresend = 1\n")
    assert found.sms_codes == 2 * found.arrivals


def test_shoppers_who_leave_place_no_order(estimated):
    found = estimated("[journeys]\nabandoning = 1\n")
    assert found.orders == {}
    assert found.arrivals > 0


def test_think_times_decide_the_length_of_a_journey_and_the_users(estimated):
    short, long = estimated(think={"median": "100ms"}), estimated(think={"median": "5s"})
    assert long.journey_seconds > 5 * short.journey_seconds
    assert long.users_needed > 3 * short.users_needed


def test_objectives_say_how_long_the_run_must_be(estimated):
    texts = ["journey failures < 2%", "page.VerifySmsPage response_time p99 < 1s"]
    half = "[journeys]\nguest = 1\n[payments]\npay_on_delivery = 1\n[sms]\nshare = 0.5\n"
    found = estimated(half, duration="100s", objectives=texts)
    journeys, codes = found.objectives
    assert (journeys.needed, journeys.decidable) == (149, True)
    assert journeys.shortest == pytest.approx(75, rel=0.3)
    # Half of 200 orders give 100 samples, and a p99 needs 299.
    assert (codes.needed, codes.decidable) == (299, False)
    assert codes.shortest == pytest.approx(300, rel=0.4)


def test_a_closed_load_counts_the_journeys_that_its_users_finish(estimated):
    text = 'objectives = ["journey failures < 1%"]\n[closed]\nusers = 10\nduration = "100s"\n[think]\nmedian = "1s"\n'
    document = tomllib.loads(text + "[journeys]\nguest = 1\n[payments]\ngpay = 1\n")
    workload = ScenarioWorkload(build_scenario(document, name="own"), Choices(scenario="own"))
    found = estimate(workload, walk(workload, int(planned_arrivals(workload))))
    assert found.arrivals == pytest.approx(10 * 100 / found.journey_seconds)
    assert found.users == 10


def test_the_same_seed_gives_the_same_estimate(estimated):
    short = {"arrivals": {"rate": "2/s", "duration": "40s"}}
    one, other = estimated(**short), estimated(**short)
    assert (one.requests, one.orders, one.sms_codes) == (other.requests, other.orders, other.sms_codes)
    assert estimated(seed=7, **short).orders != one.orders


def test_faults_of_the_embedded_shop_are_left_out(estimated):
    assert estimated('[[shop.faults]]\nname = "unavailable"\nshare = 1.0\n').unexpected == {}


WALLET = """
[journeys]
guest = 1
[payments]
my_wallet = 1
[payments.recipes.my_wallet]
pages = [{ page = "MyWalletPage" }, { page = "MyWalletCodePage" }, { page = "MyWalletConfirmPage" }]
[payments.availability.my_wallet]
path = "/payments/my_wallet/check/"
answer = "ok"
"""


def test_an_option_of_the_shops_own_counts_with_the_pages_of_its_recipe(estimated):
    own = estimated(WALLET, objectives=["page.MyWalletCodePage response_time p95 < 1s", "journey failures < 1%"])
    known = estimated("[journeys]\nguest = 1\n[payments]\npay_later = 1\n")
    assert (own.orders, own.unexpected) == ({"my_wallet": own.arrivals}, {})
    further = own.arrivals * 3  # two pages more than pay_later, and the question
    assert own.requests == pytest.approx(known.requests + further)
    assert own.journey_seconds > known.journey_seconds + 2
    assert own.objectives[0].expected == pytest.approx(own.arrivals, rel=0.1)


def test_a_recipe_of_a_known_option_replaces_its_pages(estimated):
    recipe = '[payments]\ngpay = 1\n[payments.recipes.gpay]\npages = [{ page = "GPayNewPage" }]\n'
    assert estimated("[journeys]\nguest = 1\n" + recipe).orders.keys() == {"gpay"}


def test_the_question_for_a_known_option_is_answered_with_yes(estimated):
    asked = '[payments]\ncredit_card = 1\n[payments.availability.credit_card]\npath = "/check/"\nmethod = "GET"\n'
    assert estimated("[journeys]\nguest = 1\n" + asked).unexpected == {}
