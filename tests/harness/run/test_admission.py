import math
from types import SimpleNamespace

import pytest

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


class Door:
    """The admission of a load of one kind (open, searched or closed), and what it did."""

    def __init__(self, kind):
        profile = Profile([RateStage(2.0, 1.0, 1.0)])
        schedule = ProfileSchedule(profile, ArrivalProcess.UNIFORM, 1) if kind == "open" else None
        workload = SimpleNamespace(longest_wait=1.0, schedule=lambda: schedule, kind_of=lambda _: "guest")
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
    door = Door("open")
    virtual_user = door.free_user(100.0)

    assert door.admission.advance(100.0) == 100.5
    assert (door.admission.advance(100.5), virtual_user.moments, door.admission.under_way) == (101.5, [100.5], 1)


def test_a_searched_load_follows_its_levels():
    door = Door("searched")
    assert door.admission.advance(105.0) == math.inf

    door.stepped.extend(2.0, 3.0)

    assert door.stepped.rate == 2.0
    assert door.admission.advance(100.0) == 100.25


def test_levels_without_a_dispatcher_are_only_counted():
    stepped = SteppedArrivals(SteppedSchedule(ArrivalProcess.UNIFORM, 1))
    stepped.extend(2.0, 3.0)
    assert stepped.due_between(0.0, 3.0) == 6


def test_in_a_closed_load_every_free_user_begins_at_once_until_the_load_ends():
    door = Door("closed")
    first, late = door.free_user(103.0), door.free_user(110.0)

    assert (first.moments, late.moments) == ([103.0], [])
    assert (door.admission.under_way, door.counts()) == (1, (1, 0, 0))
    door.admission.begin(first.taken[0], 103.0)
    door.admission.end()
    assert (door.admission.under_way, door.counts()) == (0, (1, 1, 0))


@pytest.mark.parametrize("end", ["stop_arrivals", "close"])
def test_a_closed_load_that_was_stopped_begins_nothing(end):
    door = Door("closed")
    getattr(door.admission, end)()
    assert (door.free_user(104.0).moments, door.counts()) == ([], (0, 0, 0))


@pytest.mark.parametrize("kind", ["open", "searched", "closed"])
def test_each_arrival_is_begun_and_over_or_given_back_and_dropped(kind):
    door = Door(kind)
    if door.stepped is not None:
        door.stepped.extend(1.0, 2.0)
    begun, leaving = door.free_user(100.0), door.free_user(100.0)
    door.admission.advance(109.0)
    assert door.admission.under_way == 2
    door.admission.begin(begun.taken[0], 109.0)
    door.admission.end()
    door.admission.give_back(leaving.taken[0], 109.0)
    door.admission.close()

    assert (door.admission.under_way, door.counts()) == (0, (2, 1, 1))
    assert [arrival.number for arrival in door.dropped] == [leaving.taken[0].arrival.number]


@pytest.mark.parametrize("kind", ["open", "searched"])
def test_a_closed_admission_drops_arrivals_that_wait_and_lets_nothing_in(kind):
    door = Door(kind)
    if door.stepped is not None:
        door.stepped.extend(1.0, 2.0)
    door.admission.advance(100.5)

    door.admission.close()

    assert ([one.due for one in door.dropped], door.counts()) == ([100.5], (1, 0, 1))
    assert door.admission.advance(109.0) == math.inf


def test_stopped_arrivals_still_serve_what_waits():
    door = Door("open")
    door.admission.advance(100.5)
    door.admission.stop_arrivals()

    assert (door.free_user(101.0).moments, door.dropped) == ([100.5], [])
    assert door.admission.advance(102.0) == math.inf
