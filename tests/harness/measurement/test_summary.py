"""The figures behind tables: of the steady part, with the shop's failures as never answered."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.measurement.summary import (
    every_journey,
    every_page,
    journey_rows,
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


def test_rows_are_of_the_steady_part():
    a, b = page_rows(a_recorder())
    assert (a.name, a.count, a.failed) == ("A", 2, 0)
    assert (a.response.largest, a.service.largest) == (3.0, 2.0)
    assert (b.name, b.count, b.failed) == ("B", 2, 1)
    assert (b.response.total, b.response.infinite, b.response.largest) == (2, 1, 0.5)
    assert every_page(a_recorder()).count == 4


def test_options_stand_in_the_order_expected_and_unknown_ones_after_them():
    rows = option_rows(a_recorder(), ["masterpass", "gpay"])
    assert [(row.name, row.count, row.orders, row.failed) for row in rows] == [
        ("masterpass", 0, 0, 0),
        ("gpay", 3, 2, 1),
        ("credit_card", 1, 0, 1),
    ]


def test_a_dropped_arrival_has_a_response_time_and_no_service_time():
    row = next(row for row in journey_rows(a_recorder()) if row.name == "guest")
    assert (row.response.total, row.response.infinite) == (3, 1)
    assert (row.service.total, row.service.infinite) == (2, 0)
    every = every_journey(a_recorder())
    assert (every.count, every.failed, every.response.infinite, every.service.infinite) == (4, 2, 2, 1)


def test_an_empty_recorder_has_rows_of_nothing():
    recorder = Recorder(Window(0.0, 10.0, 100.0))
    assert (page_rows(recorder), outcome_rows(recorder)) == ([], [])
    assert (every_page(recorder).count, every_journey(recorder).count) == (0, 0)
    assert every_page(recorder).to_json()["response_time"] == {"p50": None, "p95": None, "p99": None}


def test_outcomes_are_of_the_whole_run():
    rows = {(row.outcome, row.blame): (row.pages, row.journeys) for row in outcome_rows(a_recorder())}
    assert rows == {
        ("ok", "nobody"): (4, 4),
        ("timeout", "shop"): (1, 1),
        ("declined", "shopper"): (1, 0),
        ("dropped", "shop"): (0, 1),
    }


def test_in_json_never_is_a_word():
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    recorder.page(PageSample("A", "gpay", "timeout", "shop", 1.0, 1.0, 2.0))
    assert every_page(recorder).to_json()["response_time"] == {"p50": "inf", "p95": None, "p99": None}


@pytest.mark.parametrize(("n", "q", "shown"), [(0, 0.5, False), (1, 0.5, True), (19, 0.95, False), (20, 0.95, True)])
def test_percentiles_ask_for_samples(n, q, shown):
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for _ in range(n):
        recorder.page(PageSample("A", "gpay", "ok", "nobody", 1.0, 1.0, 2.0))
    assert (percentile(every_page(recorder).response, q) is not None) is shown
