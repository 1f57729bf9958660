"""JSON that is served as another type: told of page by page, or a failure, as the scenario says."""

from contextlib import suppress

import pytest
from observers import Observer, browser_of

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.http.transport import HttpResponse
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, ResponseFormat

JSON = b'{"done": true}'
ENVELOPE = b'{"context_list": [], "template_name": "x", "errors": null, "pre_order": {}}'
HTML = b"<form action=/pay></form>"


class Transport:
    def __init__(self, body, media, status):
        self.reply = HttpResponse(status, body, "/elsewhere", media=media)
        self.reported = []

    def send(self, page, method, url, headers, body):
        return self.reply

    def report(self, outcome, *, failed):
        self.reported.append((str(outcome), failed))


def fetched(response_format, body, media, *, strictly=False, status=200):
    """The outcome of one page, and what was told of."""
    transport, observer = Transport(body, media, status), Observer(strict=strictly)
    browser = browser_of(transport, observer)
    with suppress(JourneyFailed):
        browser.fetch(PageRequest(Page.BASKET, path="/x", expect=Expectation(response_format, allow_redirect=True)))
    (sample,) = observer.samples
    assert transport.reported == [(sample.outcome, sample.outcome != "ok")]
    return sample.outcome, sample.blame, observer.mislabelled


@pytest.mark.parametrize(
    ("response_format", "body"), [(ResponseFormat.JSON, JSON), (ResponseFormat.ENVELOPE, ENVELOPE)]
)
@pytest.mark.parametrize("media", ["text/html", "text/plain", "application/octet-stream", "json"])
def test_json_that_is_served_as_another_type_is_told_of_or_a_failure(response_format, body, media):
    assert fetched(response_format, body, media) == ("ok", "nobody", ["Basket"])
    assert fetched(response_format, body, media, strictly=True) == ("content_type", "shop", [])
    assert Outcome.CONTENT_TYPE.blame == "shop"


@pytest.mark.parametrize("media", ["application/json", "application/problem+json", "application/vnd.api+json", ""])
@pytest.mark.parametrize("strictly", [True, False])
def test_json_that_is_served_as_json_or_as_nothing_is_in_order(media, strictly):
    assert fetched(ResponseFormat.JSON, JSON, media, strictly=strictly) == ("ok", "nobody", [])


@pytest.mark.parametrize(("response_format", "body"), [(ResponseFormat.HTML, HTML), (ResponseFormat.ANY, b"")])
def test_what_is_not_read_as_json_may_be_of_any_type(response_format, body):
    assert fetched(response_format, body, "text/html", strictly=True) == ("ok", "nobody", [])


@pytest.mark.parametrize("strictly", [True, False])
def test_what_is_wrong_with_the_reply_itself_comes_first(strictly):
    assert fetched(ResponseFormat.JSON, HTML, "text/html", strictly=strictly) == ("not_json", "shop", [])
    assert fetched(ResponseFormat.JSON, JSON, "text/html", strictly=strictly, status=500) == ("http_5xx", "shop", [])
