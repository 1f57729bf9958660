import math

import pytest
from workloads import FakeWorkload

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.run.admission import NotYetOpen, SteppedArrivals, open_admission
from harness.schedule.arrivals import ArrivalProcess, Profile, ProfileSchedule, RateStage
from harness.schedule.partition import Partition
from harness.schedule.stepped import SteppedSchedule

WINDOW = Window(100.0, 100.0, 110.0)


class VirtualUser:
    kind = "guest"

    def __init__(self):
        self.taken = []

    def take(self, assignment):
        self.taken.append(assignment)

    @property
    def moments(self):
        return [one.arrival.due for one in self.taken]


class Opened:
    """The admission of a load of one kind (open, searched or closed), and what it did."""

    def __init__(self, kind):
        profile = Profile([RateStage(2.0, 1.0, 1.0)])
        schedule = ProfileSchedule(profile, ArrivalProcess.UNIFORM, 1) if kind == "open" else None
        workload = FakeWorkload(trace=schedule)
        self.stepped = None
        if kind == "searched":
            self.stepped = SteppedArrivals(SteppedSchedule(ArrivalProcess.UNIFORM, 1))
        self.recorder, self.dropped = Recorder(WINDOW), []
        self.admission = open_admission(workload, Partition(), self.recorder, self.dropped.append, self.stepped)

    def counts(self):
        rows = self.recorder.arrivals.values()
        return tuple(sum(getattr(row, name) for row in rows) for name in ("offered", "started", "dropped"))

    def free_user(self, now):
        user = VirtualUser()
        self.admission.wait_for_arrival(user, now)
        return user


def test_users_that_are_free_before_the_load_starts_are_kept():
    early, virtual_user, left = NotYetOpen(), VirtualUser(), VirtualUser()
    early.wait_for_arrival(virtual_user, 99.0)
    early.wait_for_arrival(left, 99.0)
    early.withdraw(left)

    assert early.users == [virtual_user]
    assert (early.under_way, early.advance(200.0)) == (0, math.inf)


def test_an_open_load_comes_on_its_schedule():
    opened = Opened("open")
    virtual_user = opened.free_user(100.0)

    assert opened.admission.advance(100.0) == 100.5
    assert (opened.admission.advance(100.5), virtual_user.moments, opened.admission.under_way) == (101.5, [100.5], 1)


def test_a_searched_load_follows_its_levels():
    opened = Opened("searched")
    assert opened.admission.advance(105.0) == math.inf

    opened.stepped.extend(2.0, 3.0)

    assert opened.stepped.rate == 2.0
    assert opened.admission.advance(100.0) == 100.25


def test_levels_without_a_dispatcher_are_only_counted():
    stepped = SteppedArrivals(SteppedSchedule(ArrivalProcess.UNIFORM, 1))
    stepped.extend(2.0, 3.0)
    assert stepped.due_between(0.0, 3.0) == 6


def test_in_a_closed_load_every_free_user_begins_at_once_until_the_load_ends():
    opened = Opened("closed")
    first, late = opened.free_user(103.0), opened.free_user(110.0)

    assert (first.moments, late.moments) == ([103.0], [])
    assert (opened.admission.under_way, opened.counts()) == (1, (1, 0, 0))
    opened.admission.begin(first.taken[0], 103.0)
    opened.admission.end()
    assert (opened.admission.under_way, opened.counts()) == (0, (1, 1, 0))


@pytest.mark.parametrize("end", ["stop_arrivals", "close"])
def test_a_closed_load_that_was_stopped_begins_nothing(end):
    opened = Opened("closed")
    getattr(opened.admission, end)()
    assert (opened.free_user(104.0).moments, opened.counts()) == ([], (0, 0, 0))


@pytest.mark.parametrize("kind", ["open", "searched", "closed"])
def test_each_arrival_is_begun_and_over_or_given_back_and_dropped(kind):
    opened = Opened(kind)
    if opened.stepped is not None:
        opened.stepped.extend(1.0, 2.0)
    begun, leaving = opened.free_user(100.0), opened.free_user(100.0)
    opened.admission.advance(109.0)
    assert opened.admission.under_way == 2
    opened.admission.begin(begun.taken[0], 109.0)
    opened.admission.end()
    opened.admission.give_back(leaving.taken[0], 109.0)
    opened.admission.close()

    assert (opened.admission.under_way, opened.counts()) == (0, (2, 1, 1))
    assert [arrival.number for arrival in opened.dropped] == [leaving.taken[0].arrival.number]


@pytest.mark.parametrize("kind", ["open", "searched"])
def test_a_closed_admission_drops_arrivals_that_wait_and_lets_nothing_in(kind):
    opened = Opened(kind)
    if opened.stepped is not None:
        opened.stepped.extend(1.0, 2.0)
    opened.admission.advance(100.5)

    opened.admission.close()

    assert ([one.due for one in opened.dropped], opened.counts()) == ([100.5], (1, 0, 1))
    assert opened.admission.advance(109.0) == math.inf


def test_stopped_arrivals_still_serve_what_waits():
    opened = Opened("open")
    opened.admission.advance(100.5)
    opened.admission.stop_arrivals()

    assert (opened.free_user(101.0).moments, opened.dropped) == ([100.5], [])
    assert opened.admission.advance(102.0) == math.inf
