"""A plan passes only if the measurements show that the peak fits."""

import math
from dataclasses import replace

import pytest

from harness.objectives.verdict import Verdict
from harness.planning.forecast import Forecast, Need, Peak, WhatIf
from harness.planning.planner import fit_probability, make_plan
from harness.planning.shop_measurements import ResultSource, combine_results


def sources(run_at, *rates, breaks_from=math.inf, instances=1, **overrides):
    return [
        ResultSource(
            name=f"at {rate:g}",
            result=run_at(rate, page=0.2 if rate >= breaks_from else 0.05, **overrides),
            instances=instances,
        )
        for rate in rates
    ]


def forecast(orders_per_minute, **overrides):
    asked = Forecast(peak=Peak(rate=orders_per_minute / 60, rate_uncertainty=0.05), draws=500)
    return replace(asked, **overrides)


def made(run_at, asked, *rates, **overrides):
    return make_plan(
        combine_results(sources(run_at, *rates, **overrides), external_pages={"Bank"}), asked, bank_pages={"Bank"}
    )


def test_a_peak_below_a_rate_that_held_fits(run_at):
    found = made(run_at, forecast(300), 5, 10)  # 10 journeys a second, and 0.8 of them buy: 480 a minute
    assert found.verdict is Verdict.PASSED
    assert found.fits.low > 0.99
    assert found.orders(found.carries.likely) == pytest.approx(480, rel=0.05)
    assert found.headroom == pytest.approx(1 - 300 / 480, abs=0.05)


def test_a_peak_above_a_rate_that_broke_does_not_fit(run_at):
    found = made(run_at, forecast(900), 5, 10, 15, breaks_from=15)
    assert found.verdict is Verdict.FAILED
    assert found.fits.high < 0.01


def test_a_peak_between_the_two_is_inconclusive(run_at):
    found = made(run_at, forecast(600), 5, 10, 15, breaks_from=15)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert (found.fits.low < 0.01, found.fits.high > 0.99) == (True, True)


def test_a_peak_above_all_measured_rates_is_inconclusive(run_at):
    found = made(run_at, forecast(900), 5, 10)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no rate as high as the peak was measured" in found.reason


def test_a_shop_that_held_no_rate_fails_a_large_peak_and_a_small_one_is_inconclusive(run_at):
    assert made(run_at, forecast(900), 10, breaks_from=5).verdict is Verdict.FAILED
    assert made(run_at, forecast(100), 10, breaks_from=5).verdict is Verdict.INCONCLUSIVE


def test_invalid_results_are_refused_by_name_and_never_decide(run_at):
    invalid = ResultSource(name="spoilt", result=run_at(50, invalid=True))
    alone = make_plan(combine_results([invalid]), forecast(100))
    assert alone.verdict is Verdict.INVALID
    assert alone.measured.refused == (("spoilt", "the harness used 99 % of a core"),)
    beside = make_plan(combine_results([invalid, *sources(run_at, 10)]), forecast(900))
    assert beside.verdict is Verdict.INCONCLUSIVE
    assert [level.source for level in beside.measured.levels] == ["at 10"]


def test_more_instances_than_measured_do_not_pass(run_at):
    model = made(run_at, forecast(800, instances=2), 5, 10, 15, breaks_from=15)
    assert model.carries.grade == "model"
    assert model.verdict is Verdict.INCONCLUSIVE
    both = combine_results(
        [*sources(run_at, 10, 15, breaks_from=15), *sources(run_at, 20, instances=2)], external_pages={"Bank"}
    )
    assert make_plan(both, forecast(800)).verdict is Verdict.PASSED


def test_fewer_instances_carry_less_and_none_carries_nothing(run_at):
    two = made(run_at, forecast(400), 10, 15, breaks_from=15, instances=2)
    assert two.carries_lost.likely == pytest.approx(two.carries.likely / 2)
    assert two.fits.low > 0.99
    assert two.fits_lost.low < 0.01
    assert made(run_at, forecast(400), 10).carries_lost is None


def test_more_confidence_needs_more_instances(run_at):
    unsure = forecast(440, peak=Peak(rate=440 / 60, rate_uncertainty=0.3))
    assert made(run_at, replace(unsure, confidence=0.5), 10, 11, breaks_from=11).verdict is Verdict.PASSED
    assert made(run_at, replace(unsure, confidence=0.95), 10, 11, breaks_from=11).verdict is Verdict.FAILED


def test_an_overload_breaks_the_objective_with_the_least_room_first(run_at):
    found = made(run_at, forecast(300), 10, objectives=("page.ThankYouPage response_time p95 < 60ms",))
    text, room = found.patience
    assert text == "page.ThankYouPage response_time p95 < 60ms"
    assert room == pytest.approx(0.01, rel=0.05)
    assert [one.breaks for one in found.overloads] == pytest.approx([room / 0.1, room / 0.5, room / 1.0])
    assert found.overloads[0].recovers < found.overloads[2].recovers


def test_the_curve_needs_six_levels_and_says_so(run_at):
    few = made(run_at, forecast(300), 2, 4, 6)
    assert few.curve is None
    assert "it has 3 points and needs 6" in few.curve_missing
    assert made(run_at, forecast(300), 1, 2, 4, 6, 8, 10).curve is not None
    assert "for 1 instance: it has 1 point and needs 6." in made(run_at, forecast(300), 2).curve_missing


def test_the_curve_uses_only_levels_with_the_planned_number_of_instances(run_at):
    other = made(run_at, forecast(300, instances=2), 1, 2, 4, 6, 8, 10)
    assert other.curve is None
    assert "for 2 instances: it has 0 points and needs 6" in other.curve_missing


def test_what_ifs_change_the_work_or_the_time_but_never_both(run_at):
    ifs = (
        WhatIf(name="gpay", payments={"gpay": 1.0}),
        WhatIf(name="bank", bank_delay=4.0),
    )
    gpay, bank = made(run_at, forecast(300, what_ifs=ifs), 10).others
    assert gpay.slower is None
    assert bank.work == 1.0
    assert bank.fits == made(run_at, forecast(300), 10).fits
    assert bank.in_flight > gpay.in_flight + 10


def test_the_same_results_and_forecast_give_the_same_plan(run_at):
    both = [made(run_at, forecast(300), 1, 2, 4, 6, 8, 10) for _ in range(2)]
    assert both[0].curve == both[1].curve
    assert both[0].need == both[1].need


def test_a_peak_just_over_a_rate_that_held_is_a_little_less_probable(run_at):
    held = combine_results(sources(run_at, 5, 10), external_pages={"Bank"})
    (carries,) = held.capacities
    fits = []
    for part in (0.9, 0.999, 1.001, 1.1):
        need = (carries.low * part,) * 4_000
        fits.append(
            fit_probability(carries, Need(orders=need, journeys=need, conversion=1.0, work=1.0), forecast(300)).low
        )
    assert fits[0] > 0.99
    assert fits[1] == pytest.approx(0.5, abs=0.05)
    assert fits[2] == pytest.approx(fits[1], abs=0.05)
    assert fits[3] < 0.01


def test_the_forecast_can_set_the_run_effect(run_at):
    found = made(run_at, forecast(450), 5, 10)  # 6 % below what held
    certain = made(run_at, forecast(450, run_effect=0.0), 5, 10)
    assert certain.fits.low > found.fits.low > made(run_at, forecast(450, run_effect=0.2), 5, 10).fits.low
