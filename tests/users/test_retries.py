"""A failed request is retried as the storefront does: after its delays, each try a sample, and no retry of a 2xx response."""

from __future__ import annotations

import pytest
from observers import Observer, browser_of

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.http.transport import HttpResponse
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, ResponseFormat

PAUSES = (0.6, 1.6, 2.0)
TOOK = 0.1


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Transport:
    """Answers with one response after another."""

    def __init__(self, clock, *replies):
        self.clock, self.replies, self.began = clock, list(replies), []

    def send(self, page, method, url, headers, body):
        self.began.append(round(self.clock() - 100.0, 6))
        self.clock.now += TOOK
        return self.replies.pop(0)

    def report(self, outcome, *, failed):
        pass


OK = HttpResponse(200, b'{"done": true}', "")
BROKEN = HttpResponse(500, b"", "")
LOST = HttpResponse(0, b"", "", Outcome.CONNECTION)
LACKING = HttpResponse(0, b"", "", Outcome.NO_SOCKET)
NOT_JSON = HttpResponse(200, b"<html>", "")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def samples():
    return []


def browser(clock, samples, *replies, retry_delays=PAUSES):
    transport = Transport(clock, *replies)
    observer = Observer(samples.append)
    return browser_of(transport, observer, due=100.0, now=clock, sleep=clock.sleep, retry_delays=retry_delays)


def request(page=Page.PRODUCT):
    return PageRequest(page, path="/x", expect=Expectation(ResponseFormat.JSON))


def test_a_request_is_retried_up_to_three_times(clock, samples):
    asked = browser(clock, samples, BROKEN, LOST, BROKEN, OK)
    assert asked.fetch(request()).document == {"done": True}
    assert asked.transport.began == [0.0, 0.7, 2.4, 4.5]
    assert [sample.repeat for sample in samples] == [0, 1, 2, 3]
    assert [sample.outcome for sample in samples] == ["http_5xx", "connection", "http_5xx", "ok"]
    # The pauses are the storefront's own: no try is late because of them.
    assert [round(sample.done - sample.due, 6) for sample in samples] == [TOOK] * 4


def test_the_last_failed_try_fails_the_journey(clock, samples):
    asked = browser(clock, samples, BROKEN, BROKEN, BROKEN, LOST)
    with pytest.raises(JourneyFailed) as failed:
        asked.fetch(request())
    assert failed.value.outcome is Outcome.CONNECTION
    assert len(samples) == 4


@pytest.mark.parametrize("reply", [NOT_JSON, LACKING])
def test_a_wrong_2xx_response_and_our_own_exhaustion_are_not_retried(clock, samples, reply):
    with pytest.raises(JourneyFailed):
        browser(clock, samples, reply).fetch(request())
    assert len(samples) == 1


@pytest.mark.parametrize("page", [Page.LOGIN, Page.BANK, Page.THREE_D_SECURE, Page.CSRF_TOKEN])
def test_pages_that_the_storefronts_server_requests_are_not_retried(clock, samples, page):
    with pytest.raises(JourneyFailed):
        browser(clock, samples, BROKEN).fetch(request(page))
    assert len(samples) == 1


def test_without_retry_delays_nothing_is_retried(clock, samples):
    with pytest.raises(JourneyFailed):
        browser(clock, samples, BROKEN, retry_delays=()).fetch(request())
    assert len(samples) == 1
