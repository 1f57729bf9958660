"""A Locust process with checkload in it, without Locust's greenlets."""

from types import SimpleNamespace

import pytest
from locust_environments import FakeEnvironment
from workloads import FakeProvider, FakeWorkload

from harness.locust_plugin import termination
from harness.locust_plugin.plugin import Plugin
from harness.objectives.parser import parse
from harness.run.registry import run_registry


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


@pytest.fixture
def provider(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(termination.gevent, "signal_handler", lambda *_: SimpleNamespace(cancel=lambda: None))
    return Provider()


@pytest.fixture
def begin(provider):
    """A process that Locust has initialised with these options, and its environment."""

    def start(**options):
        environment = FakeEnvironment(**options)
        Plugin(provider).on_init(environment=environment, web_ui=None)
        return run_registry(environment), environment

    return start
