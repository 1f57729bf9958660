"""Whole runs on a fake clock: no real second passes, and no socket is opened.

Longer than 300 lines: all tests share the fake clock and its users.
"""

from collections import Counter

import pytest
from fake_time import Shopper, Time
from workloads import FakeWorkload

from harness.distributed.worker import Worker
from harness.measurement.sample import Phase
from harness.measurement.totals import RunTotals
from harness.objectives.parser import parse
from harness.objectives.stop_rule import parse as parse_rule
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.driver import RunDriver, drive_alone
from harness.run.early_end import StopFile
from harness.run.lifecycle import EndCause, Ending, interruption
from harness.run.local_load import START_DELAY, LocalLoad
from harness.run.registry import current_load, run_registry
from harness.run.run import Run


def a_workload(rate=0.0, *, rules=(), certain=False, **changes):
    """A workload of guests (and every fifth a returning customer), open where a rate is given."""
    settings = {
        "users": 4,
        "warm_up": 2.0,
        "steady": 8.0,
        "drain": 3.0,
        "weights": {"guest": 1.0, "returning": 1.0},
        "objectives": [parse("journey failures < 1%")],
        "stop_rules": [parse_rule(rule) for rule in rules],
        "stop_when_certain": certain,
    }
    return FakeWorkload(arrival_rate=rate, **{**settings, **changes})


class IdleUser:
    """A user that takes an arrival and never begins it."""

    kind = "guest"

    def __init__(self):
        self.taken = []

    def take(self, assignment):
        self.taken.append(assignment)


class Shop:
    """A shop that lives until ``living`` is False."""

    url = "http://127.0.0.1:4711"
    living = True

    def alive(self):
        return self.living


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def alone(time):
    """Makes runs in a single process; a new one is a driver."""
    runs = []

    def make(workload, **hooks):
        source = TimeSource(clock=time.clock, processor=lambda: 0.25 * time.now, sleep=time.sleep)
        driver = drive_alone(workload, None, source, RunHooks(**hooks))
        runs.append(driver.run)
        return driver

    yield make
    for run in runs:
        run.end()


def arrivals(run):
    every = run.recorder.arrivals.values()
    return tuple(sum(getattr(one, name) for one in every) for name in ("offered", "started", "dropped"))


# -- open load --------------------------------------------------------------------------------------------------------


def test_an_open_load_serves_every_arrival_and_ends_after_the_last_journey(time, alone):
    ended = []
    driver = alone(a_workload(2.0), on_drained=lambda: ended.append(time.now))
    run, load = driver.run, driver.load
    users = [Shopper(load, time), Shopper(load, time), Shopper(load, time, "returning")]
    for user in users:
        load.wait_for_arrival(user)
    driver.start(3)
    time.until(200.0)
    assert arrivals(run) == (20, 20, 0)
    assert sorted(number for user in users for number in user.numbers) == list(range(20))
    assert users[2].numbers == [4, 9, 14, 19]
    assert users[2].taken[0].arrival.due == pytest.approx(100 + START_DELAY + 2.25)
    # The last one is due at 9.75 s and over half a second later; the load itself ends at 10 s.
    assert ended == [pytest.approx(100 + START_DELAY + 10.25, abs=0.06)]
    assert (run.over, run.drain_timed_out, load.under_way, run.ending.reason) == (True, False, 0, "")
    assert run.load_duration == run.length == 10.0
    assert load.in_flight["gpay"] == 0


def test_users_free_before_the_start_are_served_when_the_load_starts(time, alone):
    driver = alone(a_workload(1.0))
    run, load = driver.run, driver.load
    early = Shopper(load, time)
    load.wait_for_arrival(early)
    time.until(150.0)
    assert (early.numbers, run.elapsed, run.load_duration, run.begun) == ([], 0.0, 0.0, False)
    driver.start(1)
    time.until(150 + START_DELAY + 0.5)
    assert early.numbers == [0]
    assert run.elapsed == pytest.approx(0.5)


def test_a_user_that_left_before_the_start_gets_no_arrival(time, alone):
    driver = alone(a_workload(1.0))
    load = driver.load
    gone, there = IdleUser(), Shopper(load, time)
    load.wait_for_arrival(there)
    load.wait_for_arrival(gone)  # the last to come would be the first to go
    load.withdraw(gone)
    driver.start(1)
    time.until(100 + START_DELAY + 2.0)
    assert gone.taken == []
    assert there.numbers == [0, 1]


def test_arrivals_without_a_free_user_become_dropped_journeys(time, alone):
    driver = alone(a_workload(2.0))
    run, load = driver.run, driver.load
    load.wait_for_arrival(Shopper(load, time, "returning"))
    driver.start(1)
    time.until(200.0)
    assert arrivals(run) == (20, 4, 16)
    counts = RunTotals.of(run.recorder)
    assert counts.journeys_by_outcome == {"ok": 4, "dropped": 16}
    assert counts.failed_journeys == 16
    dropped = {key: cell for key, cell in run.recorder.journeys.items() if key.outcome == "dropped"}
    assert {(key.journey, key.payment_option, key.blame) for key in dropped} == {("guest", "gpay", "shop")}
    assert all(cell.response.infinite == cell.response.total for cell in dropped.values())
    assert all(cell.service.total == 0 for cell in dropped.values())


def test_a_drain_that_takes_too_long_times_out(time, alone):
    ended = []
    driver = alone(a_workload(1.0, drain=3.0), on_drained=lambda: ended.append(time.now))
    run, load = driver.run, driver.load
    load.wait_for_arrival(Shopper(load, time, stuck=True))
    driver.start(1)
    # The last arrival, due at 9.5 s, gives up waiting for a user at 10.5 s; from then on the drain counts.
    time.until(100 + START_DELAY + 13.4)
    assert (run.over, run.drain_timed_out, load.under_way) == (False, False, 1)
    time.until(200.0)
    assert ended == [pytest.approx(100 + START_DELAY + 13.5, abs=0.06)]
    assert (run.over, run.drain_timed_out, load.under_way) == (True, True, 1)
    assert run.load_duration == 10.0


def test_the_drain_of_a_run_that_ends_early_does_not_time_out(time, alone):
    driver = alone(a_workload(1.0, drain=0.5))
    run, load = driver.run, driver.load
    load.wait_for_arrival(Shopper(load, time, stuck=True))
    driver.start(1)
    time.until(105.0)
    run.close(interruption("enough"))
    time.until(200.0)
    assert load.under_way == 1
    assert not run.drain_timed_out


def test_another_user_takes_an_arrival_that_was_given_back(time, alone):
    driver = alone(a_workload(1.0))
    run, load = driver.run, driver.load
    leaver, other = IdleUser(), Shopper(load, time)
    load.wait_for_arrival(leaver)
    driver.start(2)
    time.until(100 + START_DELAY + 0.6)
    (assignment,) = leaver.taken
    load.wait_for_arrival(other)
    load.withdraw(leaver)
    load.give_back(assignment)
    time.until(100 + START_DELAY + 1.0)
    assert other.numbers == [0]
    assert arrivals(run) == (1, 1, 0)


# -- closed load ------------------------------------------------------------------------------------------------------


def test_a_closed_load_numbers_each_kind_and_begins_nothing_after_the_steady_part(time, alone):
    driver = alone(a_workload())
    run, load = driver.run, driver.load
    guests = [Shopper(load, time, takes=0.7), Shopper(load, time, takes=0.7)]
    returning = Shopper(load, time, "returning", takes=1.5)
    for user in (*guests, returning):
        load.wait_for_arrival(user)
    assert returning.numbers == []
    driver.start(3)
    time.until(200.0)
    assert sorted(number for user in guests for number in user.numbers) == list(range(30))
    assert returning.numbers == list(range(7))
    assert max(one.arrival.due for user in (*guests, returning) for one in user.taken) < 110.0
    assert arrivals(run) == (37, 37, 0)
    assert RunTotals.of(run.recorder).journeys_by_outcome == {"ok": 37}
    assert (run.over, run.drain_timed_out, run.load_duration) == (True, False, 10.0)
    assert run.rate_target is None


def test_without_a_warm_up_the_first_journeys_of_a_closed_load_are_judged(time, alone):
    driver = alone(a_workload(warm_up=0.0))
    run, load = driver.run, driver.load
    load.wait_for_arrival(Shopper(load, time, takes=6.0))
    driver.start(1)
    time.until(200.0)
    assert Counter(key.phase for key in run.recorder.journeys) == {Phase.STEADY: 1}
    assert arrivals(run) == (2, 2, 0)


def test_an_arrival_given_back_in_a_closed_load_is_dropped(time, alone):
    driver = alone(a_workload())
    run, load = driver.run, driver.load
    leaver = IdleUser()
    load.wait_for_arrival(leaver)
    driver.start(1)
    time.until(100.0)
    assert load.under_way == 1
    load.withdraw(leaver)
    load.give_back(leaver.taken[0])
    assert load.under_way == 0
    assert arrivals(run) == (1, 0, 1)
    assert RunTotals.of(run.recorder).journeys_by_outcome == {"dropped": 1}


# -- the end ----------------------------------------------------------------------------------------------------------


def test_the_first_of_two_early_endings_counts(time, alone):
    ended = []
    driver = alone(a_workload(2.0), on_drained=lambda: ended.append(time.now))
    run = driver.run
    driver.start(1)
    time.until(100 + START_DELAY + 4.0)
    run.close(Ending(EndCause.STOP_RULE, "first"))
    run.close(Ending(EndCause.STOP_RULE, "second"))
    time.until(200.0)
    assert (run.over, run.ending.reason, len(ended)) == (True, "first", 1)
    assert run.load_duration == pytest.approx(4.0)
    offered, started, dropped = arrivals(run)
    assert offered == started + dropped > 0
    run.end()
    assert len(ended) == 1
    assert run.load_duration == pytest.approx(4.0)


def free_users(load, time, number=30, kind="guest"):
    for _ in range(number):
        load.wait_for_arrival(Shopper(load, time, kind))
        load.wait_for_arrival(Shopper(load, time, "returning"))


def test_a_run_with_a_certain_verdict_drains_and_judges_what_came(time, alone):
    driver = alone(a_workload(80.0, warm_up=0.0, steady=40.0, certain=True))
    run, load = driver.run, driver.load
    free_users(load, time, 60)
    driver.start(120)
    time.until(100 + START_DELAY + 12.0)
    # At the first check there are 760 journeys without a failure; 10 % of alpha needs 528.
    assert run.ending.cause == "certain"
    assert run.load_duration == pytest.approx(10.0, abs=0.6)
    assert "of the 40 s to be judged (check 1 of 3)" in run.ending.reason
    assert driver.supervisor.alpha_left == pytest.approx(0.1)
    window = run.recorder.window
    assert window.steady_until - window.start == pytest.approx(10.0, abs=0.6)
    offered, started, dropped = arrivals(run)
    assert (run.over, run.drain_timed_out, load.under_way) == (True, False, 0)
    assert offered == started == pytest.approx(820, abs=30)
    assert dropped == 0


def test_a_run_without_interim_checks_keeps_all_its_alpha_for_the_end(alone):
    driver = alone(a_workload(2.0))
    assert driver.supervisor.alpha_left == 1.0


def test_a_run_without_a_certain_verdict_runs_to_its_end_with_the_alpha_left(time, alone):
    driver = alone(a_workload(2.0, steady=40.0, certain=True))
    run, load = driver.run, driver.load
    free_users(load, time, 3)
    driver.start(6)
    time.until(200.0)
    assert (run.load_duration, run.ending.cause) == (42.0, "")
    assert driver.supervisor.alpha_left == pytest.approx(0.7)


def test_a_run_that_locust_ends_does_not_call_on_drained(time, alone):
    ended = []
    driver = alone(a_workload(2.0), on_drained=lambda: ended.append(time.now))
    run = driver.run
    driver.start(1)
    time.until(104.0)
    run.end()
    assert (run.over, run.ended, ended) == (True, True, [])


def test_a_run_that_is_over_before_its_users_are_spawned_never_starts(time, alone):
    driver = alone(a_workload(2.0))
    run, load = driver.run, driver.load
    user = Shopper(load, time)
    load.wait_for_arrival(user)
    run.close(interruption("Ctrl-C"))
    driver.start(1)
    time.until(200.0)
    assert (run.begun, run.load_duration, run.elapsed, user.taken, arrivals(run)) == (False, 0.0, 0.0, [], (0, 0, 0))


def test_a_dead_shop_ends_the_run(time, alone):
    shop = Shop()
    driver = alone(a_workload(2.0))
    run = driver.run
    run.set_target(shop.url, shop)
    driver.start(1)
    time.until(103.0)
    assert not run.over
    shop.living = False
    time.until(103.6)
    assert (run.ending.cause, run.over) == ("target died", True)


def test_a_stop_file_ends_the_run(time, alone, tmp_path):
    driver = alone(a_workload(2.0), stop_file=StopFile(str(tmp_path / "stop")))
    run = driver.run
    driver.start(1)
    time.until(103.0)
    assert not run.over
    (tmp_path / "stop").touch()
    time.until(103.6)
    assert (run.ending.cause, run.lifecycle.interrupted_by) == ("stop file", "the stop file")
    assert run.ending.reason == f"the stop file {tmp_path / 'stop'} exists"


def test_a_stop_rule_ends_the_run(time, alone):
    driver = alone(a_workload(8.0, rules=["dropped > 50% for 3s"]))
    run = driver.run
    driver.start(1)
    time.until(200.0)
    assert run.ending.cause == "stop rule"
    assert "dropped > 50% for 3s" in run.ending.reason
    assert 3.0 < run.load_duration < 7.0


def test_on_second_is_called_once_a_second_until_the_run_is_over(time, alone):
    seconds = []
    driver = alone(a_workload(2.0), on_second=lambda: seconds.append(driver.run.elapsed))
    driver.start(1)
    time.until(200.0)
    assert seconds == pytest.approx([n - START_DELAY for n in range(1, 1 + len(seconds))])
    assert len(seconds) == 10  # the last arrival, due at 9.75 s, is dropped a second later, and that is the end


@pytest.mark.parametrize("broken", ["kind_of", "labels_of"])
def test_an_error_of_the_harness_ends_the_run_as_a_crash(time, alone, broken, caplog):
    workload = a_workload(2.0)
    ended = []
    driver = alone(workload, on_drained=lambda: ended.append(time.now))
    run = driver.run

    def breaks(_):
        setattr(workload, broken, lambda _: "guest" if broken == "kind_of" else ("guest", "gpay"))
        raise LookupError("a bug")

    setattr(workload, broken, breaks)
    driver.start(1)
    time.until(200.0)
    assert (run.over, run.lifecycle.crash, len(ended)) == (True, "LookupError", 1)
    assert run.ending.reason == "the harness broke (LookupError)"
    assert "The harness broke" in caplog.text


# -- what is noticed about the instrument -----------------------------------------------------------------------------


def test_the_lag_of_the_loop_and_the_share_of_a_core_are_measured(time, alone):
    driver = alone(a_workload(2.0))
    driver.start(1)
    time.until(103.0)
    punctual = driver.instrument.loop_lag.total
    assert punctual > 50
    assert driver.instrument.loop_lag.largest < 0.001
    time.now += 0.4  # something held the processor
    time.until(200.0)
    assert driver.instrument.loop_lag.total > punctual + 50
    assert driver.instrument.loop_lag.largest == pytest.approx(0.4, abs=0.051)
    assert 0 < driver.instrument.steady_lag.total < driver.instrument.loop_lag.total
    assert driver.instrument.processor_share == pytest.approx(0.25)


def test_a_blocked_loop_in_the_warm_up_does_not_count_as_steady_lag(time, alone):
    driver = alone(a_workload(2.0))
    driver.start(1)
    time.until(101.0)
    time.now += 0.9  # still in the warm-up
    time.until(200.0)
    assert driver.instrument.loop_lag.largest > 0.8
    assert driver.instrument.steady_lag.largest < 0.001
    assert driver.instrument.steady_lag.total > 100


def test_the_target_rate_is_zero_before_and_after_the_load(time, alone):
    driver = alone(a_workload(2.0))
    run = driver.run
    assert run.rate_target == 0.0
    driver.start(1)
    time.until(103.0)
    assert run.rate_target == 2.0
    run.close(interruption("enough"))
    assert run.rate_target == 0.0


def test_before_the_start_everything_is_warm_up(time, alone):
    driver = alone(a_workload(2.0))
    run = driver.run
    time.until(500.0)
    assert run.phase is Phase.WARM_UP
    driver.start(1)
    time.until(500 + START_DELAY + 2.1)
    assert run.phase is Phase.STEADY
    time.until(500 + START_DELAY + 10.1)
    assert run.phase is Phase.DRAIN


@pytest.mark.parametrize(
    ("url", "name", "host"),
    [
        ("http://127.0.0.1:80/a?b=c", "http://127.0.0.1:80", "127.0.0.1"),
        ("https://me:secret@shop.example/", "https://shop.example", "shop.example"),
        ("http://[::1]:8080", "http://[::1]:8080", "::1"),
    ],
)
def test_the_name_of_a_target_has_no_password_path_or_query(alone, url, name, host):
    run = alone(a_workload(2.0)).run
    run.set_target(url, None)
    assert (run.target.name, run.target.host) == (name, host)
    run.set_target(url, Shop())
    assert run.target.name == "the embedded shop"


def test_the_journey_log_is_closed_at_the_end(alone):
    run = alone(a_workload(2.0)).run
    run.journey_log = closed = type(
        "Log", (), {"times": 0, "close": lambda log: setattr(log, "times", log.times + 1)}
    )()
    run.end()
    assert closed.times == 1
    assert run.ended
    assert run.ended_at >= run.started_at


def test_an_environment_without_a_run_raises_an_error():
    environment = type("Environment", (), {})()
    assert run_registry(environment) is None
    with pytest.raises(RuntimeError, match="no run"):
        current_load(environment)


@pytest.fixture
def worker(time):
    source = TimeSource(clock=time.clock, processor=lambda: 0.0, sleep=time.sleep)
    run = Run(a_workload(10.0, rules=["dropped > 10% for 1s"], certain=True), source)
    load = LocalLoad(run, None, source)
    driver = RunDriver(run, load, load.instrument, supervisor=None, time=source)
    driver.start_load(time.now)
    yield Worker(run, load, driver, lambda *_: None, source)
    run.end()


def test_a_worker_does_not_check_for_an_early_end(time, worker):
    time.until(107.0)
    assert RunTotals.of(worker.run.recorder).failed_journeys > 10
    assert not worker.run.closing


def test_a_worker_told_of_a_certain_verdict_judges_the_same_window_as_the_master(time, worker):
    time.until(107.0)
    worker.receive_end({"run": "", "grace": 3.0, "reason": "certain", "until": 6.5})
    assert worker.run.recorder.window.steady_until == 106.5
    time.until(120.0)
    offered, started, dropped = arrivals(worker.run)
    assert worker.run.over
    assert offered == started + dropped
    assert offered <= 71
