"""An objective that never gets a sample is refused with its scenario: no run could pass it."""

import pytest

from harness.errors import UsageError
from harness.run.workload import Choices
from scenarios.runtime.scenario_folder import ScenarioFolder

FILE = """
objectives = ["journey failures < 1%", "{objective}"]
[arrivals]
rate = "5/s"
duration = "10s"
[journeys]
guest = 1
[payments]
gpay = 1
{option}
[sms]
right = 1
"""


@pytest.fixture
def choose(tmp_path):
    def choose(objective, option="", more=""):
        path = tmp_path / "mine.toml"
        path.write_text(FILE.format(objective=objective, option=option) + more)
        return ScenarioFolder().choose(Choices(str(path)))

    return choose


@pytest.mark.parametrize(
    ("objective", "remedy"),
    [
        ("orders[payment=masterpass] count >= 1", "give masterpass a weight above 0 in [payments]"),
        ("journey[payment=masterpass] response_time p95 < 1s", "give masterpass a weight"),
        ("orders[verification=right] count >= 1", "under [shop.sms] options"),
        ("page.VerifySmsPage response_time p90 < 1s", "under [shop.sms] options"),
        ("journey.returning failures < 1%", "give returning a weight above 0 in [journeys]"),
    ],
)
def test_an_objective_that_never_gets_a_sample_is_refused(choose, objective, remedy):
    with pytest.raises(UsageError) as refused:
        choose(objective)
    assert "objectives[1]" in str(refused.value)
    assert remedy in str(refused.value)


def test_an_sms_behaviour_without_weight_is_named(choose):
    with pytest.raises(UsageError, match="give wrong a weight above 0 in"):
        choose("orders[verification=wrong] count >= 1", "pay_on_delivery = 1")


@pytest.mark.parametrize(
    ("objective", "option", "more"),
    [
        ("orders[verification=right] count >= 1", "pay_on_delivery = 1", ""),
        ("orders[payment=masterpass] count >= 1", "masterpass = 0\nminimum = { masterpass = 2 }", ""),
        ("orders[verification=right] count >= 1", "", '[target]\nallowed = ["shop.example"]\n'),
        ("journey.guest failures < 1%", "", ""),
        ("page.GPayCompletePage response_time p95 < 1s", "", ""),
    ],
)
def test_objectives_that_the_load_can_meet_are_accepted(choose, objective, option, more):
    assert len(choose(objective, option, more).judging.objectives) == 2
