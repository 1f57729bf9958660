"""Payment options that no objective names have their slices of time in common, and every verdict stays the same."""

import random

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.counting import count_samples, time_sums
from harness.objectives.parser import parse
from harness.objectives.throughput import JOURNEYS, ORDERS, PAGES, completions

WINDOW = Window(start=100.0, steady_from=110.0, steady_until=150.0)


def a_page(due=120.0, took=0.1, *, option, how=("ok", "nobody")):
    return PageSample("BinNumberPage", option, *how, due, due, due + took, 200)


def a_journey(due=120.0, took=1.0, *, option, how=("ok", "nobody"), ordered=False):
    return JourneySample("guest", option, *how, due, due, due + took, ordered=ordered)


def recorder_of_both(chance, **settings):
    recorder = Recorder(WINDOW, **settings)
    for _ in range(300):
        due, option, failed = chance.uniform(100, 155), chance.choice(["credit_card", "gpay"]), chance.random() < 0.1
        how = ("timeout", "shop") if failed else ("ok", "nobody")
        recorder.page(a_page(due, chance.expovariate(10), option=option, how=how))
        recorder.journey(a_journey(due, chance.expovariate(1), option=option, how=how, ordered=not failed))
    return recorder


@pytest.mark.parametrize(
    "metric", ["page response_time p95 < 100ms", "page failures < 1%", "journey response_time mean < 2s"]
)
@pytest.mark.parametrize("labels", ["", "[payment=gpay]", "[payment=credit_card]"])
def test_slices_in_common_are_judged_like_slices_of_each_option(metric, labels):
    name, rest = metric.split(" ", 1)
    objective = parse(f"{name}{labels} {rest}")
    apart = recorder_of_both(random.Random(12))
    common = recorder_of_both(random.Random(12), sliced_options={objective.label("payment")})
    assert count_samples(common, objective, with_middle=True) == count_samples(apart, objective, with_middle=True)
    for one, other in zip(time_sums(common, objective), time_sums(apart, objective), strict=True):
        assert one == pytest.approx(other, rel=1e-12)
    for objective in (PAGES, JOURNEYS, ORDERS):
        assert completions(common, objective) == completions(apart, objective)


def test_pages_of_options_that_no_objective_names_need_no_slices_of_their_own():
    recorder = Recorder(WINDOW, sliced_options={"gpay"})
    for option in ("credit_card", "bex", "gpay", "bex"):
        recorder.page(a_page(option=option))
        recorder.journey(a_journey(option=option))
    pages, journeys = (
        {key.payment_option: sum(one.total for one in each.slices.values()) for key, each in all_series.items()}
        for all_series in (recorder.pages, recorder.journeys)
    )
    assert pages == {"credit_card": 3, "bex": 0, "gpay": 1}
    assert journeys == {"credit_card": 1, "bex": 2, "gpay": 1}
    assert {key.payment_option: each.response.total for key, each in recorder.pages.items()} == journeys
