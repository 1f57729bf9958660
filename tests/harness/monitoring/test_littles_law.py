"""The area under the number of journeys in progress equals the sum of their durations."""

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.monitoring.littles_law import ConcurrencyIntegral, relative_difference

START = 1e5


def visits(stays):
    events = sorted([(begin, 0, begin) for begin, _ in stays] + [(end, 1, begin) for begin, end in stays])
    concurrency = ConcurrencyIntegral()
    for moment, leaving, begin in events:
        if leaving:
            concurrency.leave(moment, begin)
        else:
            concurrency.enter(moment)
    return concurrency


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0.001, 50)), max_size=60))
def test_the_area_equals_the_sum_of_durations(drawn):
    stays = [(START + begin, START + begin + length) for begin, length in drawn]
    concurrency = visits(stays)
    assert concurrency.present == 0
    assert concurrency.finished == pytest.approx(math.fsum(end - begin for begin, end in stays), abs=1e-6)


def test_journeys_in_progress_are_kept_apart():
    concurrency = ConcurrencyIntegral()
    concurrency.enter(10.0)
    concurrency.enter(12.0)
    concurrency.leave(15.0, 10.0)
    concurrency.advance(20.0)
    assert (concurrency.present, concurrency.area, concurrency.unfinished, concurrency.finished) == (1, 13.0, 8.0, 5.0)


def test_a_lost_and_a_doubled_end_make_a_difference():
    chance = random.Random(1)
    stays = [(begin, begin + chance.expovariate(0.5)) for begin in (START + chance.random() * 100 for _ in range(100))]
    whole = math.fsum(end - begin for begin, end in stays)
    concurrency = visits(stays)
    assert relative_difference(concurrency.finished, whole) < 1e-9
    assert relative_difference(concurrency.finished, whole - 2.0) > 0.005
    assert relative_difference(concurrency.finished, whole + 2.0) > 0.005


def test_a_clock_that_goes_back_does_not_reduce_the_area():
    concurrency = ConcurrencyIntegral()
    concurrency.enter(10.0)
    concurrency.advance(9.0)
    concurrency.advance(11.0)
    assert concurrency.area == 1.0


def test_an_integral_reads_back_from_json():
    concurrency = visits([(1.0, 2.0)])
    concurrency.enter(5.0)
    assert ConcurrencyIntegral.from_json(json.loads(json.dumps(concurrency.to_json()))) == concurrency


@pytest.mark.parametrize(
    ("area", "stays", "out"), [(0, 0, 0), (100, 100, 0), (100, 50, 0.5), (50, 100, 0.5), (0, 5, 1)]
)
def test_the_difference_is_a_share_of_the_larger_sum(area, stays, out):
    assert relative_difference(area, stays) == out
