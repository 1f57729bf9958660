"""A run whose response times drift is inconclusive; a steady short run is not."""

import json
import math
import random
from dataclasses import replace
from importlib.resources import files
from statistics import NormalDist, mean, stdev
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from checked_runs import conditions_of

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Severity
from harness.reporting.console import console
from harness.reporting.junit import junit
from harness.validity.evidence import Evidence
from harness.validity.stationarity import (
    compare_halves,
    compare_stretches,
    mser5_truncation,
    normalised_series,
    stationary,
)

OK, WARNING, INCONCLUSIVE = Severity.OK, Severity.WARNING, Severity.INCONCLUSIVE


def run(slower=lambda _moment: 1.0, *, length=40, rate=40, took=0.2, seed=1, names=("A",), journeys=False):
    """``length`` steady seconds after 10 s of warm-up, with random page times that ``slower`` multiplies."""
    chance = random.Random(seed)
    recorder = Recorder(Window(100.0, 110.0, 110.0 + length))
    for number in range((length + 10) * rate):
        moment = number / rate
        name = names[number % len(names)]
        time = chance.expovariate(1 / took) * slower(moment - 10) * (10 if name == "slow" else 1)
        due = 100.0 + moment
        if journeys:
            recorder.journey(JourneySample(name, "card", "ok", "nobody", due, due, due + time, ordered=True))
        else:
            recorder.page(PageSample(name, "card", "ok", "nobody", due, due, due + time))
    return recorder


def found(recorder, objectives=(), **conditions):
    facts = conditions_of(**{"constant_rate": True} | conditions)
    findings = list(stationary(Evidence(recorder, facts, tuple(parse(text) for text in objectives))))
    assert len(findings) <= 1
    return findings[0] if findings else None


def test_times_without_enough_users_are_not_called_steady():
    recorder = run()
    recorder.offered(120.0)
    recorder.dropped(120.0)
    assert found(recorder) is None


def test_a_steady_run_is_steady():
    assert found(run()).level is OK


@pytest.mark.parametrize("journeys", [False, True])
def test_a_shop_that_slows_down_steadily_is_inconclusive(journeys):
    finding = found(run(lambda moment: 1 + moment / 30, journeys=journeys))
    assert finding.level is INCONCLUSIVE
    assert finding.message.startswith(
        "the shop never became steady: in the second half of the steady part, response times"
    )
    assert finding.message.endswith("% longer")
    assert finding.remedy


def test_a_shop_that_warms_up_until_the_end_is_inconclusive():
    finding = found(run(lambda moment: 0.5 + 1.5 * math.exp(-moment / 25)))
    assert finding.level is INCONCLUSIVE
    assert finding.message.endswith("% shorter")


def test_a_short_warm_up_is_a_warning_with_the_missing_time():
    finding = found(run(lambda moment: 3.0 if moment < 9 else 1.0, length=100))
    assert finding.level is WARNING
    assert (
        "the warm-up was too short: after the first 15 s of the steady part, response times were 53 %"
        in finding.message
    )
    assert finding.message.endswith("% shorter")
    assert finding.remedy == "lengthen the warm-up by 15 s"


@pytest.mark.parametrize(
    ("recorder", "conditions", "why"),
    [
        (
            run(lambda moment: 1 + moment / 30),
            {"constant_rate": None},
            "not known whether the load was meant to be even",
        ),
        (run(lambda moment: 1 + moment / 30), {"constant_rate": False}, "the load itself rose"),
        (run(lambda moment: 1 + moment / 30), {"stop_rule": "it held"}, "the run was ended early"),
        (run(lambda moment: 1 + moment, length=15), {}, "too short"),
        (run(lambda moment: 1 + moment, rate=4), {}, "too few samples in a second"),
        (Recorder(Window(0.0, math.inf, math.inf)), {}, "it never began"),
        (Recorder(Window(0.0, 0.0, 100.0)), {}, "nothing was measured"),
    ],
)
def test_where_it_cannot_be_known_there_is_no_finding(recorder, conditions, why):
    assert found(recorder, **conditions) is None, why


def test_a_difference_below_the_bounds_does_not_matter():
    quick = run(lambda moment: 1 + moment / 30, took=0.004)
    assert found(quick).level is OK
    assert found(quick, ["page response_time p95 < 300ms"]).level is OK
    assert found(quick, ["page response_time p95 < 20ms"]).level is INCONCLUSIVE


def test_a_change_of_the_mix_is_no_change_of_the_shop():
    chance = random.Random(5)
    recorder = Recorder(Window(0.0, 0.0, 40.0))
    for number in range(1600):
        moment = number / 40
        slow = chance.random() < (0.1 if moment < 20 else 0.5)
        time = chance.gauss(1.0, 0.1) * (1.0 if slow else 0.1)
        recorder.page(PageSample("slow" if slow else "quick", "card", "ok", "nobody", moment, moment, moment + time))
    assert found(recorder).level is OK


def test_one_stall_is_no_drift():
    def stall(moment):
        return 15.0 if 25 <= moment < 27 else 1.0

    assert found(run(stall)).level is OK


def test_failures_of_checkload_do_not_count():
    recorder = run()
    for number in range(400):
        due = 131.0 + number / 22
        recorder.page(PageSample("A", "card", "bug", "harness", due, due, due + 30))
    assert found(recorder).level is OK


def test_a_steady_run_is_rarely_called_unsteady():
    alarms = sum(found(run(seed=seed, length=35, rate=15)).level is not OK for seed in range(150))
    assert alarms <= 2


def test_the_series_is_relative_to_what_pages_usually_take():
    series, mean = normalised_series(run(names=("quick", "slow"), took=0.1))
    assert len(series) == 40
    assert sum(series) / 40 == pytest.approx(1.0, abs=0.02)
    assert mean == pytest.approx(0.55, rel=0.1)


# -- the two looks ----------------------------------------------------------------------------------------------------


def noise(number, seed=1):
    chance = random.Random(seed)
    return [chance.gauss(0, 0.05) for _ in range(number)]


def test_mser_leaves_out_the_warm_up_and_no_more():
    warm = [3.0, 2.6, 2.2, 1.9, 1.6, 1.4, 1.2, 1.1] + [1.0] * 52
    assert mser5_truncation([a + b for a, b in zip(warm, noise(60), strict=True)]) in (10, 15, 20)
    assert mser5_truncation([1.0 + b for b in noise(60, 3)]) in (0, 5, 10)


def test_mser_finds_no_steady_end_of_a_slope():
    assert mser5_truncation([5 - 0.05 * index + b for index, b in enumerate(noise(60))]) is None


@pytest.mark.parametrize("number", [0, 5, 19])
def test_mser_needs_four_batches(number):
    assert mser5_truncation([1.0] * number) is None


def test_equal_and_different_halves_are_told_apart():
    level = [1 + each for each in noise(40)]
    assert compare_halves(level).p_value > 0.05
    higher = compare_halves([each * (1.3 if index >= 20 else 1) for index, each in enumerate(level)])
    assert higher.p_value < 0.003
    assert not higher.small
    assert higher.ratio == pytest.approx(1.3, rel=0.05)
    slightly = compare_halves([each * (1.08 if index >= 20 else 1) for index, each in enumerate(level)])
    assert slightly.p_value < 0.003
    assert slightly.small
    assert not slightly.is_significant(usual=1.0, least=0.001), "surely different, but too little to matter"
    assert higher.is_significant(usual=1.0, least=0.25)
    assert not higher.is_significant(usual=0.01, least=0.25), "a large part of next to nothing"


def test_autocorrelated_values_count_as_fewer():
    alarms = {0.0: 0, 0.6: 0}
    naive = NormalDist().inv_cdf(0.995)
    uncorrected = 0
    for likeness in alarms:
        for seed in range(200):
            chance = random.Random(seed)
            series, value = [], 0.0
            for _ in range(60):
                value = likeness * value + chance.gauss(0, 0.2)
                series.append(math.exp(value))
            alarms[likeness] += compare_halves(series).p_value < 0.01
            logs = [math.log(each) for each in series]
            uncorrected += likeness > 0 and abs(mean(logs[:30]) - mean(logs[30:])) > naive * stdev(logs) * math.sqrt(
                2 / 30
            )
    assert uncorrected > 20, "taken for independent, one in ten would raise an alarm"
    assert max(alarms.values()) <= 8


@pytest.mark.parametrize("series", [[], [1.0] * 19, [1.0] * 40, [0.0, *[1.0] * 39]])
def test_series_without_variation_are_not_compared(series):
    assert compare_halves(series) is None


def test_stretches_of_different_length_can_be_compared():
    series = [1 + each for each in noise(60)]
    assert compare_stretches([3 * each for each in series[:10]], series[10:]).ratio == pytest.approx(1 / 3, rel=0.05)
    assert compare_stretches([3 * each for each in series[:10]], series[10:]).p_value < 0.003
    assert compare_stretches(series[:10], series[10:]).p_value > 0.01
    assert compare_stretches(series[:4], series[4:]) is None


def test_an_unsteady_run_is_inconclusive_in_every_report(passed):
    unsettled = found(run(lambda moment: 1 + moment / 30))
    judgement = evaluate_run(passed.recorder, [parse("journey failures < 5%")], [unsettled])
    result = replace(passed, judgement=judgement, exit=judgement.verdict.exit)
    assert "inconclusive: The shop never became steady" in " ".join(console(result).split())
    suite = ET.fromstring(junit(result))
    (failure,) = suite.iter("failure")
    assert failure.attrib["type"] == "inconclusive"
    schema = json.loads(files("harness.results").joinpath("result.schema.json").read_text())
    jsonschema.validate(json.loads(json.dumps(result.to_json())), schema)
