"""The evidence opens with what explains the verdict, and shows in its colour whose fault a failure was."""

import re
from dataclasses import replace

import pytest

from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.html.report_page import several_page
from harness.reporting.html.runs import ReportRun

USERS = Finding(
    "users", Severity.INVALID, "300 of 900 arrivals were dropped, because no virtual user was free", "raise it"
)
OBJECTIVES = ("page.IndexPage response_time p95 < 1ms", "journey failures < 1%")


def judged(result, *objectives, findings=()):
    return replace(
        result, judgement=evaluate_run(result.recorder, [parse(text) for text in objectives], findings), changes=()
    )


def charts_of(page):
    return re.findall(r'<figure data-chart="([a-z-]+)"', page.text)


def dropped(page):
    (found,) = [one for one in page.charts["failures"]["subjects"]["journeys"] if one["tags"] == ["dropped"]]
    return found


def test_a_run_with_too_few_users_opens_on_its_journeys_and_drops(rich, page_of):
    page = page_of(judged(rich, *OBJECTIVES, findings=[USERS]))
    assert page.data["subject"] == "journeys"
    assert charts_of(page)[:2] == ["failures", "under-way"]


def test_a_run_that_is_invalid_for_another_reason_opens_on_all_pages(rich, page_of):
    lost = Finding("workers", Severity.INVALID, "worker 0 was lost")
    page = page_of(judged(rich, *OBJECTIVES, findings=[lost]))
    assert page.data["subject"] == "pages"
    assert charts_of(page)[0] == "latency"


@pytest.mark.parametrize(
    ("objective", "subject", "charts"),
    [
        ("page.IndexPage response_time p95 < 1ms", "page IndexPage", ["latency"]),
        ("page.IndexPage[payment=gpay] response_time p95 < 1ms", "page IndexPage", ["latency"]),
        ("dropped < 0.01%", "journeys", ["failures", "under-way"]),
    ],
)
def test_a_broken_objective_opens_on_its_subject_or_the_nearest(rich, page_of, objective, subject, charts):
    result = judged(rich, objective)
    assert result.judgement.verdict is Verdict.FAILED
    page = page_of(result)
    assert page.data["subject"] == subject
    assert charts_of(page)[: len(charts)] == charts


def test_dropped_arrivals_are_checkloads_fault_where_the_shop_was_fast(rich, page_of):
    slow_shop, few_users = page_of(rich), page_of(judged(rich, *OBJECTIVES, findings=[USERS]))
    assert dropped(few_users)["colour"] == "ours"
    assert dropped(slow_shop)["colour"] != "ours"
    assert "no virtual user was free" in dropped(few_users)["label"]
    shops = [one for one in few_users.charts["failures"]["subjects"]["journeys"] if one["tags"] == ["http_5xx"]]
    assert [one["colour"] for one in shops] == ["bad"]


def test_waits_for_a_user_are_not_drawn_as_a_slow_shop(rich, page_of):
    page = page_of(judged(rich, *OBJECTIVES, findings=[USERS]))
    assert "load" not in charts_of(page)
    assert "Response time against load: not drawn, because there were too few virtual users." in page.text
    assert "load" in charts_of(page_of(rich))


def test_the_colours_of_several_runs_say_nothing_of_a_fault(rich, parsed):
    invalid = judged(rich, *OBJECTIVES, findings=[USERS])
    page = parsed(several_page([ReportRun(invalid, name="before"), ReportRun(rich, name="after")]))
    assert "Orange" not in page.text
    assert [one["tags"][-1] for one in page.charts["load"]["series"]] == ["after"]
    assert "Runs with too few virtual users are left out." in page.text


def test_a_single_kind_of_failure_has_its_name(failed, page_of):
    chart = page_of(failed).charts["failures"]
    assert [one["label"] for one in chart["subjects"]["pages"]] == ["http_5xx"]
    assert chart["names_one"]


def test_no_failures_are_one_line_and_no_chart(passed, page_of):
    page = page_of(passed)
    assert "failures" not in charts_of(page)
    assert "<p>Failures by kind: no failures.</p>" in page.text
