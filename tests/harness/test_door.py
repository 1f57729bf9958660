import math
from types import SimpleNamespace

import pytest

from harness.arrivals import ArrivalProcess, Profile, Schedule, Stage
from harness.door import Door
from harness.levels import Levels
from harness.recorder import Recorder
from harness.sample import Window
from harness.share import Share

WINDOW = Window(100.0, 100.0, 110.0)


class Seat:
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
        levels=lambda: Levels(ArrivalProcess.UNIFORM, 1),
        **changes,
    )


def a_door(kind):
    load = workload()
    if kind == "open":
        load.schedule = lambda: Schedule(Profile([Stage(2.0, 1.0, 1.0)]), ArrivalProcess.UNIFORM, 1)
    load.search = object() if kind == "searched" else None
    recorder, dropped = Recorder(WINDOW), []
    return Door(load, recorder, dropped.append), recorder, dropped


def offered(recorder):
    return sum(arrivals.offered for arrivals in recorder.arrivals.values())


def test_who_came_before_the_door_was_open_is_given_back_to_be_parked_again():
    door, _, _ = a_door("open")
    seat, left = Seat(), Seat()
    door.park(seat, 99.0)
    door.park(left, 99.0)
    door.withdraw(left)

    assert door.open(WINDOW, Share()) == [seat]


def test_an_open_load_comes_on_its_schedule():
    door, _, _ = a_door("open")
    door.open(WINDOW, Share())
    seat = Seat()
    door.park(seat, 100.0)

    assert door.advance(100.0) == 100.5
    assert (door.advance(100.5), seat.moments, door.under_way) == (101.5, [100.5], 1)


def test_a_load_whose_rate_is_searched_for_comes_as_it_is_let_in():
    door, _, _ = a_door("searched")
    door.open(WINDOW, Share())
    assert door.advance(105.0) == math.inf

    door.let_in(2.0, 3.0)

    assert door.rate(1.0) == 2.0
    assert door.advance(100.0) == 100.25


def test_in_a_closed_load_every_free_user_sets_out_until_it_is_closing_or_over():
    door, recorder, _ = a_door("closed")
    door.open(WINDOW, Share())
    seats = [Seat() for _ in range(3)]
    door.park(seats[0], 103.0)
    door.park(seats[1], 104.0, closing=True)
    door.park(seats[2], 110.0)

    assert [seat.moments for seat in seats] == [[103.0], [], []]
    assert (door.under_way, offered(recorder)) == (1, 1)
    door.end()
    assert door.under_way == 0


@pytest.mark.parametrize("kind", ["open", "searched"])
def test_a_closed_door_drops_who_waits_and_lets_nobody_in(kind):
    door, recorder, dropped = a_door(kind)
    door.open(WINDOW, Share())
    door.let_in(1.0, 2.0)
    door.advance(100.5)

    door.close()

    assert ([one.due for one in dropped], offered(recorder)) == ([100.5], 1)
    assert door.advance(109.0) == math.inf


def test_a_door_that_is_shut_still_serves_who_waits():
    door, _, dropped = a_door("open")
    door.open(WINDOW, Share())
    door.advance(100.5)
    door.shut()
    seat = Seat()
    door.park(seat, 101.0)

    assert (seat.moments, dropped, door.advance(102.0)) == ([100.5], [], math.inf)
