"""A worker on a terminal that it may share with its master, and whether it prepares what the master chose."""

import signal
from dataclasses import asdict

import pytest
from locust_environments import FakeEnvironment

from harness.exits import Exit
from harness.locust_plugin import worker_process
from harness.locust_plugin.preparation import CHOICES_ATTRIBUTE
from harness.locust_plugin.worker_process import WorkerProcess
from harness.run.workload import Choices


@pytest.fixture
def worker(provider, monkeypatch):
    monkeypatch.setattr(worker_process.gevent, "spawn", lambda *_: None)

    def start(*, with_master=True, **options):
        environment = FakeEnvironment(**options)
        made = WorkerProcess(environment, provider, lambda: 0.0, forked=with_master, with_master=with_master)
        return made, environment

    return start


@pytest.mark.parametrize(
    ("name", "with_master", "first"),
    [("Ctrl-C", True, None), ("Ctrl-C", False, None), ("SIGHUP", True, None), ("SIGHUP", False, signal.SIGTERM)],
)
def test_a_worker_ignores_the_first_ctrl_c_of_a_shared_terminal(worker, monkeypatch, name, with_master, first):
    killed = []
    monkeypatch.setattr(worker_process.os, "kill", lambda _pid, number: killed.append(number))
    made, _ = worker(with_master=with_master)
    made.on_test_start()
    made.terminate(name)
    assert killed == ([] if first is None else [first])
    made.terminate(name)
    assert killed[-1] == (signal.SIGINT if name == "Ctrl-C" else signal.SIGTERM)


def test_a_worker_prepares_what_the_master_chose(worker):
    made, environment = worker(host="http://shop.example", scenario="baseline")
    setattr(environment.parsed_options, CHOICES_ATTRIBUTE, asdict(Choices("smoke", users=40)))
    made.on_test_start()
    run = made.prepare()
    assert (run.workload.name, run.workload.population.users) == ("smoke", 40)
    assert run.target.url == "http://shop.example"
    assert environment.process_exit_code == Exit.PASSED


def test_a_worker_that_cannot_prepare_the_scenario_has_no_run(worker):
    made, environment = worker(scenario="nonsense")
    assert made.prepare() is None
    assert made.load is None
    assert environment.process_exit_code == Exit.USAGE_ERROR


def test_users_are_stopped_once_when_locust_stops_during_the_drain(worker, monkeypatch):
    made, environment = worker()
    made.on_test_start()
    started = []
    monkeypatch.setattr(worker_process.gevent, "spawn", started.append)
    environment.runner.stop = lambda: None
    monkeypatch.setattr(worker_process, "drain", lambda run, _reason: made._stop_test())
    made.on_test_stopping()
    assert started == []
    made.on_test_stop()
    made._stop_test()
    assert started == [environment.runner.stop]
