"""A worker that comes during a run takes no user from the others."""

import pytest
from locust import User
from locust.runners import WorkerNode

from harness.locust_plugin.dispatcher import PinnedUsersDispatcher

KINDS = [type("Guest", (User,), {}), type("Returning", (User,), {})]


@pytest.fixture
def latecomers():
    return []


@pytest.fixture
def dispatcher(latecomers):
    made = PinnedUsersDispatcher([WorkerNode("a"), WorkerNode("b")], KINDS, on_late_worker=latecomers.append)
    made.new_dispatch(target_user_count=6, spawn_rate=100)
    return made


def dispatched(dispatcher):
    """The users of each worker when all of them are there."""
    return [{name: sum(of.values()) for name, of in users.items()} for users in dispatcher][-1]


def test_users_are_dealt_out_as_in_locust(dispatcher, latecomers):
    assert dispatched(dispatcher) == {"a": 3, "b": 3}
    assert latecomers == []


@pytest.mark.parametrize("when", ["while users are dealt out", "later"])
def test_a_late_worker_gets_no_users(dispatcher, latecomers, when):
    if when == "later":
        dispatched(dispatcher)
    dispatcher.add_worker(WorkerNode("c"))
    dispatcher.new_dispatch(target_user_count=6, spawn_rate=100)
    assert dispatched(dispatcher).get("c", 0) == 0
    assert latecomers == ["c"]


def test_locust_never_rebalances_users(dispatcher):
    dispatched(dispatcher)
    assert dispatcher.dispatch_in_progress
