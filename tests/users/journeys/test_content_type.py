"""JSON under another media type: a warning for each page, or a failure, as the scenario says."""

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
    """The outcome and blame of one page, and the pages with a warning."""
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
def test_json_under_another_media_type_is_a_warning_or_a_failure(response_format, body, media):
    assert fetched(response_format, body, media) == ("ok", "nobody", ["Basket"])
    assert fetched(response_format, body, media, strictly=True) == ("content_type", "shop", [])
    assert Outcome.CONTENT_TYPE.blame == "shop"


@pytest.mark.parametrize("media", ["application/json", "application/problem+json", "application/vnd.api+json", ""])
@pytest.mark.parametrize("strictly", [True, False])
def test_json_under_a_json_media_type_or_none_is_correct(media, strictly):
    assert fetched(ResponseFormat.JSON, JSON, media, strictly=strictly) == ("ok", "nobody", [])


@pytest.mark.parametrize(("response_format", "body"), [(ResponseFormat.HTML, HTML), (ResponseFormat.ANY, b"")])
def test_responses_not_read_as_json_may_have_any_media_type(response_format, body):
    assert fetched(response_format, body, "text/html", strictly=True) == ("ok", "nobody", [])


@pytest.mark.parametrize("strictly", [True, False])
def test_another_fault_of_the_response_comes_before_its_media_type(strictly):
    assert fetched(ResponseFormat.JSON, HTML, "text/html", strictly=strictly) == ("not_json", "shop", [])
    assert fetched(ResponseFormat.JSON, JSON, "text/html", strictly=strictly, status=500) == ("http_5xx", "shop", [])
