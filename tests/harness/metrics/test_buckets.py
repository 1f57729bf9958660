"""The buckets of histograms are exact at the bounds of objectives, and fine enough for a percentile."""

import itertools
import math
import random

from scraped_runs import EVERYTHING, WINDOW, scraped, some_recorder, state, total

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample
from harness.metrics.buckets import JOURNEY, LATENESS, PAGE
from harness.metrics.collector import RunCollector


def test_buckets_never_fall_and_end_with_the_count():
    samples = scraped(some_recorder())
    series = {}
    for sample in samples:
        if sample.name.endswith("_bucket"):
            labels = {**sample.labels}
            bound = labels.pop("le")
            series.setdefault((sample.name, *sorted(labels.items())), []).append((float(bound), sample.value))
    counts = {(s.name, *sorted(s.labels.items())): s.value for s in samples if s.name.endswith("_count")}
    assert len(series) == len(counts) > 20
    for (name, *labels), buckets in series.items():
        assert buckets == sorted(buckets)
        assert [n for _, n in buckets] == sorted(n for _, n in buckets)
        assert buckets[-1] == (math.inf, counts[(name.removesuffix("_bucket") + "_count", *labels)])


def test_bounds_are_written_as_floats():
    text = b"".join(RunCollector(lambda: state(some_recorder(5))).text())
    assert b'le="1.0"' in text
    assert b'le="1"' not in text
    assert b'le="0.011"' in text
    assert b"_created" not in text


def p99_error(median, sigma):
    """The relative error of a p99 that is read from buckets."""
    chance = random.Random(1)
    recorder = Recorder(WINDOW)
    for _ in range(5000):
        took = chance.lognormvariate(math.log(median), sigma)
        recorder.page(PageSample("P", "gpay", "ok", "nobody", 50, 50, 50 + took))
    (cell,) = recorder.pages.values()
    buckets = [
        (float(s.labels["le"]), s.value) for s in scraped(recorder) if s.name.endswith("page_duration_seconds_bucket")
    ]
    rank = 0.99 * 5000
    at = next(i for i, (_, n) in enumerate(buckets) if n >= rank)
    (low, before), (high, upto) = buckets[at - 1], buckets[at]
    read = low + (high - low) * (rank - before) / (upto - before)
    return abs(read / cell.service.quantile(0.99) - 1)


def test_a_p99_read_from_buckets_is_about_three_per_cent_off():
    errors = [p99_error(median, sigma) for median in (0.02, 0.05, 0.12, 0.3, 0.8) for sigma in (0.3, 0.5, 0.8)]
    assert sum(error <= 0.03 for error in errors) >= 14
    assert max(errors) <= 0.04
    assert sum(errors) / len(errors) <= 0.015


def test_bounds_from_10_ms_on_are_at_most_14_per_cent_apart():
    bounds = [bound for bound in PAGE if bound >= 0.01]
    assert max(high / low for low, high in itertools.pairwise(bounds)) <= 8 / 7 + 1e-9


def test_bounds_are_those_of_the_catalogue():
    assert len([bound for bound in PAGE if bound >= 0.01]) == 76
    assert (PAGE[0], PAGE[-1]) == (0.001, 56.0)
    assert (JOURNEY[-1], LATENESS[0], LATENESS[-1]) == (640.0, 0.001, 10.0)
    assert 0.3 not in PAGE
    assert 0.32 in PAGE


def test_the_bound_of_an_objective_is_a_bound_of_its_histogram():
    samples = scraped(some_recorder(), **EVERYTHING)
    for name, bound in (("page_response_seconds", "0.3"), ("page_duration_seconds", "0.3")):
        assert total(samples, f"{name}_bucket", le=bound) > 0
    assert total(samples, "journey_duration_seconds_bucket", le="4.0") > 0
    counted = {s.labels["le"] for s in samples if s.name.endswith("page_response_seconds_bucket")}
    assert {"0.3"} == counted - {*map(repr, PAGE), "+Inf"}
