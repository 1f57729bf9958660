"""Further users for a change of the run, beside a person who stops it."""

from types import SimpleNamespace

import pytest
from locust.runners import STATE_CLEANUP, STATE_RUNNING, STATE_STOPPED
from locust_environments import user_class

from harness.locust_plugin import shape
from harness.locust_plugin.shape import SPAWNED_AT_ONCE, OwnUsers


class Runner:
    """A runner of Locust that counts the users it spawns; after ``stops_at`` of them it is in ``then``."""

    def __init__(self, stops_at, then):
        self.user_classes, self.state = [user_class("Guest", "guest")], STATE_RUNNING
        self.user_classes_count = {"Guest": 5}
        self._stops_at, self._then = stops_at, then

    def spawn_users(self, wanted):
        self.user_classes_count["Guest"] += wanted["Guest"]
        if self.user_classes_count["Guest"] >= self._stops_at:
            self.state = self._then


def test_two_changes_one_after_the_other_start_no_user_twice(monkeypatch):
    runner = Runner(stops_at=10_000, then=STATE_STOPPED)
    users, begun = OwnUsers(SimpleNamespace(runner=runner)), []
    monkeypatch.setattr(shape.gevent, "spawn", lambda work, wanted: work(wanted))

    def second_change(_):
        if not begun:
            begun.append(True)
            users.raise_to({"guest": 120})

    monkeypatch.setattr(shape.gevent, "sleep", second_change)
    users.raise_to({"guest": 100})
    assert runner.user_classes_count["Guest"] == 120


@pytest.fixture
def raised(monkeypatch):
    monkeypatch.setattr(shape.gevent, "spawn", lambda work, missing: work(missing))
    monkeypatch.setattr(shape.gevent, "sleep", lambda _: None)

    def to(number, **runner):
        made = Runner(**runner)
        OwnUsers(SimpleNamespace(runner=made)).raise_to({"guest": number})
        return made.user_classes_count["Guest"]

    return to


def test_the_missing_users_are_started(raised):
    assert raised(48, stops_at=100, then=STATE_STOPPED) == 48
    assert raised(3, stops_at=100, then=STATE_STOPPED) == 5


@pytest.mark.parametrize("state", [STATE_CLEANUP, STATE_STOPPED])
def test_no_user_is_started_once_locust_stops_the_users(raised, state):
    assert raised(1000, stops_at=30, then=state) < 30 + SPAWNED_AT_ONCE
