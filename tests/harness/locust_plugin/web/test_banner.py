"""The banner at the top of the page: what the run does, its verdict, and its report."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
from finished_runs import a_run
from flask import Flask

from harness.locust_plugin.web.banner import BANNER_PATH, REPORT_PATH, banner, head, install_banner
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Phase, Window
from harness.objectives.verdict import Finding, Severity


def running(**changed):
    recorder = Recorder(Window(0.0, 5.0, 60.0))
    recorder.journey(JourneySample("guest", "gpay", "http_5xx", "shop", 6.0, 6.0, 7.0, ordered=False))
    facts = {"id": "x", "begun": True, "ended": False, "length": 60.0, "elapsed": 20.4, "phase": Phase.STEADY}
    facts["recorder"] = recorder
    return SimpleNamespace(**{**facts, "lifecycle": SimpleNamespace(crash=""), **changed})


def finished(tmp_path, **settings):
    return SimpleNamespace(result=replace(a_run(**settings), run_id="x"), folder=tmp_path)


def test_without_a_run_there_is_no_banner():
    assert banner(UiState(None)).kind == "none"


@pytest.mark.parametrize(
    ("changed", "title", "text"),
    [
        ({"begun": False}, "Starting", "virtual users"),
        ({"phase": Phase.WARM_UP}, "Warm-up: no verdict yet", "40 s left."),
        ({}, "Measuring: no verdict yet", "40 s left. 1 of 1 journey failed so far."),
        ({"phase": Phase.DRAIN, "elapsed": 70.0}, "Letting journeys finish: no verdict yet", "7 journeys in progress."),
        ({"ended": True}, "The run is over", "It is being judged."),
    ],
)
def test_a_run_under_way_has_no_verdict(changed, title, text):
    shown = banner(UiState(running(**changed), under_way=7))
    assert (shown.kind, shown.title, shown.link) == ("running", title, "")
    assert text in shown.text


def test_dropped_arrivals_are_counted_apart_from_failed_journeys_and_waiting_ones_not_at_all():
    run = running()
    run.recorder.offered(6.0, 30)
    run.recorder.started(6.0, 0.0, 0.0)
    for _ in range(9):
        run.recorder.dropped(6.0)
        run.recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 6.0, math.inf, math.inf))
    said = "40 s left. Of 10 arrivals so far, 9 found no free virtual user, and 1 journey failed."
    assert banner(UiState(run)).text == said


def test_a_run_that_will_be_invalid_says_so_while_it_is_on():
    invalid = Finding("users", Severity.INVALID, "9 of 10 arrivals were dropped", "raise arrivals.users")
    shown = banner(UiState(running()), invalid)
    assert (shown.kind, shown.title) == ("running", "Measuring, but this run will be invalid")
    assert shown.text == "9 of 10 arrivals were dropped. 40 s left."
    assert shown.remedy == "What to do: raise arrivals.users."


@pytest.mark.parametrize(
    ("settings", "kind"), [({}, "passed"), ({"page": 0.2}, "failed"), ({"invalid": True}, "invalid"), ({"rate": 0.2}, "inconclusive")]
)  # fmt: skip
def test_the_verdict_is_said_with_its_reason(tmp_path, settings, kind):
    done = finished(tmp_path, **settings)
    shown = banner(UiState(running(ended=True), done))
    assert shown.kind == kind
    assert shown.title.lower().startswith(kind)
    assert done.result.judgement.reason in shown.text
    assert "`" not in shown.text
    assert "What to do" not in shown.text
    assert ("What to do: " in shown.remedy) == (kind != "passed")


def test_the_verdict_of_an_earlier_run_is_not_shown(tmp_path):
    shown = banner(UiState(running(id="y"), finished(tmp_path)))
    assert shown.kind == "running"


@pytest.fixture
def client():
    app, now = Flask(__name__), SimpleNamespace(state=UiState(None))
    environment = SimpleNamespace(parsed_options=SimpleNamespace(web_base_path=""))
    ui = SimpleNamespace(app=app, environment=environment, auth_required_if_enabled=lambda view: view)
    install_banner(ui, lambda: now.state)
    return app.test_client(), now


def test_the_report_of_the_last_run_is_served(client, tmp_path):
    asked, now = client
    assert asked.get(REPORT_PATH).status_code == 404
    now.state = UiState(running(ended=True), finished(tmp_path))
    assert asked.get(REPORT_PATH).status_code == 404
    assert asked.get(BANNER_PATH).json["link"] == ""
    (tmp_path / "report.html").write_text("<h1>Report</h1>")
    assert asked.get(BANNER_PATH).json["link"] == REPORT_PATH
    report = asked.get(REPORT_PATH)
    assert report.text == "<h1>Report</h1>"
    assert report.headers["Content-Security-Policy"].startswith("sandbox allow-scripts ")


def test_the_page_loads_the_style_and_the_script():
    assert "#checkload-banner.failed" in head()
    assert "textContent" in head()
    assert "innerHTML" not in head()
