"""Parallel requests of one shopper, over a transport that answers when the test says so."""

from __future__ import annotations

from dataclasses import dataclass, field

import gevent
import pytest
from gevent.event import Event
from observers import Observer, browser_of

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.http.transport import HttpResponse
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, ResponseFormat
from users.parallel_requests import ParallelFetcher

PATIENCE = 5.0


@dataclass
class Network:
    """Shared by all transports of one shopper: the requests sent, and which of them may be answered."""

    sent: list[str] = field(default_factory=list)
    responses: dict[str, Event] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    transports: int = 0
    closed: int = 0

    def may_answer(self, path: str) -> Event:
        return self.responses.setdefault(path, Event())


class Transport:
    def __init__(self, network: Network):
        self.network = network
        self.busy = False
        network.transports += 1

    def send(self, page, method, url, headers, body):
        assert not self.busy, "one transport carries one request at a time"
        self.busy = True
        try:
            self.network.sent.append(url)
            assert self.network.may_answer(url).wait(PATIENCE)
        finally:
            self.busy = False
        return HttpResponse(self.network.statuses.get(url, 200), b'{"done": true}', "")

    def report(self, outcome, *, failed):
        pass

    def clear_cookies(self):
        pass

    def open_parallel(self):
        return Transport(self.network)

    def close(self):
        self.network.closed += 1


def request(path):
    return PageRequest(Page.PRODUCT, path=path, think_first=False, expect=Expectation(ResponseFormat.JSON))


class Storefront:
    """Starts with some requests; ``follows`` says which requests follow from each."""

    def __init__(self, begins, follows=None):
        self.begins, self.follows, self.answered = begins, follows or {}, []

    def initial(self):
        return [request(path) for path in self.begins]

    def on_response(self, visited, response):
        assert response.document == {"done": True}
        self.answered.append(visited.path)
        return [request(path) for path in self.follows.get(visited.path, ())]


@pytest.fixture
def network():
    return Network()


@pytest.fixture
def samples():
    return []


@pytest.fixture
def browser(network, samples):
    clock = iter(range(1, 1000)).__next__
    return browser_of(Transport(network), Observer(samples.append), now=clock)


@pytest.fixture
def fetcher(browser):
    return ParallelFetcher(browser.transport)


def settle(network, sent):
    with gevent.Timeout(PATIENCE):
        while len(network.sent) < sent:
            gevent.sleep(0)


def test_parallel_requests_are_all_sent_before_any_response(fetcher, browser, network, samples):
    storefront = Storefront(["/a", "/b", "/c"], {"/b": ["/d"]})
    driven = gevent.spawn(fetcher.fetch, storefront, browser)
    settle(network, 3)
    network.may_answer("/b").set()
    settle(network, 4)
    assert network.sent == ["/a", "/b", "/c", "/d"]  # what follows from an answer does not wait for the others
    for path in ("/a", "/c", "/d"):
        assert not driven.ready()
        network.may_answer(path).set()
    driven.get(timeout=PATIENCE)
    assert sorted(storefront.answered) == ["/a", "/b", "/c", "/d"]
    assert len(samples) == 4
    assert len(browser.trail) == 4
    assert browser.due == max(sample.done for sample in samples)


def test_parallel_connections_are_kept_and_closed_in_the_end(fetcher, browser, network):
    for path in ("/a", "/b", "/c", "/d"):
        network.may_answer(path).set()
    fetcher.fetch(Storefront(["/a", "/b"]), browser)
    fetcher.fetch(Storefront(["/c", "/d"]), browser)
    assert network.transports == 3  # the first one and two beside it
    fetcher.close()
    assert network.closed == 2


def test_a_single_request_uses_the_first_connection(fetcher, browser, network):
    for path in ("/a", "/b"):
        network.may_answer(path).set()
    fetcher.fetch(Storefront(["/a"], {"/a": ["/b"]}), browser)
    assert network.transports == 1
    assert network.sent == ["/a", "/b"]


def test_after_a_failure_nothing_starts_and_requests_in_flight_are_awaited(fetcher, browser, network, samples):
    network.statuses["/a"] = 500
    driven = gevent.spawn(fetcher.fetch, Storefront(["/a", "/b"], {"/b": ["/never"]}), browser)
    settle(network, 2)
    network.may_answer("/a").set()
    gevent.sleep(0)
    assert not driven.ready()
    network.may_answer("/b").set()
    with pytest.raises(JourneyFailed) as failed:
        driven.get(timeout=PATIENCE)
    assert failed.value.outcome is Outcome.HTTP_5XX
    assert network.sent == ["/a", "/b"]
    assert [sample.outcome for sample in samples] == ["http_5xx", "ok"]


def test_stopping_a_shopper_records_one_sample_for_each_request_in_flight(fetcher, browser, network, samples):
    driven = gevent.spawn(fetcher.fetch, Storefront(["/a", "/b"]), browser)
    settle(network, 2)
    driven.kill(timeout=PATIENCE)
    assert [sample.outcome for sample in samples] == ["aborted", "aborted"]
    assert browser.observer.in_flight == {}


def test_an_unexpected_exception_in_a_parallel_request_is_raised_in_the_journey(fetcher, browser, network):
    network.statuses["/b"] = "no status"
    for path in ("/a", "/b"):
        network.may_answer(path).set()
    with pytest.raises(TypeError):
        fetcher.fetch(Storefront(["/a", "/b"]), browser)
