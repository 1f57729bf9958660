"""Every arrival goes to one worker, in proportion to its users."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.schedule.arrivals import ArrivalProcess, Profile, ProfileSchedule, RateStage
from harness.schedule.partition import Partition, partitions, spread_evenly

KINDS = ("guest", "guest", "returning", "guest", "abandoning")


def kind_of(number):
    return KINDS[(number * 7 + number // 3) % len(KINDS)]


def schedule():
    return ProfileSchedule(Profile([RateStage(10, 5, 40), RateStage(5, 40, 40)]), ArrivalProcess.POISSON, 3)


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_the_partitions_of_any_number_of_workers_add_up_to_the_schedule(workers):
    users = [{"guest": 3, "returning": 1 + worker % 2, "abandoning": 1} for worker in range(workers)]
    dealt = [list(share.of(schedule(), kind_of)) for share in partitions(users)]
    assert sorted(arrival for part in dealt for arrival in part) == list(enumerate(schedule()))


def test_a_worker_without_users_of_a_kind_gets_none_of_its_arrivals():
    users = [{"guest": 2, "abandoning": 1}, {"guest": 2, "abandoning": 0}, {"guest": 1}]
    dealt = [Counter(kind_of(number) for number, _ in share.of(schedule(), kind_of)) for share in partitions(users)]
    assert dealt[1]["abandoning"] == dealt[2]["abandoning"] == 0
    assert dealt[0]["abandoning"] > 0


def test_a_worker_with_twice_the_users_gets_twice_the_arrivals():
    dealt = [
        sum(1 for _ in share.of([0.0] * 900, lambda _: "guest")) for share in partitions([{"guest": 20}, {"guest": 10}])
    ]
    assert dealt == [600, 300]


def test_arrivals_of_a_kind_without_users_still_go_to_workers():
    dealt = [
        list(share.of([1.0, 2.0, 3.0], lambda _: "returning")) for share in partitions([{"guest": 1}, {"guest": 1}])
    ]
    assert sorted(number for part in dealt for number, _ in part) == [0, 1, 2]


@given(st.lists(st.dictionaries(st.sampled_from(sorted(set(KINDS))), st.integers(0, 9)), min_size=1, max_size=9))
def test_every_arrival_goes_to_exactly_one_worker(users):
    dealt = [number for share in partitions(users) for number, _ in share.of(range(200), kind_of)]
    assert sorted(dealt) == list(range(200))


def test_workers_of_a_closed_load_never_make_the_same_journey():
    shares = partitions([{"guest": 1}] * 3)
    assert sorted(share.number(own) for share in shares for own in range(4)) == list(range(12))


def test_a_partition_survives_being_sent_as_json():
    share = partitions([{"guest": 2}, {"guest": 1, "returning": 4}])[1]
    assert Partition.from_json(share.to_json()) == share
    assert Partition.from_json(Partition().to_json()) == Partition()


def test_names_are_mixed_evenly():
    assert spread_evenly({"a": 2, "b": 1, "c": 0}) == ["a", "b", "a"]
    assert spread_evenly({1: 1, 0: 1}) == [0, 1]
