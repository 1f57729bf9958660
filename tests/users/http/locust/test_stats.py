"""Requests reach Locust's statistics in batches; the Locust here is a stub, the real one is tested end to end."""

from types import SimpleNamespace

import gevent
import pytest

from harness.measurement.outcomes import Outcome
from users.http.client import HttpClient, HttpLimits
from users.http.locust import stats
from users.http.locust.stats import LocustStats, locust_stats_of


class Hook:
    def __init__(self):
        self._handlers = []

    def add_listener(self, handler):
        self._handlers.append(handler)

    def fire(self, **arguments):
        for handler in self._handlers:
            handler(**arguments)


@pytest.fixture
def environment():
    """An environment in which only the runner listens to requests."""
    names = ("request", "reset_stats", "spawning_complete", "report_to_master", "test_stopping", "test_stop")
    events = SimpleNamespace(**{name: Hook() for name in names})
    runner = lambda **arguments: fired.append(arguments)  # noqa: E731 - its module is what it is known by
    runner.__module__ = "locust.runners"
    events.request.add_listener(runner)
    fired = []
    return SimpleNamespace(events=events, reset_stats=False, fired=fired)


@pytest.fixture
def flushed(monkeypatch):
    """What each flush would add to Locust's entries, by page and method."""
    added = []

    def flush(self):
        self._waiting = False
        self._timer.stop()
        if self._buffered:
            added.append({key: list(replies) for key, replies in self._buffered.items()})
        self._buffered.clear()

    monkeypatch.setattr(LocustStats, "flush", flush)
    return added


@pytest.fixture
def transport(serve, environment):
    def responding(peer):
        while peer.request():
            peer.respond(b"hello")

    user = SimpleNamespace(environment=environment, context=dict)
    made = HttpClient(serve(responding).url, user, HttpLimits(1.0, 1.0, 1.0, 1000), statistics=LocustStats(environment))
    yield made
    made.close()


def test_correct_pages_are_buffered_and_flushed_on_close(transport, fetch, environment, flushed):
    for _ in range(3):
        fetch(transport)
        transport.report(Outcome.OK, failed=False)
    assert (environment.fired, flushed) == ([], [])
    transport.close()
    ((key, replies),) = flushed[0].items()
    assert key == ("Page", "GET")
    assert [length for _, length, _ in replies] == [5, 5, 5]
    assert all(0 < response_time < 1000 for response_time, _, _ in replies)


def test_the_buffer_is_flushed_by_a_timer(transport, fetch, flushed, monkeypatch):
    monkeypatch.setattr(stats, "FLUSH_INTERVAL", 0.01)
    transport._statistics = LocustStats(transport._user.environment)
    fetch(transport)
    transport.report(Outcome.OK, failed=False)
    gevent.sleep(0.1)
    assert len(flushed) == 1


def test_the_flush_timer_runs_a_second_time(environment, flushed, monkeypatch):
    monkeypatch.setattr(stats, "FLUSH_INTERVAL", 0.01)
    statistics = LocustStats(environment)
    for _ in range(2):
        statistics.buffer("GET", "Page", (1.0, 2, 3.0))
        while statistics._waiting:
            gevent.sleep(0.005)
    monkeypatch.setattr(stats, "FLUSH_INTERVAL", 60.0)
    slow = LocustStats(environment)
    slow.buffer("GET", "Page", (1.0, 2, 3.0))
    slow.flush()
    slow.buffer("GET", "Page", (1.0, 2, 3.0))
    gevent.sleep(0.02)
    assert slow._waiting


@pytest.mark.parametrize("event", ["report_to_master", "test_stopping", "test_stop"])
def test_the_buffer_is_flushed_before_a_report_and_at_the_end(environment, flushed, event):
    seen = []
    getattr(environment.events, event).add_listener(lambda **_: seen.append(len(flushed)))
    statistics = locust_stats_of(environment)
    assert locust_stats_of(environment) is statistics
    statistics.buffer("GET", "Page", (1.0, 2, 3.0))
    getattr(environment.events, event).fire(client_id="w", data={})
    assert len(flushed) == 1
    # What goes to the master is gone from Locust's entries once its own listener has taken it.
    assert seen == ([1] if event == "report_to_master" else [0])


def test_another_listener_gets_each_page_at_once(transport, fetch, environment, flushed):
    response = []
    environment.events.request.add_listener(lambda **arguments: response.append(arguments["name"]))
    fetch(transport)
    transport.report(Outcome.OK, failed=False)
    assert (len(environment.fired), response) == (1, ["Page"])
    transport.close()
    assert flushed == []


def test_with_another_listener_requests_are_reported_one_by_one(transport, fetch, environment, flushed):
    response = []
    environment.events.request._handlers[:] = [lambda **arguments: response.append(arguments["name"])]
    fetch(transport)
    transport.report(Outcome.OK, failed=False)
    assert response == ["Page"]


@pytest.mark.parametrize(("event", "resets", "left"), [("reset_stats", False, 0), ("spawning_complete", True, 0), ("spawning_complete", False, 1)])  # fmt: skip
def test_when_locust_resets_its_statistics_the_buffer_is_emptied(environment, flushed, event, resets, left):
    environment.reset_stats = resets
    statistics = LocustStats(environment)
    statistics.buffer("GET", "Page", (1.0, 2, 3.0))
    getattr(environment.events, event).fire(user_count=3)
    statistics.flush()
    assert len(flushed) == left
