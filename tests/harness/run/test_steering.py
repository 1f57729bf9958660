"""A person changes a run while it is on: in this process, on a fake clock."""

from collections import Counter

import pytest
from fake_time import Shopper, Time
from workloads import FakeWorkload

from harness.errors import UsageError
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.objectives.parser import parse
from harness.run.ceilings import REACTION, Ceilings
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.driver import drive_alone
from harness.run.local_load import START_DELAY
from harness.run.steering.change import LEAD, LoadChange, SteeringRefused, share_out
from harness.run.steering.steering import MOST_CHANGES, Steering
from harness.run.workload import Judging

START = 100.0 + START_DELAY


class Users:
    """The users of this process; further ones join the load."""

    def __init__(self, time):
        self.time, self.load, self.all = time, None, []

    def add(self, number, kind="guest"):
        for _ in range(number):
            self.all.append(Shopper(self.load, self.time, kind))
            self.load.wait_for_arrival(self.all[-1])

    def counts(self):
        return Counter(one.kind for one in self.all)

    def raise_to(self, counts):
        for kind, number in counts.items():
            self.add(max(0, number - self.counts()[kind]), kind)


@pytest.fixture
def steered():
    """Starts a run of 20 s in this process: its clock, its driver, its users and its steering."""
    runs = []

    def start(rate=2.0, users=6, **settings):
        time = Time()
        supply = Users(time)
        workload = FakeWorkload(arrival_rate=rate, users=users, steady=20.0, drain=3.0, **settings)
        source = TimeSource(clock=time.clock, processor=lambda: 0.25 * time.now, sleep=time.sleep)
        driver = drive_alone(workload, None, source, RunHooks(users=supply))
        runs.append(driver.run)
        supply.load = driver.load
        supply.add(users)
        return time, driver, supply, Steering(driver.run, driver.load.steer)

    yield start
    for run in runs:
        run.end()


def arrivals(run):
    every = run.recorder.arrivals.values()
    return tuple(sum(getattr(one, name) for one in every) for name in ("offered", "started", "dropped"))


def test_a_rate_changes_after_the_lead_and_the_books_stay_exact(steered):
    time, driver, supply, steering = steered(rate=2.0)
    driver.start(6)
    time.until(START + 5.0)
    (change,) = steering.steer({"rate": 8.0})
    assert change.at == pytest.approx(5.0 + LEAD)
    time.until(START + 5.0 + LEAD)
    assert arrivals(driver.run)[0] == 12
    assert driver.load.changes_taken == 1
    time.until(START + 30.0)
    planned = len(driver.run.workload.due_times())
    assert planned == pytest.approx(2 * (5 + LEAD) + 8 * (15 - LEAD), abs=1)
    offered, started, dropped = arrivals(driver.run)
    assert (offered, started + dropped) == (planned, planned)
    numbers = sorted(number for user in supply.all for number in user.numbers)
    assert numbers == sorted(set(numbers))
    assert driver.run.changes == [change]


def test_a_rate_that_falls_keeps_the_books_exact(steered):
    time, driver, supply, steering = steered(rate=10.0, users=12)
    driver.start(12)
    time.until(START + 5.0)
    steering.steer({"rate": 1.0})
    time.until(START + 30.0)
    planned = len(driver.run.workload.due_times())
    assert arrivals(driver.run) == (planned, planned, 0)
    assert sorted(number for user in supply.all for number in user.numbers) == list(range(planned))


def test_users_are_added_before_the_rate_needs_them(steered):
    time, driver, supply, steering = steered(rate=2.0, users=2)
    driver.start(2)
    time.until(START + 5.0)
    steering.steer({"rate": 20.0, "users": 14})
    assert supply.counts()["guest"] == 14
    assert driver.run.spawned == 14
    time.until(START + 30.0)
    assert arrivals(driver.run)[2] == 0


def test_a_closed_load_goes_on_with_fewer_users_and_then_with_more(steered):
    time, driver, supply, steering = steered(rate=0.0, users=6)
    driver.start(6)
    time.until(100.0 + 5.0)
    steering.steer({"users": 2})
    time.until(100.0 + 7.0)
    assert driver.load.under_way == 2
    steering.steer({"users": 9})
    time.until(100.0 + 8.0)
    assert driver.load.under_way == 9
    steering.steer({"users": 0})
    time.until(100.0 + 10.0)
    assert driver.load.under_way == 0
    steering.steer({"users": 5})
    time.until(100.0 + 30.0)
    offered, started, dropped = arrivals(driver.run)
    assert (offered, dropped) == (started, 0)
    numbers = sorted(number for user in supply.all for number in user.numbers)
    assert numbers == list(range(offered))


def test_think_times_change_at_their_moment(steered):
    time, driver, _, steering = steered()
    driver.start(6)
    time.until(START + 5.0)
    steering.steer({"think_scale": 3.0})
    time.until(START + 5.0 + LEAD - 0.05)
    assert driver.run.workload.think_scale == 1.0
    time.until(START + 5.0 + LEAD + 0.05)
    assert driver.run.workload.think_scale == 3.0


@pytest.mark.parametrize(
    ("moment", "said"), [(99.0, "not started"), (START + 18.0, "is ending"), (START + 21.0, "is ending")]
)
def test_a_run_that_has_not_begun_or_is_ending_is_not_changed(steered, moment, said):
    time, driver, _, steering = steered()
    if moment > START:
        driver.start(6)
    time.until(moment)
    with pytest.raises(SteeringRefused, match=said):
        steering.steer({"rate": 8.0})
    assert driver.run.changes == driver.run.workload.changes == []


def test_wrong_values_change_nothing(steered):
    time, driver, _, steering = steered()
    driver.start(6)
    time.until(START + 1.0)
    with pytest.raises(UsageError):
        steering.steer({"rate": -1.0})
    with pytest.raises(SteeringRefused, match="did not take the change"):
        steering.steer({"rate": 8.0, "shop": OSError("HTTP 500")})
    assert driver.run.changes == driver.run.workload.changes == []
    steering.steer({"rate": 8.0})
    assert len(driver.run.changes) == 1


def test_a_change_of_the_shop_that_meets_the_end_of_the_load_changes_no_load(steered):
    time, driver, _, steering = steered()
    driver.start(6)
    time.until(START + 1.0)

    def stop_meanwhile(asked, elapsed, *, embedded):
        made = FakeWorkload.steer(driver.run.workload, asked, elapsed, embedded=embedded)
        object.__setattr__(made, "change_shop", lambda _: driver.run.lifecycle._close_now() or driver.run.end())
        return made

    driver.run.workload.steer = stop_meanwhile
    with pytest.raises(SteeringRefused, match="only the embedded shop"):
        steering.steer({"rate": 8.0, "shop": None})
    assert driver.run.workload.changes == []
    # The last journeys met a changed shop, so the run must not pass.
    assert [one.quantity for one in driver.run.changes] == ["shop"]


def test_a_shop_that_does_not_answer_in_time_may_have_changed(steered):
    time, driver, _, steering = steered()
    driver.start(6)
    time.until(START + 1.0)
    with pytest.raises(SteeringRefused, match="counts as changed"):
        steering.steer({"rate": 8.0, "shop": TimeoutError("timed out")})
    assert [one.quantity for one in driver.run.changes] == ["shop"]
    assert driver.run.workload.changes == []


def test_a_run_is_changed_only_so_many_times(steered):
    time, driver, _, steering = steered()
    driver.start(6)
    time.until(START + 1.0)
    steering.number = MOST_CHANGES
    with pytest.raises(SteeringRefused, match="start another run"):
        steering.steer({"rate": 8.0})
    assert driver.run.changes == []


def test_a_change_that_arrives_after_the_end_of_the_load_is_ignored(steered):
    time, driver, _, _ = steered()
    driver.start(6)
    time.until(START + 25.0)
    driver.load.change(LoadChange(number=1, at=24.0, rate=50.0))
    assert driver.load.changes_taken == 0
    assert arrivals(driver.run)[0] == 40


def test_a_change_ends_the_interim_checks(steered):
    time, driver, _, steering = steered(
        rate=10.0, users=12, objectives=[parse("dropped < 50%")], stop_when_certain=True
    )
    driver.start(12)
    time.until(START + 1.0)
    steering.steer({"rate": 12.0})
    time.until(START + 19.0)
    assert not driver.run.closing


def test_the_ceiling_knows_the_rate_that_comes():
    """The load must end while there is room for the arrivals of a rate that a person has raised already."""
    workload = FakeWorkload(arrival_rate=1.0, steady=60.0)
    ceilings = Ceilings(Judging(max_orders=100), workload, workload.page_roles)
    recorder = Recorder(Window(0.0, 0.0, 60.0))
    assert ceilings.reason(recorder, 10.0, 0) == ""
    workload.change(LoadChange(number=1, at=10.8, rate=50.0), 0.0)
    assert f"{50 * REACTION:.0f} journeys" in ceilings.reason(recorder, 10.0, 0)


@pytest.mark.parametrize("total", [0, 1, 7, 50, 1000])
def test_users_are_shared_out_to_the_last_one(total):
    present = {("a", "guest"): 3, ("a", "returning"): 1, ("b", "guest"): 0, ("b", "returning"): 5}
    parts = share_out(total, present)
    assert sum(parts.values()) == total
    assert parts["b", "guest"] == 0
    assert all(abs(parts[key] - total * number / 9) <= 1 for key, number in present.items())
    assert share_out(5, {}) == {}
