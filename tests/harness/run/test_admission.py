import math
from types import SimpleNamespace

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.run.admission import Admission
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


def workload(**changes):
    return SimpleNamespace(
        search=None,
        longest_wait=1.0,
        schedule=lambda: None,
        kind_of=lambda _: "guest",
        rate=lambda _: 0.0,
        stepped_schedule=lambda: SteppedSchedule(ArrivalProcess.UNIFORM, 1),
        **changes,
    )


def a_door(kind):
    load = workload()
    if kind == "open":
        load.schedule = lambda: ProfileSchedule(Profile([RateStage(2.0, 1.0, 1.0)]), ArrivalProcess.UNIFORM, 1)
    load.search = object() if kind == "searched" else None
    recorder, dropped = Recorder(WINDOW), []
    return Admission(load, recorder, dropped.append), recorder, dropped


def offered(recorder):
    return sum(arrivals.offered for arrivals in recorder.arrivals.values())


def test_who_came_before_the_door_was_open_is_given_back_to_be_parked_again():
    admission, _, _ = a_door("open")
    virtual_user, left = VirtualUser(), VirtualUser()
    admission.wait_for_arrival(virtual_user, 99.0)
    admission.wait_for_arrival(left, 99.0)
    admission.withdraw(left)

    assert admission.open(WINDOW, Partition()) == [virtual_user]


def test_an_open_load_comes_on_its_schedule():
    admission, _, _ = a_door("open")
    admission.open(WINDOW, Partition())
    virtual_user = VirtualUser()
    admission.wait_for_arrival(virtual_user, 100.0)

    assert admission.advance(100.0) == 100.5
    assert (admission.advance(100.5), virtual_user.moments, admission.under_way) == (101.5, [100.5], 1)


def test_a_load_whose_rate_is_searched_for_comes_as_it_is_let_in():
    admission, _, _ = a_door("searched")
    admission.open(WINDOW, Partition())
    assert admission.advance(105.0) == math.inf

    admission.extend_schedule(2.0, 3.0)

    assert admission.rate(1.0) == 2.0
    assert admission.advance(100.0) == 100.25


def test_in_a_closed_load_every_free_user_sets_out_until_it_is_closing_or_over():
    admission, recorder, _ = a_door("closed")
    admission.open(WINDOW, Partition())
    virtual_users = [VirtualUser() for _ in range(3)]
    admission.wait_for_arrival(virtual_users[0], 103.0)
    admission.wait_for_arrival(virtual_users[1], 104.0, closing=True)
    admission.wait_for_arrival(virtual_users[2], 110.0)

    assert [virtual_user.moments for virtual_user in virtual_users] == [[103.0], [], []]
    assert (admission.under_way, offered(recorder)) == (1, 1)
    admission.end()
    assert admission.under_way == 0


@pytest.mark.parametrize("kind", ["open", "searched"])
def test_a_closed_door_drops_who_waits_and_lets_nobody_in(kind):
    admission, recorder, dropped = a_door(kind)
    admission.open(WINDOW, Partition())
    admission.extend_schedule(1.0, 2.0)
    admission.advance(100.5)

    admission.close()

    assert ([one.due for one in dropped], offered(recorder)) == ([100.5], 1)
    assert admission.advance(109.0) == math.inf


def test_a_door_that_is_shut_still_serves_who_waits():
    admission, _, dropped = a_door("open")
    admission.open(WINDOW, Partition())
    admission.advance(100.5)
    admission.stop_arrivals()
    virtual_user = VirtualUser()
    admission.wait_for_arrival(virtual_user, 101.0)

    assert (virtual_user.moments, dropped, admission.advance(102.0)) == ([100.5], [], math.inf)
