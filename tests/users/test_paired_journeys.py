"""In a paired load, each arrival makes the same journey at both hosts, and the host that comes first alternates."""

from types import SimpleNamespace

import gevent
import pytest
from fault_walks import InProcessTransport
from gevent.lock import BoundedSemaphore
from locust.env import Environment

from harness.measurement.totals import RunTotals
from harness.run.collaborators import REAL_TIME
from harness.run.driver import drive_alone
from harness.run.local_load import add_candidate
from harness.run.workload import Choices
from harness.schedule.dispatch import Arrival, Assignment
from scenarios.runtime.scenario_folder import ScenarioFolder
from users import host_shopper
from users.http.transport import HttpResponse
from users.shopper import FirstTime, Guest, Returning

HOSTS = ("http://base.test", "http://candidate.test")
LISTS = ("Countries", "Cities", "Townships", "Districts")
"""Pages that are read once at each host."""
LOAD = """
description = "All kinds of shoppers."
seed = 5
objectives = ["journey failures < 5%"]
[arrivals]
rate = "1/s"
duration = "60s"
[journeys]
guest = 1
returning = 1
first_time = 1
[think]
scale = 0
"""


class RecordedTransport(InProcessTransport):
    """Keeps what is sent; while the shop works, other greenlets run. Pages that are ``broken`` are answered 500."""

    def __init__(self, host, shared):
        super().__init__({"csrf": "echo"})
        self._host, self._shared = host, shared
        first = shared.transports.setdefault(host, self)
        self._app, self.clock = first._app, first.clock  # one shop for all users of a host

    def send(self, page, method, url, headers, body):
        self._shared.sent.append((self._host, page, method, url.removeprefix(self._host), body))
        gevent.sleep(self._shared.pause)
        if (self._host, page) in self._shared.broken:
            return HttpResponse(500, b"", "")
        with self._shared.turn:  # a thread runs one event loop at a time
            return super().send(page, method, url, headers, body)


class Pair:
    """A paired load with one user of each kind, which takes arrivals one after the other."""

    def __init__(self, tmp_path, shared):
        path = tmp_path / "load.toml"
        path.write_text(LOAD)
        workload = ScenarioFolder().choose(Choices(scenario=str(path)))
        self.shared, self.sent = shared, shared.sent
        context = workload.population.worker_context(0, 1)
        self.load = drive_alone(workload, context).load
        add_candidate(self.load, workload.population.candidate_context(context), REAL_TIME)
        self.runs = self.load.run, self.load.candidate.run
        for run, url in zip(self.runs, HOSTS, strict=True):
            run.set_target(url, None)
        environment = Environment()
        environment.checkload = SimpleNamespace(load=self.load)
        self.users = {kind.kind: kind(environment) for kind in (Guest, Returning, FirstTime)}

    def start(self, number):
        """Let one arrival in, and return the greenlet of its user."""
        kind = self.load.run.workload.population.kind_of(number)
        self.users[kind].take(Assignment(Arrival(number, kind, self.load.run.clock()), 0.0))
        return gevent.spawn(self.users[kind].run_journey)

    def arrive(self, number):
        """Let one arrival in; returns what each host was sent, in order, and the host that came first."""
        before = len(self.sent)
        self.start(number).get()
        sent = [each for each in self.sent[before:] if each[1] not in LISTS]
        return [[each[1:] for each in sent if each[0] == host] for host in HOSTS], sent[0][0]

    @property
    def totals(self):
        return [RunTotals.of(run.recorder) for run in self.runs]


def drawn(sent):
    """What the shopper draws: account, product, address and payment option."""
    return [each for each in sent if each[0] in ("Login", "BasketAdd", "AddressAdd", "PaymentOptionSelectionPage")]


@pytest.fixture
def pair(tmp_path, monkeypatch):
    shared = SimpleNamespace(sent=[], broken=set(), pause=0.0, turn=BoundedSemaphore(), transports={})

    def make_transport(_, url, *__):
        return RecordedTransport(url, shared)

    monkeypatch.setattr(host_shopper, "make_transport", make_transport)
    made = Pair(tmp_path, shared)
    yield made
    for user in made.users.values():
        user.on_stop()


def test_both_hosts_get_the_same_journeys_and_the_first_one_alternates(pair):
    options, accounts = set(), set()
    for number in range(40):
        (base, candidate), first = pair.arrive(number)
        assert base == candidate
        assert first == HOSTS[number % 2]
        options |= {body for page, *_, body in base if page == "PaymentOptionSelectionPage" and body}
        accounts |= {body for page, *_, body in base if page == "Login"}
    assert len(options) > 5
    assert len(accounts) > 5
    assert [(one.journeys, one.orders) for one in pair.totals] == [(40, 40)] * 2


def test_a_failure_at_one_host_changes_nothing_at_the_other(pair):
    pair.shared.broken = {(HOSTS[1], "Checkout")}
    for number in range(20):
        (base, candidate), _ = pair.arrive(number)
        assert candidate == base[: len(candidate)]
    pair.shared.broken = set()
    for number in range(20, 40):
        (base, candidate), _ = pair.arrive(number)
        assert drawn(base) == drawn(candidate), "the accounts or products no longer come in the same order"
    assert [one.orders for one in pair.totals] == [40, 20]


def test_a_user_that_is_stopped_ends_both_journeys(pair):
    pair.shared.pause = 60.0
    journey = pair.start(0)
    gevent.sleep(0.01)
    journey.kill()
    assert len(pair.sent) == 2
    assert [one.journeys_by_outcome for one in pair.totals] == [{"aborted": 1}] * 2
    assert not any((+load.in_flight) for load in (pair.load, pair.load.candidate))


def test_a_dropped_arrival_is_dropped_at_both_hosts(pair):
    pair.load.drop_arrival(Arrival(0, "guest", 1.0))
    assert [one.journeys_by_outcome for one in pair.totals] == [{"dropped": 1}] * 2


def test_a_product_that_is_sold_out_at_one_host_is_drawn_at_neither(pair):
    pair.load.candidate.worker_context.products.mark_sold_out("1")
    assert "1" not in pair.load.worker_context.products.pks
