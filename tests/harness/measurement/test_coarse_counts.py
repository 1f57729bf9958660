"""The slices of a long run are written in fewer buckets; what objectives ask about stays exact."""

import random

import orjson
import pytest

from harness.measurement.bucket_layout import Bounds
from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.measurement.series import merged_in_pairs

BOUNDS = [0.04, 0.05, 0.0501, 0.3]


def a_histogram(chance):
    """Times of which many are close to a bound."""
    histogram = Histogram()
    times = [chance.lognormvariate(-3, 1) for _ in range(3_000)]
    times += [bound * (1 + chance.uniform(-0.02, 0.02)) for bound in BOUNDS for _ in range(100)]
    histogram.record_all(times, bounds=Bounds(BOUNDS))
    histogram.record(float("inf"), 3)
    return histogram


@pytest.mark.parametrize("seed", range(5))
def test_coarse_counts_keep_totals_sums_and_bounds_exact(seed):
    fine = a_histogram(random.Random(seed))
    document = fine.to_json(Bounds(BOUNDS))
    coarse = Histogram.from_json(document)
    assert len(document["counts"]) < len(fine.to_json()["counts"]) / 2
    assert (coarse.total, coarse.infinite, coarse.sum) == (fine.total, fine.infinite, fine.sum)
    assert (coarse.smallest, coarse.largest) == (fine.smallest, fine.largest)
    for bound in BOUNDS:
        assert coarse.count_over(bound) == fine.count_over(bound)
    for q in (0.05, 0.5, 0.9, 0.99):
        assert coarse.quantile(q) == pytest.approx(fine.quantile(q), rel=0.04)
    assert coarse.to_json(Bounds(BOUNDS)) == document


def test_few_times_are_kept_in_fewer_buckets_still():
    chance = random.Random(1)
    few, many = Histogram(), Histogram()
    few.record_all(times := [chance.lognormvariate(-3, 0.3) for _ in range(300)], bounds=Bounds(BOUNDS))
    for _ in range(20):
        many.record_all(times, bounds=Bounds(BOUNDS))
    small, large = (Histogram.from_json(one.to_json(Bounds(BOUNDS))) for one in (few, many))
    assert len(small.to_json()["counts"]) < 0.7 * len(large.to_json()["counts"])
    assert (small.total, small.sum) == (few.total, few.sum)
    for bound in BOUNDS:
        assert small.count_over(bound) == few.count_over(bound)
    for q in (0.05, 0.5, 0.95):
        assert small.quantile(q) == pytest.approx(few.quantile(q), rel=0.07)
        assert large.quantile(q) == pytest.approx(many.quantile(q), rel=0.035)


def test_a_bound_that_no_time_came_close_to_is_exact_too():
    fine = Histogram()
    fine.record_all([0.0489, 0.0491, 0.0509, 0.0512], bounds=Bounds([0.05]))
    assert Histogram.from_json(fine.to_json(Bounds([0.05]))).count_over(0.05) == 2


@pytest.mark.parametrize(("seconds", "coarse"), [(1_000, False), (36_000, True)])
def test_only_the_slices_of_a_long_run_are_coarse(seconds, coarse):
    chance, recorder = random.Random(1), Recorder(Window(0.0, 0.0, seconds), bounds=Bounds(BOUNDS))
    for n in range(20_000):
        due = n * seconds / 20_000
        recorder.page(PageSample("IndexPage", "gpay", "ok", "nobody", due, due, due + chance.lognormvariate(-3, 0.5)))
    again = Recorder.from_json(orjson.loads(orjson.dumps(recorder.to_json())))
    (written,), (series,) = again.pages.values(), recorder.pages.values()
    assert (written.response, written.service) == (series.response, series.service)
    assert (written.slices == series.slices) is not coarse
    assert again.slice_length == recorder.slice_length * (2 if coarse else 1)
    expected = merged_in_pairs(series.slices) if coarse else series.slices
    assert written.slices.keys() == expected.keys()
    for index, times in expected.items():
        assert [written.slices[index].count_over(b) for b in BOUNDS] == [times.count_over(b) for b in BOUNDS]


@pytest.mark.parametrize(("seconds", "coarse"), [(1_000, False), (36_000, True)])
def test_the_totals_of_a_long_run_are_fine_only_where_they_are_judged(seconds, coarse):
    chance, recorder = random.Random(1), Recorder(Window(0.0, 0.5 * seconds, seconds), bounds=Bounds(BOUNDS))
    for n in range(6_000):
        due = n * seconds / 6_000
        recorder.page(PageSample("IndexPage", "gpay", "ok", "nobody", due, due, due + chance.lognormvariate(-3, 0.5)))
    again = Recorder.from_json(orjson.loads(orjson.dumps(recorder.to_json())))
    for key, series in recorder.pages.items():
        written = again.pages[key].service
        assert (written == series.service) is (key.phase == "steady" or not coarse)
        assert (written.total, written.sum) == (series.service.total, series.service.sum)
        assert [written.count_over(bound) for bound in BOUNDS] == [series.service.count_over(b) for b in BOUNDS]
    assert len(again.pages) == 2
