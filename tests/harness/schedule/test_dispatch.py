import math
from dataclasses import dataclass, field

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase, Window
from harness.schedule.dispatch import Arrival, ArrivalDispatcher, Assignment


@dataclass(eq=False)
class User:
    kind: str = "guest"
    taken: list[Assignment] = field(default_factory=list)

    def take(self, assignment):
        self.taken.append(assignment)

    @property
    def numbers(self):
        return [assignment.arrival.number for assignment in self.taken]


class Door:
    """Pacing with a clock in the test's hand."""

    def __init__(self, due, kind_of=lambda number: "guest", longest_wait=5.0):
        self.recorder = Recorder(Window(0.0, 0.0, 1000.0))
        self.dropped: list[Arrival] = []
        self.dispatcher = ArrivalDispatcher(enumerate(due), kind_of, longest_wait, self.recorder, self.dropped.append)

    @property
    def counts(self):
        arrivals = self.recorder.arrivals[Phase.STEADY]
        assert arrivals.offered == arrivals.started + arrivals.dropped + arrivals.waiting
        return arrivals.offered, arrivals.started, arrivals.dropped


def test_nothing_is_released_before_it_is_due():
    door = Door([1.0, 2.0])
    user = User()
    door.dispatcher.wait_for_arrival(user, 0.0)
    assert door.dispatcher.advance(0.999) == 1.0
    assert user.taken == []
    assert door.dispatcher.advance(1.0) == 2.0
    assert user.numbers == [0]


def test_the_user_who_became_free_last_goes_first_so_that_a_small_pool_stays_warm():
    door = Door([1.0])
    early, late = User(), User()
    door.dispatcher.wait_for_arrival(early, 0.0)
    door.dispatcher.wait_for_arrival(late, 0.5)
    door.dispatcher.advance(1.0)
    assert (early.numbers, late.numbers) == ([], [0])


def test_an_arrival_that_finds_nobody_waits_and_the_first_in_line_is_the_first_served():
    door = Door([1.0, 1.1])
    door.dispatcher.advance(1.2)
    assert door.dispatcher.waiting == 2
    user = User()
    door.dispatcher.wait_for_arrival(user, 2.0)
    door.dispatcher.wait_for_arrival(user, 3.0)
    assert user.numbers == [0, 1]
    assert [assignment.free_since for assignment in user.taken] == [2.0, 3.0]


def test_a_new_arrival_does_not_overtake_those_who_wait_for_another_kind():
    door = Door([1.0, 1.1], kind_of=["guest", "returning"].__getitem__)
    returning = User("returning")
    door.dispatcher.wait_for_arrival(returning, 0.0)
    door.dispatcher.advance(1.2)
    assert returning.numbers == [1]
    assert door.dispatcher.waiting == 1


def test_who_waited_too_long_is_dropped_and_counted_once():
    door = Door([1.0], longest_wait=5.0)
    assert door.dispatcher.advance(1.0) == 6.0
    assert door.dispatcher.advance(5.99) == 6.0
    assert door.dispatcher.advance(6.0) == math.inf
    assert [arrival.number for arrival in door.dropped] == [0]
    assert door.counts == (1, 0, 1)
    assert door.dispatcher.released_all


def test_lateness_of_our_own_is_told_apart_from_waiting_for_a_user():
    door = Door([1.0, 2.0])
    user = User()
    door.dispatcher.wait_for_arrival(user, 0.0)
    door.dispatcher.advance(1.0)
    door.dispatcher.begin(user.taken[0], 1.03)  # free all along, woken 30 ms late: ours
    door.dispatcher.advance(2.0)
    door.dispatcher.wait_for_arrival(user, 2.5)  # free half a second after it was due: waiting
    door.dispatcher.begin(user.taken[1], 2.51)  # and 10 ms of our own
    assert math.isclose(door.recorder.lateness.sum, 0.03 + 0.01, rel_tol=0.02)
    assert math.isclose(door.recorder.waits.sum, 0.5, rel_tol=0.02)


def test_a_user_who_leaves_is_given_nothing_more():
    door = Door([1.0])
    gone, there = User(), User()
    door.dispatcher.wait_for_arrival(there, 0.0)
    door.dispatcher.wait_for_arrival(gone, 0.1)
    door.dispatcher.withdraw(gone)
    door.dispatcher.advance(1.0)
    assert (gone.numbers, there.numbers) == ([], [0])


def test_an_arrival_given_back_goes_to_the_next_free_user_or_to_the_head_of_the_line():
    door = Door([1.0, 1.5])
    first, second = User(), User()
    door.dispatcher.wait_for_arrival(first, 0.0)
    door.dispatcher.advance(1.6)
    door.dispatcher.give_back(first.taken[0], 1.7)
    assert door.dispatcher.under_way == 0
    door.dispatcher.wait_for_arrival(second, 1.8)
    assert second.numbers == [0]
    assert door.dispatcher.under_way == 1


def test_closing_drops_whoever_waits_and_lets_nobody_else_in():
    door = Door([1.0, 9.0])
    door.dispatcher.advance(1.0)
    door.dispatcher.close()
    assert door.dispatcher.advance(10.0) == math.inf
    assert door.counts == (1, 0, 1)


def test_offered_is_started_dropped_and_waiting_all_the_way_through_a_rush():
    door = Door([k * 0.01 for k in range(500)], longest_wait=0.3)
    users = [User() for _ in range(3)]
    busy: list[tuple[float, User]] = []
    for user in users:
        door.dispatcher.wait_for_arrival(user, 0.0)
    begun = set()
    for step in range(800):
        now = step * 0.01
        for end, user in [one for one in busy if one[0] <= now]:
            busy.remove((end, user))
            door.dispatcher.end()
            door.dispatcher.wait_for_arrival(user, now)
        door.dispatcher.advance(now)
        for user in users:
            for assignment in user.taken:
                if assignment.arrival.number not in begun:
                    begun.add(assignment.arrival.number)
                    door.dispatcher.begin(assignment, now)
                    busy.append((now + 0.05, user))
        offered, started, dropped = door.counts
        assert offered - started - dropped == door.dispatcher.waiting
    assert door.dispatcher.released_all
    assert len(begun) == started > 250
    assert dropped == len(door.dropped) > 50
