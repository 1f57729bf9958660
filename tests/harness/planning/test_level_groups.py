"""Only levels of nearly the same rate are grouped."""

from dataclasses import replace

from harness.planning.level_groups import group_by_rate, group_by_source, middle
from harness.planning.load_levels import LoadLevel

ONE = LoadLevel(
    source="a track",
    rate=10.0,
    throughput=10.0,
    orders=9.0,
    pages=90.0,
    in_shop=2.0,
    in_flight=5.0,
    journey_time={},
    page_time={},
    kept=None,
)


def at(*rates, **known):
    return [replace(ONE, rate=rate, **known) for rate in rates]


def rates(groups):
    return [[level.rate for level in group] for group in groups]


def test_a_group_spans_a_limited_range_of_rates():
    assert rates(group_by_rate(at(10.7, 10.0, 11.4, 20.0, 10.3))) == [[10.0, 10.3, 10.7], [11.4], [20.0]]
    assert rates(group_by_rate([])) == []


def test_levels_of_another_kind_are_not_grouped():
    levels = [*at(10.0, 10.2), *at(10.1, kept=False), *at(10.1, source="b"), *at(10.1, instances=2)]
    groups = list(group_by_source(levels))
    assert sorted(len(group) for group in groups) == [1, 1, 1, 2]
    assert all(len({(one.source, one.instances, one.kept) for one in group}) == 1 for group in groups)


def test_an_unknown_number_of_instances_counts_as_one():
    assert rates(group_by_source([*at(10.0), *at(10.1, instances=1)])) == [[10.0, 10.1]]


def test_one_unusual_level_does_not_change_the_median():
    assert middle([1.0, 2.0, 900.0]) == 2.0
