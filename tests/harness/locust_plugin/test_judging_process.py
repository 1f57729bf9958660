"""A process that judges its runs: its exit code, its embedded shop, and which of two choices counts."""

from pathlib import Path
from types import SimpleNamespace

import gevent
import pytest
from locust_environments import user_class

from harness.errors import UsageError
from harness.exits import Exit
from harness.judging import finish, html_report
from harness.locust_plugin import judging_process


def start_run(made):
    """Take the run to the moment before its users are spawned."""
    run = made.prepare()
    made.on_test_start()
    return run


def an_end():
    return SimpleNamespace(exit=Exit.FAILED, headline="", text="", result=None, folder=Path("nowhere"))


def test_the_exit_code_is_invalid_until_a_verdict_changes_it(begin, monkeypatch):
    made, environment = begin()
    assert environment.process_exit_code == Exit.INVALID
    passed = SimpleNamespace(exit=Exit.PASSED, headline="PASSED", text="", result=None, folder=Path("nowhere"))
    monkeypatch.setattr(finish, "finish", lambda *_, **__: passed)
    start_run(made)
    assert environment.process_exit_code == Exit.INVALID
    made.on_test_stop()
    assert environment.process_exit_code == Exit.PASSED
    made.prepare()  # and the next run has to earn its own
    assert environment.process_exit_code == Exit.INVALID
    assert made.finished is None


def test_the_report_is_drawn_after_the_last_snapshot_of_the_metrics(begin, monkeypatch):
    made, _ = begin()
    order = []
    monkeypatch.setattr(finish, "finish", lambda *_, **__: an_end())
    monkeypatch.setattr(made._telemetry, "end", lambda _: order.append("last snapshot"))
    monkeypatch.setattr(html_report, "write_html_report", lambda *_: order.append("report"))
    start_run(made)
    made.on_test_stop()
    assert order == ["last snapshot", "report"]


def test_a_run_is_judged_although_the_greenlet_that_stopped_it_is_killed(begin, monkeypatch):
    made, _ = begin()
    done = an_end()
    monkeypatch.setattr(finish, "finish", lambda *_, **__: gevent.sleep(0.01) or done)
    monkeypatch.setattr(html_report, "write_html_report", lambda *_: None)
    start_run(made)
    first = gevent.spawn(made.on_test_stop)
    gevent.sleep(0)
    first.kill()  # as Locust kills the greenlet of its load shape when a person stops the run at the same time
    made.on_test_stop()
    assert made.finished is done


def test_an_allowed_host_is_loaded_and_no_shop_is_started(begin, provider, monkeypatch):
    monkeypatch.setattr(judging_process, "unreachable", lambda *_: "")
    provider.shop = AssertionError("no embedded shop must start")
    made, _ = begin(host="http://shop.example")
    assert start_run(made).target.url == "http://shop.example"


def test_the_embedded_shop_ends_with_its_run_and_its_address_leaves_the_form(begin, provider, monkeypatch):
    made, environment = begin()
    run = start_run(made)
    assert run.target.url == provider.shop.url
    seen = []
    monkeypatch.setattr(
        finish, "finish", lambda supervisor, *_, **__: seen.append(supervisor.run.target.shop.alive()) or an_end()
    )
    made.on_test_stop()
    assert seen == [True]  # its ledger is read before it goes
    assert provider.shop.stopped
    assert not environment.host


@pytest.mark.parametrize(
    "trouble", [UsageError("the embedded shop does not start: no port"), RuntimeError("swordfish")]
)
def test_a_shop_that_does_not_start_is_a_crash(begin, provider, trouble):
    provider.shop = trouble
    made, environment = begin()
    run = start_run(made)
    assert run.over
    assert environment.process_exit_code == Exit.CRASHED
    assert run.lifecycle.crash
    assert "swordfish" not in run.lifecycle.crash


def test_a_crash_while_finishing_is_reported_and_stops_the_shop(begin, provider, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(finish, "finish", full)
    made, environment = begin()
    start_run(made)
    made.on_test_stop()
    assert environment.process_exit_code == Exit.CRASHED
    assert made.failure == "the results could not be made: No space left on device"
    assert made.finished is None
    assert provider.shop.stopped


def test_chosen_user_classes_get_their_weights_and_the_others_stay_out(begin):
    made, environment = begin()
    guest = environment.user_classes[0]
    environment.user_classes.append(user_class("Abandoning", "abandoning"))
    made._preparation._chosen = list(environment.user_classes)
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


def test_a_run_continues_without_a_journey_log_that_cannot_be_opened(begin, tmp_path, caplog):
    made, environment = begin()
    environment.parsed_options.journey_log = str(tmp_path)
    run = start_run(made)
    assert run.journey_log is None
    assert not run.over
    assert f"continues without a journey log: {tmp_path}: Is a directory" in caplog.text
