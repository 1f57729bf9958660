"""The plugin with a fake environment: exit codes, signals, and which of two choices counts.

Longer than 300 lines: all tests share the fake environment.
"""

import signal
from argparse import Namespace
from types import SimpleNamespace

import pytest
from locust.runners import MasterRunner
from workloads import FakeProvider, FakeWorkload

from harness.errors import UsageError
from harness.exits import Exit
from harness.locust_plugin import plugin
from harness.locust_plugin.plugin import Plugin
from harness.locust_plugin.shape import ArrivalShape
from harness.objectives.parser import parse
from harness.run import finish
from harness.run.lifecycle import Ending


class Shop:
    """An embedded shop that records whether it was stopped."""

    url = "http://127.0.0.1:4711"

    def __init__(self):
        self.stopped = False

    def alive(self):
        return not self.stopped

    def stop(self):
        self.stopped = True


class Provider(FakeProvider):
    """Makes closed workloads with ``shop`` as their embedded shop."""

    def __init__(self):
        self.shop = Shop()
        super().__init__(self._workload)

    def _workload(self, choices):
        return FakeWorkload(
            name=choices.scenario,
            users=12 if choices.users is None else choices.users,
            steady=5.0,
            objectives=(parse("journey failures < 5%"),),
            weights={"guest": 5.0, "returning": 3.0},
            kinds=(),
            allowed=("shop.example",),
            context=SimpleNamespace(connect_timeout=0.1),
            shop=self.shop,
        )


def user_class(name, kind):
    return type(name, (), {"kind": kind, "weight": 1, "tasks": [], "fixed_count": 0})


class Environment:
    """The part of Locust's environment that the plugin touches."""

    def __init__(self, **options):
        self.parsed_options = Namespace(
            **{
                "headless": True,
                "num_users": None,
                "spawn_rate": None,
                "run_time": None,
                "host": None,
                "scenario": "baseline",
                "payment_mix": "",
                "sms_share": "",
                "arrival_rate": "",
                "seed": "",
                "think_scale": "",
                "allow_target": [],
                "no_verify_tls": False,
                "budget": "",
                "stop_when_certain": False,
                "results": "",
                "metrics_port": 0,
                "metrics_linger": 0.0,
                "native_histograms": False,
                "web_allowed_hosts": "",
                "remote_write": "",
                "print_stats": True,
                "only_summary": False,
                "stop_file": "",
                "journey_log": "",
                "tags": None,
                "exclude_tags": None,
                **options,
            }
        )
        self.host = self.parsed_options.host
        self.user_classes = [user_class("Guest", "guest"), user_class("Returning", "returning")]
        self.shape_class = ArrivalShape()
        self.runner = SimpleNamespace(exceptions={}, quit=lambda: None)
        self.web_ui = None
        self.process_exit_code = None


@pytest.fixture(autouse=True)
def no_signals(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plugin.gevent, "signal_handler", lambda *_: SimpleNamespace(cancel=lambda: None))


@pytest.fixture
def program():
    return Provider()


@pytest.fixture
def begin(program):
    """A plugin that Locust has initialised with these options, and its environment."""

    def start(**options):
        made, environment = Plugin(program), Environment(**options)
        made.on_init(environment=environment, web_ui=None)
        return made, environment

    return start


def start_run(made):
    """Take the run to the moment before its users are spawned."""
    run = made.prepare()
    made.on_test_start()
    return run


def test_the_exit_code_is_invalid_until_a_verdict_changes_it(begin, monkeypatch):
    made, environment = begin()
    assert environment.process_exit_code == Exit.INVALID
    passed = SimpleNamespace(exit=Exit.PASSED, headline="PASSED", text="", result=None)
    monkeypatch.setattr(finish, "finish", lambda *_, **__: passed)
    start_run(made)
    assert environment.process_exit_code == Exit.INVALID
    made.on_test_stop()
    assert environment.process_exit_code == Exit.PASSED
    made.prepare()  # and the next run has to earn its own
    assert environment.process_exit_code == Exit.INVALID
    assert made.finished is None


@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ({"scenario": "nonsense"}, "nonsense"),
        ({"host": "http://other.example"}, "other.example"),
        ({"num_users": 0}, "--users 0"),
        ({"spawn_rate": 0.0}, "--spawn-rate"),
        ({"results": __file__}, "not a folder"),
        ({"tags": ["no such tag"]}, "none of the chosen user classes"),
    ],
)
def test_a_usage_error_ends_the_process_before_anything_is_sent(begin, capsys, options, reported):
    with pytest.raises(SystemExit) as left:
        begin(**options)
    assert left.value.code == Exit.USAGE_ERROR
    assert reported in capsys.readouterr().err


def test_an_allowed_host_is_loaded_and_no_shop_is_started(begin, program, monkeypatch):
    monkeypatch.setattr(plugin, "unreachable", lambda *_: "")
    program.shop = AssertionError("no embedded shop must start")
    made, _ = begin(host="http://shop.example")
    assert start_run(made).target.url == "http://shop.example"


def test_the_embedded_shop_ends_with_its_run_and_its_address_leaves_the_form(begin, program, monkeypatch):
    made, environment = begin()
    run = start_run(made)
    assert run.target.url == program.shop.url
    seen = []
    monkeypatch.setattr(finish, "finish", lambda run, *_, **__: seen.append(run.target.shop.alive()) or _an_end())
    made.on_test_stop()
    assert seen == [True]  # its ledger is read before it goes
    assert program.shop.stopped
    assert not environment.host


def _an_end():
    return SimpleNamespace(exit=Exit.FAILED, headline="", text="", result=None)


@pytest.mark.parametrize(
    "trouble", [UsageError("the embedded shop does not start: no port"), RuntimeError("swordfish")]
)
def test_a_shop_that_does_not_start_is_a_crash(begin, program, trouble):
    program.shop = trouble
    made, environment = begin()
    run = start_run(made)
    assert run.over
    assert environment.process_exit_code == Exit.CRASHED
    assert run.lifecycle.crash
    assert "swordfish" not in run.lifecycle.crash


def test_a_crash_while_finishing_is_reported_and_stops_the_shop(begin, program, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(finish, "finish", full)
    made, environment = begin()
    start_run(made)
    made.on_test_stop()
    assert environment.process_exit_code == Exit.CRASHED
    assert made.failure == "the results could not be made: No space left on device"
    assert made.finished is None
    assert program.shop.stopped


def test_the_first_of_two_interruptions_counts(begin):
    made, _ = begin()
    run = start_run(made)
    made._terminate("SIGTERM")
    made._interrupt("the stop button")
    assert run.lifecycle.interrupted_by == "SIGTERM"


def test_a_signal_during_the_planned_drain_is_no_interruption(begin):
    made, _ = begin()
    run = made.prepare()
    run.lifecycle.begin()
    run.lifecycle.close(Ending())
    made._interrupt("SIGTERM")
    assert (run.lifecycle.interrupted_by, run.ending.reason) == ("", "")


class Master(MasterRunner):
    """A master without a port."""

    worker_count = 0

    def __init__(self, workers):
        self.worker_count = workers

    def __del__(self):
        """Nothing was opened."""


@pytest.mark.parametrize(
    ("workers", "web_ui", "named"),
    [
        (0, None, "the loss of the last worker"),
        (0, "a web UI", "the loss of the last worker"),
        (1, None, "Ctrl-C"),
        (1, "a web UI", "the stop button"),
    ],
)
def test_what_stopped_a_run_is_named(begin, workers, web_ui, named):
    made, environment = begin()
    run = made.prepare()
    environment.runner, environment.web_ui = Master(workers), web_ui
    made.on_test_stopping()
    assert run.lifecycle.interrupted_by == named


def test_chosen_user_classes_get_their_weights_and_the_others_stay_out(begin):
    made, environment = begin()
    guest = environment.user_classes[0]
    environment.user_classes.append(user_class("Abandoning", "abandoning"))
    made._chosen = list(environment.user_classes)
    run = made.prepare()
    assert run.workload.population.kinds == ("guest", "returning")
    assert [one.__name__ for one in environment.user_classes] == ["Guest", "Returning"]
    assert guest.weight == 5.0


def test_numbers_of_the_command_line_count_and_defaults_of_locust_do_not(begin):
    made, environment = begin()
    environment.parsed_options.num_users = environment.parsed_options.spawn_rate = 1
    run = made.prepare()
    assert (run.workload.population.users, run.spawn_rate) == (12, 100.0)
    made, environment = begin(num_users=40, spawn_rate=3.0)
    run = made.prepare()
    assert (run.workload.population.users, run.spawn_rate) == (40, 3.0)


def test_a_second_ctrl_c_is_left_to_the_process(begin, monkeypatch):
    cancelled = []
    watcher = SimpleNamespace(cancel=lambda: cancelled.append(1))
    monkeypatch.setattr(
        plugin.gevent, "signal_handler", lambda number, *_: watcher if number == signal.SIGINT else None
    )
    made, _ = begin()
    run = start_run(made)
    made._terminate("Ctrl-C")
    assert cancelled == [1]
    assert run.lifecycle.interrupted_by == "Ctrl-C"


@pytest.mark.parametrize("name", ["Ctrl-C", "SIGHUP"])
def test_a_signal_before_the_run_interrupts_it_and_no_other_run_follows(begin, name, monkeypatch):
    monkeypatch.setattr(finish, "finish", lambda *_, **__: _an_end())
    made, _ = begin()
    made._terminate(name)
    run = made.prepare()
    assert run.over
    assert run.lifecycle.interrupted_by == name
    made.on_test_stop()
    assert made.finished is not None
    assert made.prepare() is None


def test_a_signal_during_the_start_of_locust_is_handled_when_it_is_ready(program, monkeypatch):
    monkeypatch.setattr(plugin.signals, "first_deferred", lambda: "SIGHUP")
    spawned = []
    monkeypatch.setattr(plugin.gevent, "spawn", lambda *call: spawned.append(call))
    made = Plugin(program)
    made.on_init(environment=Environment(), web_ui=None)
    assert spawned == [(made._terminate, "SIGHUP")]


@pytest.mark.parametrize(
    ("name", "with_master", "first"),
    [("Ctrl-C", True, None), ("Ctrl-C", False, None), ("SIGHUP", True, None), ("SIGHUP", False, signal.SIGTERM)],
)
def test_a_worker_ignores_the_first_ctrl_c_of_a_shared_terminal(begin, monkeypatch, name, with_master, first):
    killed = []
    monkeypatch.setattr(plugin.os, "kill", lambda _pid, number: killed.append(number))
    made, _ = begin()
    start_run(made)
    monkeypatch.setattr(Plugin, "_is_worker", True)
    made._with_master = with_master
    made._terminate(name)
    assert killed == ([] if first is None else [first])
    made._terminate(name)
    assert killed[-1] == (signal.SIGINT if name == "Ctrl-C" else signal.SIGTERM)


def test_a_run_continues_without_a_journey_log_that_cannot_be_opened(begin, tmp_path, caplog):
    made, environment = begin()
    environment.parsed_options.journey_log = str(tmp_path)
    run = start_run(made)
    assert run.journey_log is None
    assert not run.over
    assert f"continues without a journey log: {tmp_path}: Is a directory" in caplog.text


def test_two_runs_at_once_do_not_share_a_results_folder(begin, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("harness.locust_plugin.option_checks.lock_folder", lambda folder: folder != tmp_path / "taken")
    begin(results=str(tmp_path / "free"))
    with pytest.raises(SystemExit) as left:
        begin(results=str(tmp_path / "taken"))
    assert left.value.code == Exit.USAGE_ERROR
    assert "another run is writing its results there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "follows"),
    [
        ({}, False),
        ({"headless": False}, True),
        ({"headful": True}, True),
        ({"worker": True}, True),
        ({"processes": 2}, False),
    ],
)
def test_only_a_process_that_will_write_results_defers_signals(program, monkeypatch, options, follows):
    followed = []
    monkeypatch.setattr(plugin.signals, "deliver_deferred", lambda: followed.append(1))
    monkeypatch.setattr(plugin, "refuse_ports_in_use", lambda _: None)
    defaults = {"worker": False, "headless": True, "headful": False, "processes": None}
    Plugin(program)._check_options(Namespace(**{**defaults, **options}))
    assert bool(followed) is follows
