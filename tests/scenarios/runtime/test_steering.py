"""A scenario whose load a person changes: what is refused, and what every process then does."""

import random
from collections import Counter

import pytest

from harness.errors import UsageError
from harness.run.steering.change import LoadChange
from harness.run.workload import Choices
from harness.schedule.dispatch import Arrival
from scenarios.runtime.scenario_folder import ScenarioFolder

CLOSED = """
objectives = ["journey failures < 1%"]
[closed]
users = 10
duration = "30s"
"""
RATE = 30.0


def a_workload(scenario="baseline", **choices):
    return ScenarioFolder().choose(Choices(scenario, **choices))


@pytest.fixture
def closed(tmp_path):
    path = tmp_path / "closed.toml"
    path.write_text(CLOSED)
    return a_workload(str(path))


def steer(workload, *, embedded=True, **asked):
    return workload.steer(asked, 10.0, embedded=embedded)


def refused(workload, *, embedded=True, **asked):
    with pytest.raises(UsageError) as error:
        steer(workload, embedded=embedded, **asked)
    return str(error.value).splitlines()


def test_each_quantity_is_checked_and_said_in_words():
    steered = steer(
        a_workload(),
        arrival_rate="45/s",
        payment_mix="gpay=3,pay_later=1",
        sms_share="50%",
        think_scale=2,
        faults=[{"name": "server_error", "share": 0.05}],
    )
    said = {one.name: (one.before, one.after) for one in steered.quantities}
    assert said["arrival_rate"] == ("30/s", "45/s")
    assert said["payment_mix"][1] == "gpay=3,pay_later=1"
    assert said["sms_share"] == ("100 %", "50 %")
    assert said["think_scale"] == ("1", "2")
    assert said["faults"] == ("none", "server_error 5 %")
    assert (steered.rate, steered.think_scale) == (45.0, 2.0)
    assert {slug: weight for slug, weight in steered.payments.items() if weight} == {"gpay": 3.0, "pay_later": 1.0}
    assert steered.change_shop is not None


def test_all_wrong_values_are_named_at_once_with_their_remedy():
    lines = refused(
        a_workload(),
        arrival_rate=-1,
        payment_mix="gpai=1",
        sms_share="150%",
        think_scale="much",
        users=3,
        faults=[{"name": "server_errors"}],
        rate=3,
    )
    keys = [line.split(" = ")[0] for line in lines]
    assert sorted({key.split("[")[0].split(".")[0] for key in keys}) == [
        "arrival_rate",
        "faults",
        "payment_mix",
        "rate",
        "sms_share",
        "think_scale",
        "users",
    ]
    assert any("did you mean `gpay`" in line for line in lines)
    assert any("'server_error'" in line for line in lines)
    assert all("--" not in line for line in lines), "a person steers without a command line"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "at least one of"),
        ({"arrival_rate": ""}, "at least one of"),
        ({"arrival_rate": "0/s"}, "above 0"),
        ({"arrival_rate": "1e400/s"}, "a rate"),
        ({"arrival_rate": float("nan")}, "arrival_rate"),
        ({"arrival_rate": float("inf")}, "arrival_rate"),
        ({"arrival_rate": "201/s"}, "200"),
        ({"arrival_rate": True}, "a number or a text"),
        ({"arrival_rate": ["30/s"]}, "a number or a text"),
        ({"think_scale": -0.5}, "think_scale"),
        ({"payment_mix": "gpay=0"}, "payment"),
        ({"sms_share": {"share": 1}}, "a number or a text"),
        ({"faults": "server_error"}, "a list of faults"),
        ({"faults": [{"name": "server_error", "share": 2}]}, "share"),
        ({"max_orders": 10_000}, "one of"),
        ({"allow_target": "shop.example"}, "one of"),
    ],
)
def test_impossible_values_are_refused(asked, said):
    assert said in "\n".join(refused(a_workload(), **asked))


def test_only_the_embedded_shop_is_told_its_faults_and_its_sms_share():
    lines = refused(a_workload(), embedded=False, sms_share="10%", faults=[])
    assert [line.split(" = ")[0] for line in lines] == ["sms_share", "faults"]


@pytest.mark.parametrize(
    ("scenario", "asked", "said"),
    [
        ("capacity", {"arrival_rate": "10/s"}, "the search sets the rate"),
        ("smoke", {"payment_mix": "gpay=1"}, "one by one"),
    ],
)
def test_a_scenario_keeps_what_it_decides_itself(scenario, asked, said):
    assert said in refused(a_workload(scenario), **asked)[0]


def test_a_closed_load_has_users_and_no_rate(closed):
    assert steer(closed, users=25).users == 25
    lines = refused(closed, arrival_rate="3/s")
    assert "closed load" in lines[0]
    assert "users" in refused(closed, users=-1)[0]
    assert "users" in refused(closed, users=1_000_000)[0]


def test_a_higher_rate_gets_users_in_proportion_and_never_more_than_the_target_allows():
    few = a_workload(arrival_rate="10/s", users=100)
    assert steer(few, arrival_rate="30/s").users >= 300
    assert steer(few, arrival_rate="5/s").users is None
    many = a_workload(arrival_rate="10/s", users=1900)
    assert steer(many, arrival_rate="11/s").users == 2000


def test_a_load_that_needs_more_accounts_than_there_are_is_refused(tmp_path):
    path = tmp_path / "few.toml"
    path.write_text(
        'objectives = ["journey failures < 1%"]\n[arrivals]\nrate = "10/s"\nduration = "60s"\nusers = 40\n'
        "[journeys]\nreturning = 1\n[accounts]\nreturning = 60\n"
    )
    (line,) = refused(a_workload(str(path)), arrival_rate="40/s")
    assert line.startswith('arrival_rate = "40/s"; expected: a load for 60 accounts of returning shoppers')
    assert "accounts.returning" in line


def test_later_commands_start_from_earlier_ones():
    workload = a_workload()
    first = steer(workload, sms_share="50%")
    workload.adopt(first)
    second = steer(workload, faults=[{"name": "reset", "share": 0.1}])
    assert second.settings.shop_settings.sms.share == 0.5
    workload.adopt(second)
    assert steer(workload, sms_share="20%").settings.shop_settings.faults == second.settings.shop_settings.faults


def test_a_new_mix_holds_from_its_moment_on_and_keeps_every_journey():
    workload, same = a_workload(), a_workload()
    before = [same.population.kind_of(number) for number in range(1000)]
    payments = steer(workload, payment_mix="gpay=1").payments
    workload.change(LoadChange(number=1, at=12.0, payments=payments), 100.0)
    drawn = workload.population.worker_context(0, 1)
    assert [workload.population.kind_of(number) for number in range(1000)] == before
    early = Counter(drawn.spec_for(Arrival(number, "guest", 111.9)).payment_option for number in range(300))
    late = Counter(drawn.spec_for(Arrival(number, "guest", 112.0)).payment_option for number in range(300))
    assert len(early) > 5
    assert set(late) == {"gpay"}
    assert workload.population.labels_of(Arrival(7, "guest", 113.0))[1] == "gpay"


def test_the_plan_of_the_mix_follows_the_changes():
    workload = a_workload(arrival_rate="30/s")
    payments = steer(workload, payment_mix="gpay=1").payments
    workload.change(LoadChange(number=1, at=20.0, rate=60.0, payments=payments), 100.0)
    planned = workload.population.planned_counts({})["payment option"]
    due = list(workload.schedule.due_times())
    late = sum(moment >= 20.0 for moment in due)
    assert late == pytest.approx(60 * 20, rel=0.1)
    assert sum(planned.values()) == len(due)
    assert late <= planned["gpay"] < late + 150
    assert workload.schedule.rate(19.9) == 30.0
    assert workload.schedule.rate(20.0) == 60.0
    assert not workload.schedule.constant_rate


def test_think_times_follow_the_scale():
    workload = a_workload()
    context = workload.population.worker_context(0, 1)
    before = context.think("BasketPage", random.Random(1))
    workload.change_think_scale(3.0)
    assert context.think("BasketPage", random.Random(1)) == pytest.approx(3 * before)
