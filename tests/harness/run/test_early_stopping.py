"""A run may end when its verdict is certain: by tests at a few fixed moments, and by what can change no more."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.totals import RunTotals
from harness.objectives.evaluate import evaluate_objective
from harness.objectives.parser import parse
from harness.objectives.verdict import Verdict
from harness.run.early_stopping import (
    ALPHA_PER_ANALYSIS,
    ANALYSIS_POINTS,
    InterimAnalyses,
    early_verdict,
    first_unsettled_slice,
)

PASSED, FAILED, OPEN = Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE


def seen(until, *, rate=50, took=0.1, fails=lambda _number: False, dropped=lambda _number: False, steady=100.0):
    """What was recorded of a run of so many steady seconds after ten of warm-up, until this moment."""
    recorder = Recorder(Window(0.0, 10.0, 10.0 + steady))
    for number in range(int(until * rate)):
        due = number / rate
        recorder.offered(due)
        how = ("http_5xx", "shop") if fails(number) else ("ok", "nobody")
        if dropped(number):
            recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", due, math.inf, math.inf))
            continue
        if due + took <= until:
            recorder.page(PageSample("P", "gpay", *how, due, due, due + took))
            recorder.journey(
                JourneySample("guest", "gpay", *how, due, due, due + took, ordered=how[0] == "ok", amount=100)
            )
    return recorder


def analyse(*demands, until=35.0, guaranteed=None, **load):
    looks = InterimAnalyses([parse(text) for text in demands], warm_up=10.0, steady=100.0, guaranteed=guaranteed)
    return looks, looks.analyse(seen(until, **load), until)


def test_looks_are_few_and_their_moments_are_fixed_beforehand():
    looks = InterimAnalyses([parse("journey failures < 1%")], warm_up=10.0, steady=100.0)
    moments = []
    for tenth in range(1200):
        if looks.due(tenth / 10):
            moments.append(tenth / 10)
            looks.analyse(Recorder(Window(0.0, 10.0, 110.0)), tenth / 10)
    assert moments == [35.0, 60.0, 85.0]


def test_all_looks_together_spend_no_more_doubt_than_a_demand_allows():
    looks, reason = analyse("journey failures < 1%", until=11.0)
    assert reason == ""
    assert looks.alpha_left + ALPHA_PER_ANALYSIS * len(ANALYSIS_POINTS) == pytest.approx(1.0)


def test_a_demand_that_is_kept_beyond_doubt_ends_the_run():
    looks, reason = analyse("journey response_time p95 < 2s", "journey failures < 1%")
    assert reason == "the verdict was certain after 25 s of the 100 s to be judged (look 1 of 3)"
    assert looks.alpha_left == ALPHA_PER_ANALYSIS
    assert evaluate_objective(seen(35.0), parse("journey failures < 1%"), looks.alpha_left).verdict is PASSED


def test_one_demand_that_is_open_keeps_a_run_going_and_one_that_is_broken_ends_it():
    kept, far = "journey response_time p95 < 2s", "orders count >= 100000"
    assert analyse(kept, far)[1] == ""
    assert analyse(kept, far, "journey failures < 1%", fails=lambda number: number % 20 == 0)[1]


def test_what_would_do_at_the_end_does_not_do_at_a_look():
    # 1 % at 95 %: 299 clean ones would be enough, were they not looked at so often.
    assert evaluate_objective(seen(16.5), parse("journey failures < 1%")).verdict is PASSED
    assert analyse("journey failures < 1%", until=16.5)[1] == ""


def test_who_is_still_under_way_is_not_counted_as_quick():
    # Each of these takes 20 s; of those due in the last 20 s only the failed ones have ended.
    recorder = seen(35.0, took=20.0)
    assert first_unsettled_slice(recorder, 35.0) == pytest.approx(15.0, rel=0.01)
    late = parse("journey response_time p95 < 2s")
    assert early_verdict(recorder, late, first_unsettled_slice(recorder, 35.0), 100.0) is FAILED


@pytest.mark.parametrize(
    ("demand", "load", "verdict"),
    [
        ("orders count >= 1000", {}, PASSED),
        ("orders count >= 2000", {}, OPEN),
        ("journey count <= 1000", {}, FAILED),
        ("journey count <= 2000", {}, OPEN),
        ("orders rate > 10/s", {}, PASSED),
        ("orders rate > 40/s", {}, OPEN),
        ("journey rate < 10/s", {}, FAILED),
        ("journey rate < 60/s", {}, OPEN),
        ("journey response_time max < 50ms", {}, FAILED),
        ("journey response_time max < 1s", {}, OPEN),
        ("journey response_time mean < 50ms", {}, OPEN),
        ("journey response_time mean < 1s", {"dropped": lambda number: number == 900}, FAILED),
        ("journey failures <= 0%", {}, OPEN),
        ("journey failures <= 0%", {"fails": lambda number: number == 900}, FAILED),
        ("dropped < 1%", {}, PASSED),
        ("dropped < 1%", {"dropped": lambda number: number % 20 == 0}, FAILED),
    ],
)
def test_what_is_no_test_decides_only_when_it_can_change_no_more(demand, load, verdict):
    recorder = seen(35.0, **load)
    assert early_verdict(recorder, parse(demand), first_unsettled_slice(recorder, 35.0), 100.0) is verdict


def test_no_pass_before_rare_options_have_had_the_journeys_they_were_promised():
    demand = "journey failures < 1%"
    assert analyse(demand, guaranteed={"gpay": 100})[1]
    assert analyse(demand, guaranteed={"gpay": 100, "masterpass": 1})[1] == ""
    # A failure is one whoever is still to come.
    assert analyse(demand, guaranteed={"masterpass": 1}, fails=lambda number: number % 10 == 0)[1]


def test_no_pass_while_a_queue_grows():
    recorder = Recorder(Window(0.0, 10.0, 110.0))
    for number in range(1750):
        due = number / 50
        done = max(due, number / 25)
        if done <= 35.0:
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, done, ordered=True))
        else:
            recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, 90.0, ordered=True))
    looks = InterimAnalyses([parse("orders count >= 10")], warm_up=10.0, steady=100.0, constant_rate=True)
    assert looks.analyse(recorder, 35.0) == ""
    unlevel = InterimAnalyses([parse("orders count >= 10")], warm_up=10.0, steady=100.0, constant_rate=False)
    assert unlevel.analyse(recorder, 35.0)


def test_nothing_demanded_is_never_certain():
    assert analyse()[1] == ""


def test_a_look_while_the_load_goes_on_counts_every_page_once():
    recorder, came = seen(35.0), []

    def meanwhile():
        for _ in range(3):
            came.append(35.0)
            recorder.page(PageSample("P", "gpay", "ok", "nobody", 34.9, 34.9, 35.0))

    before = RunTotals.of(recorder).pages
    looks = InterimAnalyses([parse("journey failures < 1%")], warm_up=10.0, steady=100.0)
    assert looks.analyse(recorder, 35.0, meanwhile).startswith("the verdict was certain")
    assert came
    assert RunTotals.of(recorder).pages == before + len(came)
