"""A histogram is exact to one per cent, and adding histograms loses nothing.

Longer than 300 lines: it tests one class.
"""

import math
import random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.measurement.bucket_layout import Bounds
from harness.measurement.histogram import Histogram
from harness.objectives.text import differ_visibly

TIMES = st.one_of(st.floats(0, 1e5, allow_nan=False), st.just(math.inf), st.sampled_from([0.0, 1e-6, 0.000128, 0.3]))


def filled(times):
    histogram = Histogram()
    for seconds in times:
        histogram.record(seconds)
    return histogram


def nearest_rank(times, q):
    return sorted(times)[max(1, math.ceil(round(q * len(times), 6))) - 1]


DISTRIBUTIONS = {
    "uniform": lambda chance: chance.uniform(0.001, 2.0),
    "exponential": lambda chance: chance.expovariate(20.0) + 1e-4,
    "lognormal": lambda chance: chance.lognormvariate(-3.0, 0.8),
    "bimodal": lambda chance: chance.gauss(0.02, 0.002) if chance.random() < 0.9 else chance.gauss(1.5, 0.1),
    "pareto": lambda chance: 0.005 * chance.paretovariate(1.1),
}


@pytest.mark.parametrize("shape", DISTRIBUTIONS)
def test_every_quantile_is_within_one_per_cent(shape):
    chance = random.Random(11)
    times = [DISTRIBUTIONS[shape](chance) for _ in range(20_000)]
    histogram = filled(times)
    for q in (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0):
        assert histogram.quantile(q) == pytest.approx(nearest_rank(times, q), rel=0.0079)
    assert histogram.mean == pytest.approx(sum(times) / len(times), rel=1e-6)


@pytest.mark.parametrize("shape", DISTRIBUTIONS)
def test_eight_parts_added_in_any_order_equal_the_whole(shape):
    chance = random.Random(12)
    times = [DISTRIBUTIONS[shape](chance) for _ in range(4_000)]
    shards = [filled(times[i::8]) for i in range(8)]
    chance.shuffle(shards)
    merged = Histogram()
    for shard in shards:
        merged.add(shard)
    assert merged == filled(times)


@given(st.floats(1e-4, 1e6))
def test_a_single_time_is_within_one_per_cent(seconds):
    # Two farther ones on either side, so that the exact smallest and largest do not help.
    histogram = filled([0.0, seconds, 1e7])
    assert histogram.quantile(0.5) == pytest.approx(seconds, rel=0.0078)


@given(st.lists(TIMES), st.lists(TIMES), st.lists(TIMES))
def test_adding_is_exact_associative_and_commutative(a, b, c):
    left = filled(a)
    left.add(filled(b))
    left.add(filled(c))
    right = filled(c)
    tail = filled(b)
    tail.add(filled(a))
    right.add(tail)
    assert left == right == filled(a + b + c)
    assert left.sum == right.sum


@given(st.lists(TIMES))
def test_a_round_trip_through_json_changes_nothing(times):
    histogram = filled(times)
    again = Histogram.from_json(orjson.loads(orjson.dumps(histogram.to_json())))
    assert again == histogram
    assert (again.sum, again.total, again.infinite) == (histogram.sum, len(times), times.count(math.inf))


@given(st.lists(TIMES, min_size=1), st.floats(0, 1))
def test_a_quantile_is_nearest_rank_and_in_range(times, q):
    expected = nearest_rank(times, q)
    assert filled(times).quantile(q) == pytest.approx(expected, rel=0.0078, abs=1e-6)


@given(st.lists(TIMES, min_size=1), st.floats(0.0001, 10))
def test_the_count_over_a_bound_is_consistent_with_the_quantile(times, bound):
    histogram = filled(times)
    over = histogram.count_over(bound)
    rank_of_last_within = len(times) - over
    if rank_of_last_within:
        assert histogram.quantile(rank_of_last_within / len(times)) <= bound
    if over:
        assert histogram.quantile(min(1.0, (rank_of_last_within + 1) / len(times))) > bound


@given(st.lists(TIMES), st.floats(0.0001, 10))
def test_the_count_over_a_bound_is_off_only_for_times_within_one_per_cent(times, bound):
    over = filled(times).count_over(bound)
    assert sum(t > bound * 1.008 + 1e-6 for t in times) <= over <= sum(t > bound / 1.008 - 1e-6 for t in times)


def test_a_time_equal_to_the_bound_is_not_over_it():
    assert filled([0.3] * 20).count_over(0.3) == 0


def test_the_largest_and_the_smallest_are_exact():
    histogram = filled([0.3, 0.3001, 0.3002, 1.0, 1.0001])
    assert (histogram.quantile(0.0), histogram.quantile(1.0)) == (0.3, 1.0001)
    assert filled([0.3, 0.5]).count_over(0.3) == 1
    assert filled([0.7]).quantile(0.5) == 0.7


def test_a_request_never_answered_is_over_every_bound():
    histogram = filled([0.1] * 98 + [math.inf] * 2)
    assert (histogram.total, histogram.infinite) == (100, 2)
    assert histogram.count_over(1e9) == 2
    assert histogram.quantile(0.98) == 0.1
    assert histogram.quantile(0.99) == math.inf
    assert histogram.mean == pytest.approx(0.1)
    assert histogram.largest == 0.1


def test_an_empty_histogram_has_no_values():
    histogram = Histogram()
    assert math.isnan(histogram.quantile(0.95))
    assert math.isnan(histogram.mean)
    assert (histogram.total, histogram.sum, histogram.count_over(0.0)) == (0, 0.0, 0)
    assert histogram != 0


def test_nan_is_refused_and_changes_nothing():
    histogram = filled([0.1])
    with pytest.raises(ValueError, match="a time is NaN"):
        histogram.record(math.nan)
    assert histogram == filled([0.1])


def test_a_negative_time_counts_as_zero():
    assert filled([-0.5, -math.inf]) == filled([0.0, 0.0])


def test_one_time_can_be_counted_many_times():
    assert filled([0.25] * 1000).quantile(0.5) == 0.25
    many = Histogram()
    many.record(0.25, 1000)
    assert many == filled([0.25] * 1000)


@pytest.mark.parametrize("q", [-0.01, 1.01, math.nan, 95])
def test_a_quantile_outside_zero_to_one_is_refused(q):
    with pytest.raises(ValueError, match="from 0 to 1"):
        filled([1.0]).quantile(q)


def test_p95_of_twenty_is_the_nineteenth():
    # Seven per cent of a hundred is 7.000000000000001 in floats, and must still be the seventh.
    assert filled([n / 1e6 for n in range(1, 21)]).quantile(0.95) == pytest.approx(19e-6, abs=1e-6)
    assert filled([n / 1e6 for n in range(1, 101)]).quantile(0.07) == pytest.approx(7e-6, abs=0.6e-6)


BOUNDS = (0.001, 0.01, 0.1, 0.3, 1.0, 60.0)


def count_into(histogram):
    counts = [0] * (len(BOUNDS) + 1)
    histogram.count_into(BOUNDS, counts)
    return counts


@given(st.lists(TIMES), st.lists(TIMES))
def test_metric_counts_only_grow_and_add_up_to_the_total(before, after):
    histogram = filled(before)
    first = count_into(histogram)
    for seconds in after:
        histogram.record(seconds)
    second = count_into(histogram)
    assert all(a <= b for a, b in zip(first, second, strict=True))
    assert sum(second) == histogram.total == len(before) + len(after)


def test_metric_counts_are_in_the_right_buckets():
    assert count_into(filled([0.0005, 0.005, 0.05, 0.06, 0.2, 0.5, 30.0, 90.0, math.inf])) == [1, 1, 2, 1, 1, 1, 2]


def test_json_is_small_and_damaged_json_is_refused():
    chance = random.Random(1)
    document = filled([chance.lognormvariate(-3, 1) for _ in range(50_000)]).to_json()
    assert len(orjson.dumps(document)) < 5_000
    document["counts"][0] += 1
    with pytest.raises(ValueError, match="do not add up"):
        Histogram.from_json(document)


def test_a_copy_is_independent():
    histogram = filled([0.1])
    twin = histogram.copy()
    twin.record(0.2)
    assert (histogram.total, twin.total) == (1, 2)
    assert histogram == filled([0.1])


def test_the_difference_is_what_was_recorded_later():
    earlier, whole = Histogram(), Histogram()
    for each in (0.001, 0.5, math.inf):
        earlier.record(each)
        whole.record(each)
    for each in (0.2, 0.2, 3.0, math.inf):
        whole.record(each)
    later = whole.difference(earlier)
    assert (later.total, later.infinite) == (4, 1)
    assert later.sum == pytest.approx(3.4)
    assert later.quantile(0.5) == pytest.approx(0.2, rel=0.01)
    assert later.quantile(0.75) == pytest.approx(3.0, rel=0.01)
    assert whole.difference(whole).total == 0


@pytest.mark.parametrize(
    ("response", "service", "parts"),
    [(0.1, 0.09, False), (0.1, 0.05, True), (0.002, 0.001, False), (math.inf, 0.1, True), (math.inf, math.inf, False)],
)
def test_response_and_service_time_differ_visibly(response, service, parts):
    assert differ_visibly(response, service) is parts


@pytest.mark.parametrize("seconds", [0.0, -1.0, 0.000_05, 0.25, 70.0, math.inf])
def test_beside_counts_the_same_times(seconds):
    alone, both, beside = Histogram(), Histogram(), Histogram()
    alone.record(seconds, 3)
    both.record(seconds, 3, beside=beside)
    assert both == beside == alone


@given(st.lists(TIMES))
def test_record_all_counts_like_record(times):
    at_once, once_more, singly = Histogram(), Histogram(), Histogram()
    at_once.record_all(times, beside=once_more)
    for seconds in times:
        singly.record(seconds)
    assert at_once == once_more == singly


def test_record_all_refuses_nan():
    for times in ([math.nan, 1.0], [1.0, math.nan]):
        with pytest.raises(ValueError, match="NaN"):
            Histogram().record_all(times)


# -- exact bounds ------------------------------------------------------------------------------------------------------

CLOSE = st.floats(0.2975, 0.3025)  # the bucket of 300 ms and its neighbours
BOUND = Bounds([0.3, 0.301, 6.0])


def exactly(times, bounds=BOUND):
    histogram = Histogram()
    for seconds in times:
        histogram.record(seconds, bounds=bounds)
    return histogram


@given(st.lists(st.one_of(CLOSE, TIMES)))
def test_the_count_over_one_of_the_bounds_is_exact(times):
    for bound in (0.3, 0.301, 6.0):
        assert exactly(times).count_over(bound) == sum(seconds > bound for seconds in times)


@pytest.mark.parametrize(("took", "over"), [(0.2995, 0), (0.3, 0), (0.300000002, 70), (0.302, 70)])
def test_half_a_millisecond_from_a_bound_is_counted_exactly(took, over):
    histogram = exactly([0.1] * 930 + [took] * 70)
    assert histogram.count_over(0.3) == over
    assert (histogram.quantile(0.95) > 0.3) is (over > 0)


@given(st.lists(st.one_of(CLOSE, TIMES), min_size=1), st.sampled_from([0.3, 0.301]))
def test_an_exact_bound_is_consistent_with_the_quantile(times, bound):
    histogram = exactly(times)
    over = histogram.count_over(bound)
    for q in (0.05, 0.5, 0.95, 0.99, 1.0):
        rank = max(1, math.ceil(round(q * histogram.total, 6)))
        assert (histogram.quantile(q) > bound) is (rank > histogram.total - over)


@given(st.lists(CLOSE), st.lists(CLOSE), st.lists(CLOSE))
def test_divided_buckets_add_up_like_whole_ones(a, b, c):
    merged, other = exactly(a), exactly(b)
    merged.add(other)
    merged.add(exactly(c))
    together = exactly([*a, *b, *c])
    assert merged == together
    assert Histogram.from_json(orjson.loads(orjson.dumps(merged.to_json()))) == together


@given(st.lists(CLOSE))
def test_divided_buckets_are_counted_the_same_by_record_record_all_and_apply_delta(times):
    one, beside, afar, total = Histogram(), Histogram(), Histogram(), Histogram()
    one.record_all(times, beside=beside, bounds=BOUND)
    assert one == beside == exactly(times)
    sent = Histogram()
    afar.apply_delta(one.delta(sent), total)
    one.record_all([0.2999, 0.3005, 0.3011], bounds=BOUND)
    afar.apply_delta(one.delta(sent), total)
    assert afar == total == one


def test_without_the_bound_the_value_of_the_bucket_decides():
    old, new = filled([0.1, *[0.2995] * 3, 0.5]), exactly([0.2995, 0.3001])
    new.add(old)
    assert new.count_over(0.3) == 1 + old.count_over(0.3)


def test_a_metric_divides_the_bucket_at_the_same_bound():
    into = [0, 0, 0]
    exactly([0.2995, 0.2999, 0.3001]).count_into((0.1, 0.3), into)
    assert into == [0, 2, 1]


def test_the_difference_is_exact_at_a_bound_too():
    early, late = exactly([0.2999, 0.3001]), exactly([0.2999, 0.3001, 0.2999, 0.3002, 0.3003])
    assert late.difference(early).count_over(0.3) == 2


@given(st.lists(st.floats(1e-6, 10.0)))
def test_bounds_far_from_all_times_change_nothing(times):
    far = Bounds([50.0])
    one = Histogram()
    one.record_all(times, bounds=far)
    assert one == filled(times)
