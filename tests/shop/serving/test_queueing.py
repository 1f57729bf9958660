from __future__ import annotations

import math
import random
from statistics import fmean

import pytest

from shop.contract import Page
from shop.serving.queueing import Freeze, QueueFull, Workers, draw_service_time, mean_service_time
from shop.settings import ServiceSettings


def erlang_b(servers, load):
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked


def erlang_c(servers, load):
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


def waits(workers, rate, service, n, seed):
    """The waiting times of a Poisson stream of customers, ``None`` for those who were sent away."""
    rng = random.Random(seed)
    now, found = 0.0, []
    for _ in range(n):
        now += rng.expovariate(rate)
        duration = draw_service_time(service, Page.BASKET, rng)
        try:
            found.append(workers.admit(now, duration) - duration - now)
        except QueueFull:
            found.append(None)
    return found


@pytest.mark.parametrize(("servers", "load"), [(1, 0.6), (3, 2.1), (8, 6.4)])
def test_the_queue_follows_mmc(servers, load):
    """Mean wait and the share who wait, as Erlang's formula has them."""
    service = ServiceSettings(default=0.1, distribution="exponential")
    found = waits(Workers(servers, None), load / 0.1, service, 150_000, 1)
    share_waiting = erlang_c(servers, load)
    assert fmean(wait > 1e-12 for wait in found) == pytest.approx(share_waiting, rel=0.03)
    assert fmean(found) == pytest.approx(share_waiting * 0.1 / (servers - load), rel=0.06)


@pytest.mark.parametrize(
    ("distribution", "variation"), [("constant", 0.0), ("lognormal", math.exp(0.8**2) - 1), ("exponential", 1.0)]
)
def test_one_worker_follows_mg1(distribution, variation):
    """Mean wait by Pollaczek and Khinchine; ``variation`` is the squared coefficient of variation."""
    service = ServiceSettings(default=0.1, distribution=distribution, sigma=0.8)
    found = waits(Workers(1, None), 6.0, service, 200_000, 2)
    assert fmean(found) == pytest.approx(0.6 / 0.4 * (1 + variation) / 2 * 0.1, rel=0.06)


def test_without_a_queue_losses_follow_erlang():
    service = ServiceSettings(default=0.1, distribution="lognormal", sigma=1.0)
    found = waits(Workers(4, 0), 30.0, service, 100_000, 3)
    assert fmean(wait is None for wait in found) == pytest.approx(erlang_b(4, 3.0), rel=0.04)
    assert all(wait == pytest.approx(0) for wait in found if wait is not None)


@pytest.mark.parametrize("distribution", ["constant", "exponential", "lognormal"])
def test_service_times_have_the_set_mean(distribution):
    settings = ServiceSettings(default=0.02, distribution=distribution, pages={"BinNumberPage": 0.05})
    rng = random.Random(4)
    drawn = [draw_service_time(settings, Page.BIN_NUMBER, rng) for _ in range(50_000)]
    assert fmean(drawn) == pytest.approx(0.05, rel=0.02)


def test_service_times_are_by_page_or_default_and_0_for_the_bank():
    settings = ServiceSettings(default=0.02, pages={"BinNumberPage": 0.0})
    assert mean_service_time(settings, Page.BASKET) == 0.02
    assert mean_service_time(settings, Page.BIN_NUMBER) == 0.0
    assert mean_service_time(settings, Page.BANK) == 0.0
    assert mean_service_time(ServiceSettings(pages={"Bank": 1.0}), Page.BANK) == 1.0


def test_requests_are_served_in_order_of_arrival():
    workers = Workers(2, 2)
    assert [workers.admit(0.0, 1.0) for _ in range(4)] == [1.0, 1.0, 2.0, 2.0]
    assert workers.waiting(0.5) == 2
    with pytest.raises(QueueFull):
        workers.admit(0.5, 1.0)
    assert workers.waiting(1.0) == 0
    assert workers.admit(1.0, 0.5) == 2.5
    assert workers.admit(9.0, 0.5) == 9.5


def test_unlimited_workers_never_make_a_request_wait():
    workers = Workers(None, None)
    assert [workers.admit(0.0, 1.0) for _ in range(100)] == [1.0] * 100


def test_a_new_number_of_workers_keeps_admitted_departures():
    workers = Workers(1, None)
    assert [workers.admit(0.0, 1.0) for _ in range(3)] == [1.0, 2.0, 3.0]
    workers.resize(2, None)
    assert workers.admit(0.0, 1.0) == 1.0
    workers.resize(1, 0)
    with pytest.raises(QueueFull):
        workers.admit(2.5, 1.0)
    assert workers.admit(3.0, 1.0) == 4.0
    workers.resize(None, None)
    assert workers.admit(3.0, 1.0) == 4.0


@pytest.mark.parametrize(
    ("count", "arrivals", "ends"),
    [
        # From 10 to 13 nothing moves: requests in service stand still, new ones wait, and all go on together.
        (None, [8.0, 9.5, 10.0, 12.9, 13.0], [9.0, 13.5, 14.0, 14.0, 14.0]),
        (1, [8.0, 9.5, 10.0, 12.9, 13.0], [9.0, 13.5, 14.5, 15.5, 16.5]),
    ],
)
def test_no_work_is_done_in_a_freeze(count, arrivals, ends):
    workers = Workers(count, None)
    workers.freeze(Freeze(10.0, 13.0))
    assert [workers.admit(moment, 1.0) for moment in arrivals] == ends


def test_unlimited_workers_freeze_too():
    workers = Workers(None, None)
    workers.freeze(Freeze(10.0, 13.0))
    assert [workers.admit(moment, 0.0) for moment in (9.9, 10.0, 12.9, 13.0)] == [9.9, 13.0, 13.0, 13.0]


def test_requests_in_a_freeze_wait_in_the_queue():
    workers = Workers(1, 2)
    workers.freeze(Freeze(10.0, 13.0))
    workers.admit(10.0, 1.0)
    workers.admit(10.1, 1.0)
    with pytest.raises(QueueFull):
        workers.admit(10.2, 1.0)
