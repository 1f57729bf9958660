"""A capacity search gives load levels, and only its confirmed rate is the capacity."""

import math
from dataclasses import replace

import pytest

from harness.capacity.answer import CapacityAnswer, CapacityPoint
from harness.capacity.bottleneck import Bottleneck
from harness.objectives.verdict import Verdict
from harness.planning import search_levels
from harness.planning.carried_capacity import EvidenceGrade
from harness.planning.forecast import Forecast, Peak
from harness.planning.planner import make_plan
from harness.planning.search_levels import capacity_of_search, confirmed_excerpt, levels_of_search
from harness.planning.shop_measurements import ResultSource, combine_results


def a_point(purpose, rate, settled, end, **overrides):
    point = CapacityPoint(
        purpose=purpose,
        rate=rate * 60,
        seconds=end - settled,
        settled=settled,
        end=end,
        p50=None,
        p95=None,
        p99=None,
        orders=0.0,
        excess=None,
        objective="page response_time p95 < 100ms",
        broken=False,
        verdict="",
        trouble="",
    )
    return replace(point, **overrides)


POINTS = (
    a_point("widen", 8, 10, 20),
    a_point("widen", 20, 20, 25, broken=True),
    a_point("drain", 4, 25, 30),
    a_point("track", 12, 30, 35, trouble="the load generator was late"),
    a_point("track", 11, 35, 40),
    a_point("confirm", 10, 40, 65, verdict="passed"),
)


def an_answer(**overrides):
    answer = CapacityAnswer(
        journeys=600.0,
        orders=480.0,
        orders_low=450.0,
        orders_high=510.0,
        boundary=640.0,
        low=610.0,
        high=670.0,
        at_least=False,
        why="",
        gave_way=Bottleneck("page response_time p95 < 100ms", "IndexPage", ""),
        critical=None,
        points=POINTS,
    )
    return replace(answer, **overrides)


def source(run_at, answer, **overrides):
    return ResultSource(name="capacity-1", result=replace(run_at(10, **overrides), capacity=answer))


def test_drains_are_no_levels_and_levels_in_trouble_are_left_out(run_at):
    every = levels_of_search(source(run_at, an_answer()).result, an_answer(), "s", instances=2, external_pages={"Bank"})
    assert [level.left_out for level in every if level.left_out] == ["the load generator was late"]
    levels = [level for level in every if not level.left_out]
    assert [level.source for level in levels] == ["s widen", "s widen", "s track", "s confirm"]
    assert [level.kept for level in levels] == [None, False, None, True]
    assert [level.rate for level in levels] == pytest.approx([8, 20, 11, 10])
    last = levels[-1]
    assert last.throughput == pytest.approx(10, rel=0.05)
    assert last.in_shop == pytest.approx(1.0, rel=0.05)
    assert last.instances == 2
    assert last.patience["page.IndexPage response_time p95 < 100ms"] == pytest.approx(0.05, rel=0.05)
    assert levels[0].patience == {}


def test_the_confirmed_rate_is_the_capacity_and_the_boundary_limits_it():
    found = capacity_of_search(an_answer(), "s", 3)
    assert (found.grade, found.likely, found.instances) == (EvidenceGrade.CONFIRMED, 10.0, 3)
    assert (found.low, found.high) == (pytest.approx(10.0), pytest.approx(670 / 60))


def test_an_at_least_answer_has_no_upper_end():
    answer = an_answer(at_least=True, why="the load generator was the limit", points=(POINTS[0], POINTS[-1]))
    found = capacity_of_search(answer, "s", 1)
    assert (found.grade, found.low, found.high) == (EvidenceGrade.AT_LEAST, 10.0, math.inf)
    assert found.why == "the load generator was the limit"


def test_a_search_that_ended_early_is_limited_by_the_lowest_broken_level():
    found = capacity_of_search(an_answer(at_least=True, why="the budget ended"), "s", 1)
    assert (found.grade, found.low, found.high) == (EvidenceGrade.BRACKETED, 10.0, pytest.approx(20.0))


def test_without_a_confirmed_rate_only_the_broken_rate_is_known():
    found = capacity_of_search(an_answer(journeys=None), "s", 1)
    assert (found.grade, found.likely, found.high) == (EvidenceGrade.BELOW, 0.0, pytest.approx(20.0))
    assert capacity_of_search(an_answer(journeys=None, points=POINTS[:1]), "s", 1) is None


def test_what_ifs_use_only_the_confirmed_level(run_at):
    result = source(run_at, an_answer()).result
    part = confirmed_excerpt(result, an_answer())
    assert sum(cell.response.total for cell in part.recorder.journeys.values()) == pytest.approx(250, abs=2)
    assert confirmed_excerpt(result, an_answer(points=POINTS[:1])) is result


def test_a_plan_from_one_search_names_the_bottleneck(run_at):
    asked = Forecast(peak=Peak(rate=300 / 60, rate_uncertainty=0.05), draws=300)
    one = combine_results([source(run_at, an_answer())], external_pages={"Bank"})
    made = make_plan(one, asked)
    assert made.verdict is Verdict.PASSED
    assert made.carries.grade is EvidenceGrade.CONFIRMED
    assert made.orders(made.carries.likely) == pytest.approx(480, rel=0.1)
    assert one.gives_way == "page response_time p95 < 100ms, most of all page IndexPage"
    assert make_plan(one, replace(asked, peak=Peak(rate=900 / 60))).verdict is Verdict.FAILED


def test_an_invalid_search_is_refused(run_at):
    found = combine_results([source(run_at, an_answer(), invalid=True)])
    assert found.capacities == ()
    assert [name for name, _ in found.refused] == ["capacity-1"]


def test_of_two_searches_the_lower_one_counts(run_at):
    both = [source(run_at, an_answer()), source(run_at, an_answer(journeys=540.0))]
    assert combine_results(both).capacities[0].likely == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("done", "under_way", "steady"),
    [(10.0, 20.0, True), (10.9, 20.0, True), (14.0, 20.0, False), (6.0, 20.0, False), (14.0, 400.0, True)],
)
def test_a_level_with_a_growing_or_shrinking_queue_is_not_steady(run_at, level, monkeypatch, done, under_way, steady):
    seen = level(10.0, throughput=done, in_flight=under_way)
    monkeypatch.setattr(search_levels, "level_between", lambda *_, **__: seen)
    answer = an_answer(points=(a_point("track", 10, 0, 10),))

    (found,) = levels_of_search(source(run_at, answer).result, answer, "s", instances=1)

    assert found.steady is steady
