"""The panel of a run, as a person reads it."""

import re

import pytest

from harness.measurement.sample import Phase
from harness.objectives.live_status import LiveState
from harness.objectives.parser import parse
from harness.reporting.panel import ObjectiveLine, PanelState, panel, sparkline

STYLE = re.compile(r"\x1b\[\d+m")


def shown(columns=80, rows=40, **changes):
    facts = {
        "name": "baseline",
        "target": "the embedded shop",
        "begun": True,
        "phase": Phase.STEADY,
        "elapsed": 30.0,
        "length": 40.0,
        "drain": 15.0,
        "wanted": 30.0,
        "served": 29.8,
    }
    return [STYLE.sub("", line) for line in panel(PanelState(**{**facts, **changes}), columns, rows)]


def test_the_panel_shows_load_times_failures_and_objectives():
    lines = shown(
        stage="stage 2 of 3",
        ended=1200,
        orders=1,
        failed=16,
        under_way=12,
        waiting=3,
        dropped=2,
        p95=[None, 0.1, 0.2],
        service_p95=0.15,
        failures=[("http_5xx", "PaymentPage", 9), ("timeout", "", 4), ("a", "P", 1), ("b", "P", 1), ("c", "P", 1)],
        objectives=[
            ObjectiveLine(parse("journey failures < 5%"), LiveState.KEPT, 0.01),
            ObjectiveLine(parse("orders count >= 1000"), LiveState.NOT_YET, 1.0),
            ObjectiveLine(parse("page response_time p95 < 150ms"), LiveState.BROKEN, 0.2),
            ObjectiveLine(parse("page failures < 1%")),
        ],
    )
    assert lines == [
        "",
        "baseline → the embedded shop",
        "██████████████████████░░░░░░░░ steady, stage 2 of 3, 10 s left",
        "Rate       30/s wanted, 29.8/s served, 3 waiting for a user, 2 dropped",
        "Journeys   1,200 ended, 1 order, 16 failed, 12 in progress",
        "Page p95    ▅█ 200 ms (150 ms from sending)",
        "Failures   9 http_5xx on PaymentPage",
        "           4 timeout",
        "           1 a on P",
        "           2 others",
        "Objectives so far: 1 broken, 1 not yet reached, 1 without samples, 1 kept",
        "  ✗ page response_time p95 < 150ms                                       200 ms",
        "  … orders count >= 1000                                                      1",
        "  … page failures < 1%                                                        –",  # noqa: RUF001
        "  ✓ journey failures < 5%                                                   1 %",
    ]


def test_a_run_that_has_not_begun_says_so():
    lines = shown(begun=False, users=177, target="")
    assert lines == ["", "baseline", "Starting 177 virtual users."]


def test_the_drain_says_how_long_it_may_take():
    assert shown(phase=Phase.DRAIN, elapsed=43.0)[2].endswith(" drain, 3 s of at most 15 s")


def test_a_search_names_its_level_and_a_closed_load_has_no_planned_rate():
    lines = shown(level="track at 1,200/min", wanted=None)
    assert lines[2].endswith(" steady, track at 1,200/min, at most 10 s left")
    assert lines[3] == "Rate       29.8/s (a closed load has no planned rate)"


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal_or_eighty_columns(columns):
    objectives = [ObjectiveLine(parse(f"page.{'P' * 60} response_time p95 < 1s"), LiveState.KEPT, 0.1)] * 20
    lines = shown(
        columns, name="n" * 90, failures=[("o" * 50, "P" * 50, 1)], objectives=objectives, p95=[0.1] * 60, ended=10**9
    )
    assert max(map(len, lines)) < min(columns, 80)
    assert lines[-1].strip() == "and 14 more"


def test_a_low_terminal_keeps_a_line_for_the_log():
    assert len(shown(rows=6)) == 5


def test_a_name_cannot_move_the_cursor():
    assert shown(name="evil\x1b[2Jname\n")[1] == "evil?[2Jname? → the embedded shop"


def test_wide_characters_take_two_columns():
    objective = ObjectiveLine(parse("page.結帳頁 response_time p95 < 150ms"), LiveState.BROKEN, 0.2)
    lines = shown(40, name="結帳" * 20, objectives=[objective])
    assert lines[1] == "結帳" * 9 + "結…"
    assert lines[-1] == "  ✗ page.結帳頁 response_time p… 200 ms"


def test_less_than_a_second_left_is_no_millisecond():
    assert shown(elapsed=39.9)[2].endswith("steady, 0 s left")


def test_a_sparkline_shows_gaps_and_what_never_ended():
    assert sparkline([None, 1.0, 4.0, float("inf")]) == " ▃██"
    assert sparkline([0.0, 0.0]) == "██"
