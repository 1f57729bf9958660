"""A packed histogram says the same as before, and still counts; slices of the past are packed."""

import random
import sys

import pytest

from harness.measurement.bucket_layout import Bounds
from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.measurement.series import SampleSeries
from harness.yield_to_load import NEVER, YieldToLoad

BOUNDS = Bounds([0.05, 0.3])


@pytest.fixture
def pair():
    """The same counts, packed and not."""
    plain, packed = Histogram(), Histogram()
    chance = random.Random(3)
    times = [chance.lognormvariate(-3, 1) for _ in range(500)]
    for one in (plain, packed):
        one.record_all(times, bounds=BOUNDS)
        one.record(float("inf"))
        one.record(0.02, 1 << 33)
    packed.pack()
    return plain, packed


def test_a_packed_histogram_reads_the_same(pair):
    plain, packed = pair
    assert len(packed._counts) <= 1 + 10 * len(plain.to_json()["counts"])
    assert packed == plain
    assert packed.to_json() == plain.to_json()
    assert [packed.quantile(q) for q in (0.0, 0.5, 0.99, 1.0)] == [plain.quantile(q) for q in (0.0, 0.5, 0.99, 1.0)]
    assert [packed.count_over(bound) for bound in (0.01, 0.05, 0.3)] == [plain.count_over(b) for b in (0.01, 0.05, 0.3)]
    assert packed.difference(Histogram()) == plain.difference(Histogram())
    assert Histogram.merged([packed, packed]) == Histogram.merged([plain, plain])
    packed.pack()
    assert packed == plain


@pytest.mark.parametrize(
    "count",
    [
        lambda one: one.record(0.05, bounds=BOUNDS),
        lambda one: one.record_all([0.01, 0.05, 4.0], bounds=BOUNDS),
        lambda one: one.add(one.copy()),
        lambda one: one.apply_delta(Histogram.merged([one, one]).delta(Histogram())),
    ],
)
def test_a_packed_histogram_still_counts(pair, count):
    plain, packed = pair
    for one in pair:
        count(one)
    assert packed == plain
    assert packed.total > 500


def test_many_times_take_no_more_memory_than_a_few_of_the_same_size():
    chance, counted = random.Random(4), Histogram()
    counted.record_all([0.004, *(chance.uniform(0.004, 0.2) for _ in range(20)), 0.2])
    before = sys.getsizeof(counted._counts)
    counted.record_all([chance.uniform(0.004, 0.2) for _ in range(20_000)])
    assert sys.getsizeof(counted._counts) == before
    assert before < 4_500


@pytest.mark.parametrize(
    ("key", "value"), [("steps", [10**12]), ("steps", [-1]), ("counts", [2**63]), ("counts", [1.5])]
)
def test_counts_from_outside_that_are_out_of_range_are_refused(key, value):
    document = Histogram.merged([]).to_json() | {
        "total": 1,
        "steps": [5],
        "counts": [1],
        "smallest": 5e-6,
        "largest": 5e-6,
    }
    assert Histogram.from_json(document).total == 1
    with pytest.raises(ValueError, match="of a histogram"):
        Histogram.from_json(document | {key: value})


def test_slices_of_the_past_are_packed():
    series = SampleSeries()
    for place in (0, 1, 2, 5):
        series.slice(place).record(0.1)
    assert [isinstance(series.slices[place]._counts, bytes) for place in (0, 1, 2, 5)] == [True, True, True, False]
    series.slice(0).record(0.2)  # a journey that ends late
    assert series.slices[0].total == 2


def filled(most_slices, seconds=40):
    recorder = Recorder(Window(0.0, 0.0, 1_000.0), most_slices=most_slices)
    for n in range(10 * seconds):
        due, page = n / 10, "AB"[n % 2]
        recorder.page(PageSample(page, "gpay", "ok", "nobody", due, due, due + 0.01 + n % 7 / 100))
    return recorder


def test_slices_are_merged_in_small_steps_while_there_is_load():
    recorder, steps = filled(32, 31), []
    before = {key.page: dict(series.slices) for key, series in recorder.pages.items()}
    recorder.page(PageSample("A", "gpay", "ok", "nobody", 33.0, 33.0, 33.1))  # the slices get twice as long
    recorder.settle(YieldToLoad(lambda _: steps.append([len(one._halves) for one in recorder._pages.values()]), 0.0))
    assert recorder.slice_length == 2.0
    assert steps == [[0, 31], [0, 0]]
    for key, series in recorder.pages.items():
        for place in range(15):
            assert series.slices[place] == Histogram.merged(
                [before[key.page][2 * place], before[key.page][2 * place + 1]]
            )


@pytest.mark.parametrize("settled", [True, False])
def test_counting_while_slices_are_being_merged_loses_nothing(settled):
    recorder, whole = filled(8), filled(64)
    for due in (39.9, 1.0, 17.0, 39.9):
        for one in (recorder, whole):
            one.page(PageSample("A", "gpay", "ok", "nobody", due, due, due + 0.2))
    if settled:
        recorder.settle(NEVER)
    whole.coarsen_slices(8.0)
    whole.most_slices = recorder.most_slices
    assert recorder.to_json() == whole.to_json()
