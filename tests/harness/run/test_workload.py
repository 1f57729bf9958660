"""What the objectives of a run ask its recorder to keep."""

from harness.capacity.model import SearchPlan
from harness.objectives.parser import parse
from harness.run.workload import Judging


def test_pages_of_the_options_that_objectives_on_pages_name_have_slices_of_their_own():
    objectives = [
        parse("page[payment=gpay] failures < 1%"),
        parse("page response_time p95 < 1s"),
        parse("orders[payment=masterpass] count >= 1"),
        parse("journey[payment=saved_card] failures < 1%"),
    ]
    assert set(Judging(objectives=objectives).sliced_options) - {""} == {"gpay"}
    assert Judging(objectives=objectives, search=SearchPlan(start=1, most=2, budget=60)).sliced_options is None
