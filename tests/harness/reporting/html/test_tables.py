"""The tables of the report show first what is worst, and explain what is not a number."""

import re
from dataclasses import replace

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity
from harness.reporting.html.heat_part import heat_table
from harness.reporting.html.tables_part import funnels
from harness.results.result import SlowTrace

OPTIONS = ("credit_card", "gpay", "masterpass")


def recorded(*pages):
    """Measurements of pages: name, option, how many, how long, how they ended."""
    recorder = Recorder(Window(0.0, 0.0, 60.0))
    for name, option, number, took, outcome in pages:
        for place in range(number):
            due = place * 60 / number
            blame = "nobody" if outcome == "ok" else "shop"
            recorder.page(PageSample(name, option, outcome, blame, due, due, due + took))
    return recorder


def columns(text):
    return re.findall(r'class="turned"><span>(\w+)', text)


def cells(text, page):
    row = re.search(rf'<tr><th scope="row" class="text">{page}.*?</tr>', text, re.DOTALL)[0]
    return re.findall(r'<td(?: class="(.*?)")?>', row)


FAILS = recorded(
    ("Index", "credit_card", 50, 0.01, "ok"),
    ("Index", "gpay", 50, 0.01, "ok"),
    ("Complete", "masterpass", 12, 0.01, "http_5xx"),
)
SLOW = recorded(
    ("Index", "credit_card", 50, 0.01, "ok"), ("Index", "gpay", 50, 0.3, "ok"), ("Index", "masterpass", 50, 0.01, "ok")
)


@pytest.mark.parametrize(
    ("recorder", "order"),
    [(FAILS, ["masterpass", "credit_card", "gpay"]), (SLOW, ["gpay", "credit_card", "masterpass"])],
)
def test_the_worst_payment_option_is_the_first_column(recorder, order):
    assert columns(heat_table(recorder, OPTIONS, [parse("page response_time p95 < 100ms")])) == order


def test_failures_without_enough_samples_for_a_percentile_are_red():
    text = heat_table(FAILS, OPTIONS, [])
    assert cells(text, "Complete")[0].split() == ["tover", "f3"]
    fine = heat_table(recorded(("Index", "gpay", 12, 0.01, "ok")), OPTIONS, [])
    assert cells(fine, "Index")[0].split() == ["t", "f0"]


@pytest.mark.parametrize(
    ("objective", "shown"),
    [
        ("page failures < 1%", "failed"),
        ("page response_time p95 < 100ms", "failed"),
        ("page response_time p50 < 1ms", "p95"),
    ],
)
def test_the_heat_table_opens_on_failures_if_they_broke_the_objective(failed, page_of, objective, shown):
    result = replace(failed, judgement=evaluate_run(failed.recorder, [parse(objective)], ()))
    text = page_of(result).text
    assert f'id="heat" data-show="{shown}"' in text
    assert re.findall(r'data-cells="(\w+)" aria-pressed="true"', text) == [shown]


@pytest.mark.parametrize(("outcome", "shown"), [("http_5xx", "failed"), ("ok", "count")])
def test_a_heat_table_of_few_samples_opens_on_what_it_knows(outcome, shown):
    text = heat_table(recorded(("Index", "gpay", 12, 0.01, outcome)), OPTIONS, [])
    assert f'data-show="{shown}"' in text


def test_a_passed_run_opens_on_times(passed, page_of):
    assert 'id="heat" data-show="p95"' in page_of(passed).text


def test_never_is_explained_where_it_stands(failed, passed, page_of):
    text = page_of(failed).text
    tables = [one for one in text.split("<section") if "<td" in one and ">never<" in one]
    assert tables
    assert all("over 5 % failed" in one for one in tables)
    assert "over 5 % failed" not in page_of(passed).text


def journey(step):
    return JourneySample(
        "guest", "gpay", "ok", "nobody", 1.0, 1.0, 2.0, ordered=True, amount=1, verification="right", reached=step
    )


def test_a_funnel_of_one_step_is_a_sentence():
    recorder = Recorder(Window(0.0, 0.0, 60.0))
    for _ in range(3):
        recorder.journey(journey("4_ordered"))
    text = funnels(recorder)
    assert "<table" not in text
    assert "All 3 journeys came to the step: ordered." in text
    recorder.journey(journey("1_checkout"))
    assert "<table" in funnels(recorder)


def trace(page, result, seconds):
    return SlowTrace(page=page, result=result, trace_id=page.lower(), seconds=seconds, at=1767323050.0)


def test_traces_of_failed_requests_come_first(failed, page_of):
    slow = (trace("Slow", "success", 2.0), trace("Slower", "success", 1.0))
    text = page_of(replace(failed, slowest_traces=(*slow, trace("Broken", "failure", 0.1)))).text
    assert "Traces of failed and slow requests" in text
    assert text.index("<code>broken</code>") < text.index("<code>slow</code>") < text.index("<code>slower</code>")
    without = page_of(replace(failed, slowest_traces=slow)).text
    assert "Slowest traces" in without
    assert "No failed request has a trace" in without


def test_checks_that_passed_are_folded_below_the_others(passed, page_of):
    findings = (
        Finding("end", Severity.OK, "the load lasted long enough"),
        Finding("cpu", Severity.WARNING, "checkload used much", "use less"),
        Finding("loop", Severity.OK, "the loop was quick"),
    )
    text = page_of(replace(passed, judgement=replace(passed.judgement, findings=findings))).text
    seen, folded = text.partition('id="checks"')[2].split("<details>", 1)
    assert "checkload used much" in seen
    assert "the load lasted" not in seen
    assert folded.startswith("<summary>2 checks passed</summary>")
    assert "the loop was quick" in folded


def test_a_long_table_is_folded_below_the_others(passed, page_of):
    many = recorded(*((f"Page{number}", "gpay", 2, 0.01, "ok") for number in range(30)))
    columns, _, after = (
        page_of(replace(passed, recorder=many)).text.partition('class="columns">')[2].partition("</div>")
    )
    assert "Pages (steady part)" not in columns
    assert "Pages (steady part): 31 rows" in after
