from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from workloads import FakeWorkload

from harness.capacity.estimate import ObjectiveCounts
from harness.capacity.model import LevelOutcome, Purpose, SearchLevel
from harness.locust_plugin.web.tabs import (
    TABS,
    TabRows,
    objective_rows,
    payment_option_rows,
    run_description,
    search_rows,
    worst_page_rows,
)
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity
from harness.run.collaborators import TimeSource
from harness.run.run import Run
from harness.yield_to_load import NEVER


def load():
    """An open workload of twelve seconds, two of them warm-up."""
    return FakeWorkload(
        arrival_rate=1.0,
        users=5,
        warm_up=2.0,
        payment_options=("gpay", "masterpass"),
        objectives=(parse("page response_time p50 < 1s"), parse("page failures < 5%")),
        weights={"guest": 1.0, "returning": 1.0},
        chosen={"payment_mix": "gpay=1", "seed": "7", "set_aside": ["x"]},
    )


@pytest.fixture
def clock():
    return SimpleNamespace(now=100.0)


@pytest.fixture
def run(clock):
    run = Run(load(), TimeSource(clock=lambda: clock.now))
    run.set_target("http://ada:swordfish@127.0.0.1:4711/deep", None)
    return run


def fill(run):
    """The run is seven seconds old; of three pages one is slow and one fails now and then."""
    run.recorder.window = Window(100.0, 102.0, 112.0)
    run.lifecycle.begin()
    for number in range(40):
        due = 101.0 if number < 4 else 103.0
        for page, took in (("BinNumberPage", 0.02), ("ThankYouPage", 0.4), ("IndexPage", 0.01)):
            end = ("http_5xx", "shop") if page == "IndexPage" and number % 4 == 0 else ("ok", "nobody")
            run.recorder.page(PageSample(page, "gpay", *end, due, due, due + took))
        run.recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 1, ordered=True, amount=1))


def test_pages_are_sorted_by_failures_then_by_response_time_without_warm_up(run, clock):
    fill(run)
    clock.now = 107.0
    rows = worst_page_rows(run, NEVER)
    assert [row["page"] for row in rows] == ["IndexPage", "ThankYouPage", "BinNumberPage"]
    assert rows[0]["failed"] == "9 (25 %)"
    assert (rows[1]["count"], rows[1]["failed"], rows[1]["p50"], rows[1]["p99"]) == (36, 0, "400 ms", "-")


def test_a_tab_without_steady_samples_says_why(run, clock):
    assert worst_page_rows(run, NEVER) == [{"page": "no samples yet", "count": "users are being spawned"}]
    run.recorder.window = Window(100.0, 102.0, 112.0)
    run.lifecycle.begin()
    clock.now = 100.5
    assert worst_page_rows(run, NEVER)[0]["count"] == "warming up, 2 s to go"


def test_every_payment_option_of_the_mix_has_a_row(run):
    fill(run)
    rows = payment_option_rows(run, NEVER)
    assert [(row["option"], row["orders"], row["count"]) for row in rows] == [("gpay", 36, 36), ("masterpass", 0, 0)]


def test_before_the_first_run_there_are_no_rows():
    assert (
        worst_page_rows(None, NEVER) == payment_option_rows(None, NEVER) == objective_rows(UiState(None), NEVER) == []
    )


def test_during_the_run_broken_objectives_come_first(run, clock):
    fill(run)
    clock.now = 107.0
    rows = objective_rows(UiState(run), NEVER)
    assert [row["verdict"] for row in rows] == [
        "measuring, no verdict yet",
        "",
        "broken so far",
        "kept so far",
        "skipped",
    ]
    assert rows[0]["sentence"] == "7 of 12 s"
    assert rows[2]["demand"] == "page failures < 5%"


def test_the_settings_are_shown_without_secrets_of_the_address(run):
    reported = run_description(run)
    for part in ("scenario fake", "seed 7", "payment mix gpay=1", "12 s", "guest and returning", "5 users"):
        assert part in reported
    assert "http://127.0.0.1:4711" in reported
    assert "swordfish" not in reported


def judged(run, *findings):
    judgement = evaluate_run(run.recorder, run.workload.judging.objectives, findings)
    result = SimpleNamespace(run_id=run.id, judgement=judgement, recorder=run.recorder, stopped="", shop_metrics=())
    return SimpleNamespace(result=result, folder=Path("results/fake-1"))


def test_after_the_run_the_verdict_comes_first_then_the_worst_findings(run):
    fill(run)
    run.end()
    invalid = Finding("end", Severity.INVALID, "the run was interrupted", "let it end")
    rows = objective_rows(UiState(run, judged(run, Finding("cpu", Severity.OK, "all is well"), invalid)), NEVER)
    assert rows[0]["verdict"] == "INVALID"
    assert "interrupted" in rows[0]["sentence"]
    assert "results/fake-1" in rows[0]["sentence"]
    assert str(Path.cwd()) in rows[0]["sentence"]
    assert [row["verdict"] for row in rows[2:]] == ["invalid", "not judged", "not judged", "", "skipped"]
    # Validity checks and objectives can be told apart, and skipped objectives have a row.
    assert [row["demand"] for row in rows[2:]] == [
        "validity: run to its end",
        "page response_time p50 < 1s",
        "page failures < 5%",
        "throughput",
        "x",
    ]
    assert "pages/s" in rows[-2]["sentence"]
    assert rows[2]["sentence"] == "the run was interrupted; let it end"


def test_the_verdict_on_another_run_is_not_shown(run, clock):
    fill(run)
    clock.now = 107.0
    other = judged(run)
    other.result.run_id = "another"
    assert objective_rows(UiState(run, other), NEVER)[0]["verdict"] == "measuring, no verdict yet"


def test_a_run_that_could_not_be_judged_says_why(run):
    run.end()
    assert objective_rows(UiState(run), NEVER)[0]["sentence"] == "being judged"
    failure = "the results could not be made: No space left on device"
    row = objective_rows(UiState(run, failure=failure), NEVER)[0]
    assert (row["verdict"], row["sentence"]) == ("NO VERDICT", failure)


def test_rows_are_made_every_two_seconds_and_at_the_end_of_the_run(run, clock):
    fill(run)
    current = SimpleNamespace(run=run, finished=None)
    view = TabRows(lambda: UiState(current.run, current.finished), clock=lambda: clock.now)
    first = view.rows()
    assert set(first) == {tab.key for tab in TABS}
    clock.now += 1.0
    assert view.rows() is first
    clock.now += 1.0
    second = view.rows()
    assert second is not first
    run.end()
    current.finished = judged(run)
    assert view.rows()["demands"][0]["verdict"] == "INCONCLUSIVE"


class TestSearched:
    """The tab of a search for the capacity."""

    def test_a_run_without_a_search_has_no_rows(self):
        assert search_rows(UiState(None)) == []

    def test_the_current_level_comes_first_then_the_last_one(self):
        kept = ObjectiveCounts("journey response_time p95 < 4s", 100, 1, 0.05)
        broken = replace(kept, over=50)

        def outcome(rate, counts, trouble=""):
            level = SearchLevel(Purpose.WIDEN, rate, 10.0)
            return LevelOutcome(level, rate, 0.0, 2.0, 10.0, (counts,), under_way=3.0, spent=10.0, trouble=trouble)

        controller = SimpleNamespace(
            finished_levels=[
                outcome(10.0, kept),
                outcome(15.0, kept, trouble="it was late"),
                outcome(20.0, broken),
            ],
            found=None,
            level=SearchLevel(Purpose.TRACK, 12.5, 10.0),
        )
        rows = search_rows(UiState(SimpleNamespace(begun=True), controller=controller))
        assert [(row["level"], row["rate"], row["came"]) for row in rows] == [
            ("track", "750", "running"),
            ("widen", "1,200", "broken"),
            ("widen", "900", "not counted: it was late"),
            ("widen", "600", "kept"),
        ]
        assert (rows[1]["demand"], rows[1]["excess"], rows[1]["held"]) == (kept.text, "10.00", "10 s")
