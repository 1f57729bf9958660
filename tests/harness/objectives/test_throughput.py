"""Throughput counts samples by their end, whenever they were due."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, Window
from harness.objectives.parser import parse
from harness.objectives.throughput import completions

ORDERS = parse("orders rate > 1/s")


def recorder(*spans, ordered=True, window=(0.0, 10.0, 110.0)):
    run = Recorder(Window(*window))
    for due, done in spans:
        run.journey(JourneySample("guest", "gpay", "ok", "nobody", due, due, done, ordered=ordered))
    return run


@pytest.mark.parametrize(
    ("due", "done", "stretch", "why"),
    [
        (20.5, 21.0, 1, "at once"),
        (20.5, 49.5, 3, "just before the end of a stretch of ten seconds"),
        (20.5, 50.5, 4, "just after it"),
        (5.5, 12.0, 0, "due in the warm-up, ended in the steady part"),
        (5.5, 9.0, None, "over before it began"),
        (105.5, 109.0, 9, "the last stretch"),
        (105.5, 112.0, None, "ended in the drain"),
        (112.5, 113.0, None, "all of it in the drain"),
        (20.5, math.inf, None, "never ended"),
    ],
)
def test_each_sample_counts_where_it_ended(due, done, stretch, why):
    counts, length = completions(recorder((due, done)), ORDERS)
    assert length == 10.0
    assert counts == [int(index == stretch) for index in range(10)], why


@pytest.mark.parametrize(
    ("window", "stretches", "length"),
    [
        ((0.0, 0.0, 45.0), 11, 4.0),
        ((0.0, 0.5, 9.7), 8, 1.0),
        ((0.0, 5.0, 5.0), 0, 1.0),
        ((0.0, 5.2, 5.9), 0, 1.0),
        ((0.0, math.inf, math.inf), 0, 1.0),
    ],
)
def test_the_steady_part_is_divided_into_equal_parts_of_whole_slices(window, stretches, length):
    counts, long = completions(recorder(window=window), ORDERS)
    assert (len(counts), long) == (stretches, length)


def test_merged_slices_are_handled():
    run = recorder(*((second + 0.5, second + 1.0) for second in range(110)))
    run._merge_slices()
    run._merge_slices()
    counts, length = completions(run, ORDERS)
    assert sum(counts) / (len(counts) * length) == pytest.approx(1.0)


def test_a_journey_without_an_order_is_not_an_order():
    assert sum(completions(recorder((20.5, 21.0), ordered=False), ORDERS)[0]) == 0
