"""Rows of a report count the steady part; failures of the shop count as never answered."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.summary import (
    every_journey,
    every_page,
    option_rows,
    outcome_rows,
    page_rows,
    percentile,
)


def a_recorder():
    recorder = Recorder(Window(0.0, 10.0, 100.0))
    for due in (5.0, 20.0, 30.0, 110.0):
        recorder.page(PageSample("A", "gpay", "ok", "nobody", due, due + 1, due + 3))
        recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, due + 3, ordered=True))
    recorder.page(PageSample("B", "gpay", "timeout", "shop", 40.0, 40.0, 40.1))
    recorder.page(PageSample("B", "gpay", "declined", "shopper", 41.0, 41.0, 41.5))
    recorder.journey(JourneySample("returning", "credit_card", "timeout", "shop", 40.0, 40.0, 40.1))
    recorder.journey(JourneySample("guest", "gpay", "dropped", "shop", 50.0, math.inf, math.inf))
    return recorder


def test_rows_count_the_steady_part_only():
    a, b = page_rows(a_recorder())
    assert (a.name, a.count, a.failed) == ("A", 2, 0)
    assert (a.response.largest, a.service.largest) == (3.0, 2.0)
    assert (b.name, b.count, b.failed) == ("B", 2, 1)
    assert (b.response.total, b.response.infinite, b.response.largest) == (2, 1, 0.5)
    assert every_page(a_recorder()).count == 4


def test_options_come_in_the_expected_order_and_other_options_after_them():
    rows = option_rows(a_recorder(), ["masterpass", "gpay"])
    assert [(row.name, row.count, row.orders, row.failed) for row in rows] == [
        ("masterpass", 0, 0, 0),
        ("gpay", 3, 2, 1),
        ("credit_card", 1, 0, 1),
    ]


def test_a_dropped_arrival_has_a_response_time_and_no_service_time():
    row = next(row for row in option_rows(a_recorder()) if row.name == "gpay")
    assert (row.response.total, row.response.infinite) == (3, 1)
    assert (row.service.total, row.service.infinite) == (2, 0)
    every = every_journey(a_recorder())
    assert (every.count, every.failed, every.response.infinite, every.service.infinite) == (4, 2, 2, 1)


def test_an_empty_recorder_has_empty_rows():
    recorder = Recorder(Window(0.0, 10.0, 100.0))
    assert (page_rows(recorder), outcome_rows(recorder)) == ([], [])
    assert (every_page(recorder).count, every_journey(recorder).count) == (0, 0)
    assert every_page(recorder).to_json()["response_time"] == {"p50": None, "p95": None, "p99": None}


def test_outcome_rows_count_the_whole_run():
    rows = {(row.outcome, row.blame): (row.pages, row.journeys) for row in outcome_rows(a_recorder())}
    assert rows == {
        ("ok", "nobody"): (4, 4),
        ("timeout", "shop"): (1, 1),
        ("declined", "shopper"): (1, 0),
        ("dropped", "shop"): (0, 1),
    }


def test_json_writes_an_infinite_time_as_inf():
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    recorder.page(PageSample("A", "gpay", "timeout", "shop", 1.0, 1.0, 2.0))
    assert every_page(recorder).to_json()["response_time"] == {"p50": "inf", "p95": None, "p99": None}


@pytest.mark.parametrize(("n", "q", "shown"), [(0, 0.5, False), (1, 0.5, True), (19, 0.95, False), (20, 0.95, True)])
def test_a_percentile_needs_enough_samples(n, q, shown):
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for _ in range(n):
        recorder.page(PageSample("A", "gpay", "ok", "nobody", 1.0, 1.0, 2.0))
    assert (percentile(every_page(recorder).response, q) is not None) is shown
