"""The panel reads a run while it is on, and a panel that breaks costs only itself."""

from types import SimpleNamespace

import gevent
from workloads import FakeWorkload

from harness.locust_plugin.terminal.live_panel import LivePanel
from harness.measurement.sample import JourneySample, PageSample, Phase
from harness.metrics.run_metrics import ObjectiveStatus
from harness.objectives.live_status import LiveState
from harness.objectives.parser import parse
from harness.run.collaborators import TimeSource
from harness.run.driver import drive_alone


class Screen:
    """A terminal that keeps what it was to show."""

    size = SimpleNamespace(columns=80, lines=24)

    def __init__(self):
        self.shown = []
        self.released = False

    def show(self, lines):
        self.shown.append(list(lines))

    def release(self):
        self.released = True


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def driven(clock, **workload):
    driver = drive_alone(FakeWorkload(arrival_rate=10.0, steady=60.0, **workload), None, TimeSource(clock=clock))
    driver.run.set_start(clock())
    driver.run.lifecycle.begin()
    return driver


def live_panel(driver, *statuses, screen=None):
    failures = []
    panel = LivePanel(screen or Screen(), lambda: driver, lambda: statuses, lambda: failures.append("failed"))
    return panel, failures


def test_the_state_of_a_run_has_its_load_its_times_and_its_failures():
    clock = Clock()
    driver = driven(clock)
    recorder = driver.run.recorder
    statuses = [
        ObjectiveStatus(parse("orders count >= 100"), "broken_so_far", 15.0),
        ObjectiveStatus(parse("journey failures < 5%"), "broken_so_far", 0.25),
        ObjectiveStatus(parse("page failures < 5%"), "kept_so_far", 0.0),
        ObjectiveStatus(parse("page response_time p95 < 1s")),
    ]
    panel, _ = live_panel(driver, *statuses)
    panel.state(driver)
    for number in range(20):
        due, failed = 100.0 + number / 10, number % 4 == 0
        how = ("http_5xx", "shop") if failed else ("ok", "nobody")
        recorder.offered(due)
        recorder.started(due, 0.0, 0.0)
        recorder.page(PageSample("P", "gpay", *how, due, due, due + 0.1))
        page = "P" if failed else ""
        recorder.journey(
            JourneySample("guest", "gpay", *how, due, due, due + 0.1, ordered=not failed, failed_page=page)
        )
    clock.now = 102.0
    state = panel.state(driver)
    assert (state.begun, state.phase, state.elapsed, state.length) == (True, Phase.STEADY, 2.0, 60.0)
    assert (state.wanted, state.served) == (10.0, 10.0)
    assert (state.ended, state.orders, state.failed, state.waiting, state.dropped) == (20, 15, 5, 0, 0)
    assert state.failures == [("http_5xx", "P", 5)]
    assert state.p95[0] is None
    assert 0.09 < state.p95[-1] < 0.11
    assert [one.state for one in state.objectives] == [
        LiveState.NOT_YET,
        LiveState.BROKEN,
        LiveState.KEPT,
        LiveState.NOTHING,
    ]
    panel.close()


def test_the_rate_served_is_that_of_the_last_seconds():
    clock = Clock()
    driver = driven(clock)
    panel, _ = live_panel(driver)
    for second in range(30):
        clock.now = 100.0 + second
        served = panel.state(driver).served
        for _ in range(10 if second < 15 else 2):
            driver.run.recorder.journey(JourneySample("guest", "gpay", "ok", "nobody", clock.now, clock.now, clock.now))
    assert served == 2.0


def test_the_panel_is_drawn_at_once_and_removed():
    screen = Screen()
    panel, failures = live_panel(driven(Clock()), screen=screen)
    gevent.sleep(0.05)
    assert "fake" in "".join(screen.shown[0])
    panel.close()
    assert screen.released
    assert failures == []


def test_a_panel_that_cannot_be_drawn_leaves_the_terminal_to_plain_lines(caplog):
    screen = Screen()
    broken = SimpleNamespace(run=None, load=None)
    _, failures = live_panel(broken, screen=screen)
    gevent.sleep(0.05)
    assert failures == ["failed"]
    assert screen.released
    assert "The run continues without it" in caplog.text
