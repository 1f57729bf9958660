"""Free users take arrivals at their due moments, and every delay is recorded."""

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


class Dispatching:
    """A dispatcher whose clock the test sets."""

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
    dispatching = Dispatching([1.0, 2.0])
    user = User()
    dispatching.dispatcher.wait_for_arrival(user, 0.0)
    assert dispatching.dispatcher.advance(0.999) == 1.0
    assert user.taken == []
    assert dispatching.dispatcher.advance(1.0) == 2.0
    assert user.numbers == [0]


def test_the_user_that_became_free_last_goes_first():
    dispatching = Dispatching([1.0])
    early, late = User(), User()
    dispatching.dispatcher.wait_for_arrival(early, 0.0)
    dispatching.dispatcher.wait_for_arrival(late, 0.5)
    dispatching.dispatcher.advance(1.0)
    assert (early.numbers, late.numbers) == ([], [0])


def test_arrivals_without_a_free_user_wait_and_are_served_in_order():
    dispatching = Dispatching([1.0, 1.1])
    dispatching.dispatcher.advance(1.2)
    assert dispatching.dispatcher.waiting == 2
    user = User()
    dispatching.dispatcher.wait_for_arrival(user, 2.0)
    dispatching.dispatcher.wait_for_arrival(user, 3.0)
    assert user.numbers == [0, 1]
    assert [assignment.free_since for assignment in user.taken] == [2.0, 3.0]


def test_an_arrival_is_served_while_one_of_another_kind_waits():
    dispatching = Dispatching([1.0, 1.1], kind_of=["guest", "returning"].__getitem__)
    returning = User("returning")
    dispatching.dispatcher.wait_for_arrival(returning, 0.0)
    dispatching.dispatcher.advance(1.2)
    assert returning.numbers == [1]
    assert dispatching.dispatcher.waiting == 1


def test_an_arrival_that_waited_too_long_is_dropped_and_counted_once():
    dispatching = Dispatching([1.0], longest_wait=5.0)
    assert dispatching.dispatcher.advance(1.0) == 6.0
    assert dispatching.dispatcher.advance(5.99) == 6.0
    assert dispatching.dispatcher.advance(6.0) == math.inf
    assert [arrival.number for arrival in dispatching.dropped] == [0]
    assert dispatching.counts == (1, 0, 1)
    assert dispatching.dispatcher.advance(1e6) == math.inf
    assert not dispatching.dispatcher.waiting


def test_our_own_lateness_and_waiting_for_a_user_are_recorded_separately():
    dispatching = Dispatching([1.0, 2.0])
    user = User()
    dispatching.dispatcher.wait_for_arrival(user, 0.0)
    dispatching.dispatcher.advance(1.0)
    dispatching.dispatcher.begin(user.taken[0], 1.03)  # free all along, woken 30 ms late: ours
    dispatching.dispatcher.advance(2.0)
    dispatching.dispatcher.wait_for_arrival(user, 2.5)  # free half a second after it was due: waiting
    dispatching.dispatcher.begin(user.taken[1], 2.51)  # and 10 ms of our own
    assert math.isclose(dispatching.recorder.lateness.sum, 0.03 + 0.01, rel_tol=0.02)
    assert math.isclose(dispatching.recorder.waits.sum, 0.5, rel_tol=0.02)


def test_a_withdrawn_user_gets_no_arrival():
    dispatching = Dispatching([1.0])
    gone, there = User(), User()
    dispatching.dispatcher.wait_for_arrival(there, 0.0)
    dispatching.dispatcher.wait_for_arrival(gone, 0.1)
    dispatching.dispatcher.withdraw(gone)
    dispatching.dispatcher.advance(1.0)
    assert (gone.numbers, there.numbers) == ([], [0])


def test_an_arrival_given_back_goes_to_the_head_of_the_queue():
    dispatching = Dispatching([1.0, 1.5])
    first, second = User(), User()
    dispatching.dispatcher.wait_for_arrival(first, 0.0)
    dispatching.dispatcher.advance(1.6)
    dispatching.dispatcher.give_back(first.taken[0], 1.7)
    assert dispatching.dispatcher.under_way == 0
    dispatching.dispatcher.wait_for_arrival(second, 1.8)
    assert second.numbers == [0]
    assert dispatching.dispatcher.under_way == 1


def test_closing_drops_waiting_arrivals_and_releases_no_more():
    dispatching = Dispatching([1.0, 9.0])
    dispatching.dispatcher.advance(1.0)
    dispatching.dispatcher.close()
    assert dispatching.dispatcher.advance(10.0) == math.inf
    assert dispatching.counts == (1, 0, 1)


def test_offered_is_started_plus_dropped_plus_waiting_throughout_a_rush():
    dispatching = Dispatching([k * 0.01 for k in range(500)], longest_wait=0.3)
    users = [User() for _ in range(3)]
    busy: list[tuple[float, User]] = []
    for user in users:
        dispatching.dispatcher.wait_for_arrival(user, 0.0)
    begun = set()
    for step in range(800):
        now = step * 0.01
        for end, user in [one for one in busy if one[0] <= now]:
            busy.remove((end, user))
            dispatching.dispatcher.end()
            dispatching.dispatcher.wait_for_arrival(user, now)
        dispatching.dispatcher.advance(now)
        for user in users:
            for assignment in user.taken:
                if assignment.arrival.number not in begun:
                    begun.add(assignment.arrival.number)
                    dispatching.dispatcher.begin(assignment, now)
                    busy.append((now + 0.05, user))
        offered, started, dropped = dispatching.counts
        assert offered - started - dropped == dispatching.dispatcher.waiting
    assert dispatching.dispatcher.advance(1e6) == math.inf
    assert not dispatching.dispatcher.waiting
    assert len(begun) == started > 250
    assert dropped == len(dispatching.dropped) > 50
