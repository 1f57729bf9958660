"""The simulated shop agrees with queueing theory."""

import math
import random
from statistics import fmean

import pytest
from simulator import (
    Counter,
    Freeze,
    erlang_c,
    exponential,
    lognormal,
    paced,
    poisson,
    queue,
    stay_exceeded_by,
    tail,
)

from harness.measurement.sample import Window


@pytest.mark.parametrize(
    ("servers", "load", "share"), [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (5, 4.0, 0.5541), (10, 8.0, 0.4092)]
)
def test_erlang_c_agrees_with_the_textbook(servers, load, share):
    assert erlang_c(servers, load) == pytest.approx(share, abs=1e-4)


def test_the_tail_of_a_single_server_is_exponential():
    for t in (0.0, 0.1, 1.0, 3.0):
        assert tail(t, 1, 3.0, 5.0) == pytest.approx(math.exp(-2.0 * t))


def test_the_tail_is_continuous_where_its_two_parts_meet():
    # With two servers and a load of exactly one, wait and service have the same rate.
    near, at = tail(0.7, 2, 1.0 - 1e-6, 1.0), tail(0.7, 2, 1.0, 1.0)
    assert near == pytest.approx(at, abs=1e-5)


def test_a_bound_is_exceeded_by_its_share():
    bound = stay_exceeded_by(0.05, 8, 64.0, 10.0)
    assert tail(bound, 8, 64.0, 10.0) == pytest.approx(0.05)


@pytest.mark.parametrize(("servers", "use"), [(1, 0.6), (2, 0.7), (8, 0.8)])
def test_the_simulated_tail_agrees_with_the_formula(servers, use):
    chance, service = random.Random(1), 10.0
    arrivals = use * servers * service
    moments = list(poisson(arrivals, 60_000 / arrivals, chance))
    stays = queue(moments, exponential(1 / service, chance), Counter(servers))
    for share in (0.5, 0.2, 0.05):
        bound = stay_exceeded_by(share, servers, arrivals, service)
        assert fmean(stay > bound for stay in stays) == pytest.approx(share, rel=0.12)


def test_arrivals_form_a_poisson_process():
    moments = list(poisson(50.0, 200.0, random.Random(2)))
    per_second = [0] * 200
    for moment in moments:
        per_second[int(moment)] += 1
    mean = fmean(per_second)
    assert mean == pytest.approx(50, abs=2)
    assert fmean((n - mean) ** 2 for n in per_second) / mean == pytest.approx(1.0, abs=0.3)


def test_lognormal_times_have_the_requested_mean():
    draw = lognormal(0.05, 0.5, random.Random(3))
    assert fmean(draw() for _ in range(20_000)) == pytest.approx(0.05, rel=0.02)


@pytest.mark.parametrize(
    ("moment", "work", "done", "why"),
    [
        (1.0, 2.0, 3.0, "done before the freeze"),
        (9.0, 2.0, 14.0, "caught in the middle of its work"),
        (11.0, 2.0, 15.0, "came during the freeze"),
        (10.0, 2.0, 15.0, "came just as it froze"),
        (13.0, 2.0, 15.0, "came just as it thawed"),
        (20.0, 2.0, 22.0, "came after it"),
    ],
)
def test_a_freeze_stops_all_work_and_loses_none(moment, work, done, why):
    assert Counter(1, Freeze(10.0, 3.0)).serve(moment, work) == done, why


def test_customers_are_served_in_order_by_the_first_free_server():
    counter = Counter(2)
    assert [counter.serve(0.0, 5.0), counter.serve(1.0, 1.0), counter.serve(1.5, 1.0), counter.serve(6.0, 1.0)] == [
        5.0,
        2.0,
        3.0,
        7.0,
    ]


def test_unlimited_users_measure_the_queue_itself():
    chance = random.Random(4)
    moments = list(poisson(20.0, 60.0, chance))
    work = [chance.expovariate(10.0) for _ in moments]
    counter = Counter(3)
    truth = [counter.serve(moment, took) - moment for moment, took in zip(moments, work, strict=True)]
    recorder = paced(
        list(enumerate(moments)), work, users=len(moments), counter=Counter(3), window=Window(0.0, 0.0, 60.0)
    )
    (cell,) = recorder.journeys.values()
    assert cell.response.total == len(moments)
    assert cell.response.mean == pytest.approx(fmean(truth), abs=1e-6)
    assert cell.response.largest == pytest.approx(max(truth))


def test_arrivals_without_a_user_are_dropped_after_their_wait():
    recorder = paced(
        [(0, 0.0), (1, 0.1), (2, 0.2)],
        [10.0, 1.0, 1.0],
        users=1,
        counter=Counter(1),
        window=Window(0.0, 0.0, 1.0),
        longest_wait=2.0,
    )
    ends = {key.outcome: cell.response.total for key, cell in recorder.journeys.items()}
    assert ends == {"ok": 1, "dropped": 2}
