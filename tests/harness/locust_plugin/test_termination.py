"""Signals and the stop button: which of them ends a run, and which is left to the process."""

import signal
from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest
from workloads import FakeWorkload

from harness.exits import Exit
from harness.judging import finish
from harness.locust_plugin import termination
from harness.locust_plugin.termination import stop
from harness.run.collaborators import TimeSource
from harness.run.lifecycle import EndCause, Ending
from harness.run.run import Run


def start_run(made):
    """Take the run to the moment before its users are spawned."""
    run = made.prepare()
    made.on_test_start()
    return run


def an_end():
    return SimpleNamespace(exit=Exit.FAILED, headline="", text="", result=None, folder=Path("nowhere"))


def test_the_first_of_two_interruptions_counts(begin):
    made, _ = begin()
    run = start_run(made)
    made.termination.terminate("SIGTERM")
    made.on_test_stopping()
    assert run.lifecycle.interrupted_by == "SIGTERM"


def test_a_signal_during_the_planned_drain_is_no_interruption(begin):
    made, _ = begin()
    run = made.prepare()
    run.lifecycle.begin()
    run.lifecycle.close(Ending())
    made.termination.terminate("SIGTERM")
    assert (run.lifecycle.interrupted_by, run.ending.reason) == ("", "")


def test_a_second_ctrl_c_is_left_to_the_process(begin, monkeypatch):
    cancelled = []
    watcher = SimpleNamespace(cancel=lambda: cancelled.append(1))
    monkeypatch.setattr(
        termination.gevent, "signal_handler", lambda number, *_: watcher if number == signal.SIGINT else None
    )
    later = []
    monkeypatch.setattr(termination.gevent, "spawn_later", lambda seconds, call: later.append((seconds, call)))
    made, _ = begin()
    run = start_run(made)
    made.termination.terminate("Ctrl-C")
    made.termination.terminate("Ctrl-C")  # as timeout sends it: to the process, and to its group
    assert cancelled == []
    ((seconds, call),) = later
    call()
    assert (seconds, cancelled) == (termination.SAME_CTRL_C, [1])
    assert run.lifecycle.interrupted_by == "Ctrl-C"


@pytest.mark.parametrize("name", ["Ctrl-C", "SIGHUP"])
def test_a_signal_before_the_run_interrupts_it_and_no_other_run_follows(begin, name, monkeypatch):
    monkeypatch.setattr(finish, "finish", lambda *_, **__: an_end())
    made, _ = begin()
    made.termination.terminate(name)
    made.termination.terminate(name)
    run = made.prepare()
    assert run.over
    assert run.lifecycle.interrupted_by == name
    made.on_test_stop()
    assert made.finished is not None
    assert made.prepare() is None


def test_a_signal_during_the_start_of_locust_is_handled_when_it_is_ready(begin, monkeypatch):
    monkeypatch.setattr(termination.signals, "first_deferred", lambda: "SIGHUP")
    spawned = []
    monkeypatch.setattr(termination.gevent, "spawn", lambda *call: spawned.append(call))
    made, _ = begin()
    assert spawned == [(made.termination.terminate, "SIGHUP")]


@pytest.mark.parametrize(
    ("workers", "web_ui", "named"),
    [
        (0, None, "the loss of the last worker"),
        (0, "a web UI", "the loss of the last worker"),
        (1, None, "Ctrl-C"),
        (1, "a web UI", "the stop button"),
    ],
)
def test_what_interrupted_a_run_of_workers_is_named(begin, monkeypatch, workers, web_ui, named):
    made, environment = begin()
    run = made.prepare()
    monkeypatch.setattr(made._transport, "has_users", False, raising=False)
    environment.runner.worker_count, environment.web_ui = workers, web_ui
    made.on_test_stopping()
    assert run.lifecycle.interrupted_by == named


@pytest.mark.parametrize(("elapsed", "judged_until"), [(5.0, 5.0), (1.0, 2.0)])
def test_the_stop_button_ends_a_run_and_what_it_measured_is_judged(elapsed, judged_until):
    moments = [100.0]
    run = Run(FakeWorkload(warm_up=2.0, steady=8.0, arrival_rate=1.0), TimeSource(clock=lambda: moments[0]))
    run.lifecycle.begin()
    run.set_start(100.0)
    moments[0] = 100.0 + elapsed
    gevent.spawn(lambda: run.lifecycle.drained(timed_out=False))
    stop(run)
    assert run.ending.cause is EndCause.STOPPED
    assert run.lifecycle.interrupted_by == ""
    assert run.recorder.window.steady_until == 100.0 + judged_until
    assert run.lifecycle.planned_drain


def test_the_stop_button_interrupts_a_run_that_has_not_begun():
    run = Run(FakeWorkload(), TimeSource(clock=lambda: 0.0))
    stop(run)
    assert run.lifecycle.interrupted_by == "the stop button"
