"""With ``csrf_from = "page"``, shoppers read the CSRF token on a page, once for each session, and send it with every form."""

from types import SimpleNamespace

import gevent
import pytest
from fault_walks import InProcessTransport
from locust.env import Environment

from harness.measurement.totals import RunTotals
from harness.run.driver import drive_alone
from harness.run.workload import Choices
from harness.schedule.dispatch import Arrival, Assignment
from scenarios.runtime.scenario_folder import ScenarioFolder
from users import host_shopper
from users.shopper import Guest, Returning

HOST = "http://shop.test"
LOAD = """
objectives = ["journey failures < 5%"]
arrivals = { rate = "1/s", duration = "60s" }
payments = { credit_card = 1 }
think = { scale = 0 }
conduct = { csrf_from = "page" }
accounts = { sign_in = "user" }
journeys = { guest = 1, returning = 1 }
"""


class WithoutTokenCookie(InProcessTransport):
    """A shop whose cookie of the token no client sees; its page of the token shows it."""

    def __init__(self, sent):
        super().__init__({"csrf": "strict"})
        self._sent = sent

    def cookie(self, name):
        return "" if name == "csrftoken" else super().cookie(name)

    def send(self, page, method, url, headers, body):
        self._sent.append((page, method, headers.get("x-csrftoken", headers.get("X-CSRFToken", ""))))
        return super().send(page, method, url, headers, body)


@pytest.fixture
def buy(tmp_path, monkeypatch):
    """Let shoppers of one kind buy, one after the other; returns what each of them sent, and the run."""
    sent, users = [], []
    monkeypatch.setattr(host_shopper, "make_transport", lambda *_: WithoutTokenCookie(sent))
    (tmp_path / "load.toml").write_text(LOAD)

    def go(kind, times=1):
        workload = ScenarioFolder().choose(Choices(scenario=str(tmp_path / "load.toml")))
        load = drive_alone(workload, workload.population.worker_context(0, 1)).load
        load.run.set_target(HOST, None)
        environment = Environment(host="")
        environment.checkload = SimpleNamespace(load=load)
        user = kind(environment)
        users.append(user)
        numbers = [number for number in range(60) if workload.population.kind_of(number) == kind.kind][:times]
        each = []
        for number in numbers:
            sent.clear()
            user.take(Assignment(Arrival(number, kind.kind, load.run.clock()), 0.0))
            gevent.spawn(user.run_journey).get()
            each.append(list(sent))
        return each, RunTotals.of(load.run.recorder)

    yield go
    for user in users:
        user.on_stop()


def test_a_guest_reads_it_once_and_sends_it(buy):
    (sent,), totals = buy(Guest)
    assert totals.orders == 1
    assert [page for page, *_ in sent].count("CsrfToken") == 1
    tokens = {token for page, method, token in sent if method == "POST" and page == "BasketAdd"}
    assert len(tokens) == 1
    assert "" not in tokens


def test_a_customer_reads_it_again_after_the_sign_in_and_when_they_come_back(buy):
    (first, second), totals = buy(Returning, 2)
    assert totals.orders == 2
    assert [page for page, *_ in first].count("CsrfToken") == 2
    assert [page for page, *_ in second].count("CsrfToken") == 1
    assert "Login" not in [page for page, *_ in second]
