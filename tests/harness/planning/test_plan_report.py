"""The report has a sentence for a manager, tables for an engineer, and a chart that shows where it is a model."""

import json
import math
import re
from dataclasses import replace

import pytest

from harness.planning import plan_report
from harness.planning import text as words
from harness.planning.capacity_plan import FitProbability
from harness.planning.carried_capacity import CarriedCapacity, EvidenceGrade
from harness.planning.charts import plan_charts
from harness.planning.forecast import Forecast, Peak, WhatIf
from harness.planning.planner import make_plan
from harness.planning.shop_measurements import ResultSource, combine_results

RATES = (1, 2, 4, 6, 8, 10, 15)


@pytest.fixture(scope="module")
def made(run_at):
    sources = [
        ResultSource(name=f"run <{rate}>", result=run_at(rate, page=0.05 if rate < 15 else 0.2), instances=2)
        for rate in RATES
    ]
    asked = Forecast(
        peak=Peak(rate=5.0, rate_uncertainty=0.1),
        draws=300,
        growth=0.02,
        what_ifs=(WhatIf(name="slow & late", bank_delay=3.0),),
    )
    return make_plan(combine_results(sources, external_pages={"Bank"}), asked, bank_pages={"Bank"})


def test_the_first_sentence_is_the_answer(made):
    text = " ".join(plan_report.console(made, width=100).split())
    assert text.startswith("FITS: the forecast peak fits (wanted confidence: 90 %). The shop carries ")
    assert re.search(r"The forecast peak of (29\d|30\d) \(2\d\d to 3\d\d\)", text)
    assert "fits with over 99 % probability, with one instance lost with" in text
    assert "First to give way: page.IndexPage response_time p95 < 100ms" in text
    assert "Assumptions" in text


def test_the_page_is_complete_escaped_and_loads_nothing(made):
    text = plan_report.html(made).decode()
    assert words.reason(made) in text
    assert "run &lt;10&gt;" in text
    assert "run <10>" not in text
    assert "slow &amp; late" in text
    assert 'content="default-src &#x27;none&#x27;;' in text


def series(made, chart, tag):
    (found,) = (one for one in plan_charts(made)[chart].series if one.tags == (tag,))
    return found


def test_every_level_is_a_dot_and_a_broken_one_is_marked(made):
    dots = series(made, "throughput", "measured levels")
    assert dots.marks.count("good") == len(RATES) - 1
    assert dots.marks.count("bad") == 1
    assert dots.notes[RATES.index(15)].startswith("run <15>; ")


def test_a_level_that_did_not_settle_is_drawn_with_the_reason_and_left_out_of_the_curve(made):
    levels = [replace(level, steady=level.rate < 9) for level in made.measured.levels]
    changed = replace(made, measured=replace(made.measured, levels=tuple(levels)))
    dots = series(changed, "response", "measured levels")
    assert len(dots.x) == len(RATES)
    assert sum("did not settle" in note for note in dots.notes) == 2
    assert len(series(changed, "response", "median, 2 instances").x) == len(RATES) - 2


def test_a_level_in_trouble_and_one_without_a_time_are_drawn_with_the_reason(made):
    first, *others = made.measured.levels
    troubled = replace(others[-1], left_out="the load generator was late")
    never = replace(first, page_time={**first.page_time, "p95": math.inf})
    measured = replace(made.measured, levels=(never, *others[:-1]), left_out=(troubled,))
    dots = series(replace(made, measured=measured), "response", "measured levels")
    assert len(dots.x) == len(RATES)
    assert dots.notes[0].endswith("its p95 was never reached, because more than 5 % of the pages failed")
    assert dots.notes[-1].endswith("left out of the plan: the load generator was late")
    assert dots.marks[-1] == "unsure"


def test_charts_and_text_show_the_same_peak(made):
    said = re.search(r"The forecast peak of (\d+)", " ".join(words.sentences(made)))[1]
    labels = [bound.label for chart in plan_charts(made).values() for bound in chart.bounds]
    assert f"forecast peak {said}" in labels
    assert f"peak {said}" in labels


def test_a_very_short_wait_is_not_shown_too_exactly(made):
    assert "under 0.1 ms" in plan_report.console(replace(made, wait=(3.8e-13, 2e-12)), width=100)


def test_results_of_two_embedded_shops_give_a_note(run_at):
    results = [run_at(rate) for rate in (1, 2)]
    alike = combine_results([ResultSource(name="x", result=one) for one in results])
    assert not any("[shop]" in note for note in alike.notes)
    other = replace(results[1], asked=replace(results[1].asked, scenario={"shop": {"workers": 2}}))
    found = combine_results([ResultSource(name="x", result=results[0]), ResultSource(name="y", result=other)])
    assert any("[shop]" in note for note in found.notes)
    grown = combine_results(
        [ResultSource(name="x", result=results[0]), ResultSource(name="y", result=other, instances=2)]
    )
    assert not any("[shop]" in note for note in grown.notes)  # a shop of more instances is set up in another way


def test_far_from_the_measurements_the_curve_is_dashed_and_called_a_model(made):
    near, far = (
        series(made, "throughput", "Universal Scalability Law"),
        series(made, "throughput", "model, not measured"),
    )
    assert (near.style, far.style) == ("line", "dash")
    assert max(near.x) <= min(far.x) < max(far.x)


def test_the_values_are_json_and_agree_with_the_text(made):
    document = json.loads(json.dumps(plan_report.to_json(made), allow_nan=False))
    assert document["exit_code"] == 0
    assert document["sentences"] == list(words.sentences(made))
    assert len(document["levels"]) == len(RATES)
    assert document["capacity_orders_per_minute"]["high"] > document["capacity_orders_per_minute"]["low"]
    assert document["curve"]["residuals"]


def test_infinity_and_nan_are_written_as_text_and_null():
    assert plan_report.finite({"a": (float("inf"), float("nan"), 1.5, True)}) == {"a": ["inf", None, 1.5, True]}


@pytest.mark.parametrize(
    ("grade", "says"),
    [
        (
            EvidenceGrade.CONFIRMED,
            "The shop carries 2,880 orders a minute, as a search found and a run of its own confirmed; an objective breaks between 2,400 and 3,360",
        ),
        (
            EvidenceGrade.BRACKETED,
            "The shop carries 2,400 orders a minute, at which every objective held, but less than 3,360",
        ),
        (EvidenceGrade.AT_LEAST, "The shop carries at least 2,400 orders a minute"),
        (EvidenceGrade.BELOW, "The shop carries less than 3,360 orders a minute"),
        (
            EvidenceGrade.MODEL,
            "With 2 instances the shop should carry 2,880 orders a minute (2,400 to 3,360; a model, x)",
        ),
    ],
)
def test_the_capacity_sentence_shows_its_evidence(made, grade, says):
    known = replace(made, per_journey=0.8)
    one = CarriedCapacity(likely=60.0, low=50.0, high=70.0, grade=grade, source="x")
    assert words.carried(known, one).startswith(says)


@pytest.mark.parametrize(
    ("odds", "says"),
    [
        (FitProbability(0.923, 0.923), "92 % probability"),
        (FitProbability(0.9999, 0.9999), "over 99 % probability"),
        (FitProbability(0.0, 0.0), "under 1 % probability"),
        (FitProbability(0.1, 0.95), "a probability between 10 % and 95 %"),
        (FitProbability(0.61, 1.0), "at least 61 % probability"),
    ],
)
def test_probabilities_are_whole_per_cent(odds, says):
    assert words.probability_text(odds) == says


def test_numbers_keep_three_digits():
    assert [words.three_digits(number) for number in (2943.7, 12345, 999.4, 8.25, 0.4)] == [
        "2,940",
        "12,300",
        "999",
        "8.2",
        "0.4",
    ]
