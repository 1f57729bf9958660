"""A compact result is small, can be read like any result, and gives the same comparison."""

import gzip
import math

import pytest
from finished_runs import a_run

from harness.measurement.histogram import Histogram
from harness.regression.measures import measure
from harness.results.compact import MOST_SLICES, TooLarge, compact, compressed, decompressed
from harness.results.store import ResultError, read, write


def test_a_compact_result_is_read_like_any_result(tmp_path):
    run = a_run(20)
    path = tmp_path / "x.json.gz"
    path.write_bytes(compressed(compact(run)))
    again = read(path)
    assert again.run_id == run.run_id
    assert (again.counts.orders, again.counts.amount) == (run.counts.orders, run.counts.amount)
    assert again.judgement == run.judgement


def test_it_measures_the_same():
    run = a_run(20)
    whole, small = measure(run.recorder, 0.95), measure(compact(run).recorder, 0.95)
    assert small.times.keys() == whole.times.keys()
    for name in whole.times:
        assert small.times[name].logarithm == pytest.approx(whole.times[name].logarithm, abs=1e-9)
    assert small.orders.logarithm == whole.orders.logarithm
    assert sum(n for n, _ in small.failures) == sum(n for n, _ in whole.failures)


def test_it_has_few_slices_and_leaves_the_original_alone():
    run = a_run(20, length=100)
    before = run.to_json()
    small = compact(run)
    assert max(index for series in small.recorder.journeys.values() for index in series.slices) < MOST_SLICES
    assert run.to_json() == before


def test_the_same_result_gives_the_same_bytes():
    assert compressed(compact(a_run(5))) == compressed(compact(a_run(5)))


def test_compressed_bytes_that_grow_too_large_are_refused(tmp_path):
    with pytest.raises(TooLarge):
        decompressed(gzip.compress(b" " * 10_000_000), 1_000_000)
    assert decompressed(b"{}", 1) == b"{}"


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b[:40] + b"\0" * 40 + b[80:], lambda b: b[:2]]
)
def test_a_damaged_file_is_no_result(tmp_path, damage):
    path = tmp_path / "x.json.gz"
    path.write_bytes(damage(compressed(compact(a_run(5)))))
    with pytest.raises(ResultError, match=r"damaged|cannot be read"):
        read(path)


def test_a_run_that_never_started_can_be_made_compact(tmp_path):
    run = a_run(5, length=1)
    run.recorder.pages = {}
    run.recorder.journeys.clear()
    assert compact(run).counts.pages == 0
    assert math.isnan(Histogram().quantile(0.5))
    write(compact(run), tmp_path)
    assert read(tmp_path).counts.journeys == 0
