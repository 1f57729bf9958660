"""Fetches a page, times it and checks it: exactly one sample for each page, whatever happens.

A ``Browser`` belongs to one journey. The ``Transport`` under it speaks HTTP: it keeps cookies and connections, follows no
redirect, and never raises for what a shop or a network does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import quote_plus

import orjson

from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.sample import PageSample
from shop.contract import AJAX, CHECKOUT_PAGES, COOKIE_CSRF, HEADER_AJAX, HEADER_CSRF, RETURN_PAGES, Page
from users.http.request import TRACEPARENT
from users.http.transport import Transport
from users.journeys.checks import check_response
from users.journeys.diagnosis import missing_keys, shop_error_text
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat
from users.traceparent import TraceContext

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

# Plain strings, because labels outlive the enums in messages and files.
_OUTCOME_LABELS: Final = {outcome: (outcome.value, outcome.blame.value) for outcome in Outcome}
_PAGE_NAMES: Final[dict[str, str]] = {page: page.value for page in Page}
# A module's own name for an enum member is found five times as fast.
_ABORTED: Final = Outcome.ABORTED
_CONTENT_TYPE: Final = Outcome.CONTENT_TYPE
_EXPLAINED_BY_MISSING_KEYS: Final = (Outcome.ENVELOPE, Outcome.NOT_ECHOED)
_JSON_FORMATS: Final = (ResponseFormat.ENVELOPE, ResponseFormat.JSON)
_NO_HEADERS: dict[str, str] = {}
_sample: Final = tuple.__new__  # a NamedTuple's own constructor takes twice as long


RETRIED_PAGES: Final = (CHECKOUT_PAGES - RETURN_PAGES) | {
    Page.PRODUCT,
    Page.PRODUCT_INSTALLMENTS,
    Page.BASKET_ADD,
    Page.BASKET,
    Page.COUNTRIES,
    Page.CITIES,
    Page.TOWNSHIPS,
    Page.DISTRICTS,
    Page.ADDRESS_ADD,
    Page.CHECKOUT,
    Page.CONTRACT,
    Page.THREE_D_REDIRECT,
    Page.COMPLETED_ORDER,
}
"""What a storefront's page retries when it fails. It sends a sign-in, a bank's page and the way back once (client)."""


class PageObserver(Protocol):
    """What a run wants to know of each page; one observer serves many browsers."""

    in_flight: dict[int, tuple[str, str, float]]
    """Page, payment option and due moment of the request that each browser waits for."""

    def record(self, sample: PageSample) -> None:
        """Take the sample of a page."""

    def record_traced(self, sample: PageSample, traceparent: str) -> None:
        """Take the sample of a page of a recorded trace, with the header that its request carried."""

    def accepts_media_type(self, page: str) -> bool:
        """Whether JSON under another media type is a mere warning; if not, it is a failure."""


@dataclass(slots=True)
class Pace:
    """How time passes for one journey."""

    now: Callable[[], float]
    """The clock, in seconds."""
    sleep: Callable[[float], None]
    think_time: Callable[[str], float]
    """Draws the think time before a page, in seconds."""


@dataclass(slots=True)
class Browser:
    """What one shopper sends and receives on one journey.

    ``due`` is the moment from which the next page's response time counts; it starts as the arrival's due moment.
    ``retry_delays`` holds the seconds to wait before each retry of a page in ``RETRIED_PAGES`` whose status is not 2xx;
    each try is a sample. ``trail`` lists the pages with their outcomes.
    """

    transport: Transport
    observer: PageObserver
    pace: Pace
    payment_option: str
    due: float
    trace: TraceContext | None = None
    retry_delays: Sequence[float] = ()
    trail: list[tuple[str, str]] = field(default_factory=list)
    shown_token: Callable[[], str] | None = None
    """Returns the CSRF token that a page has shown; ``None``: it is in a cookie."""
    _first: bool = True
    _status: int = 0

    @property
    def awaits_response(self) -> bool:
        """Whether the run ended while this shopper waited for the shop, and not in think time."""
        return bool(self.trail) and self.trail[-1][1] == _ABORTED

    def with_transport(self, transport: Transport) -> Browser:
        """The same shopper's browser over another transport, for a request that runs in parallel."""
        return replace(self, transport=transport)

    def fetch(self, request: PageRequest) -> PageResponse:
        """Think, request the page, check the response and record a sample; a failure raises ``JourneyFailed``."""
        if self._first:
            self._first = False
        elif request.think_first or request.extra_wait:
            self._wait(request.extra_wait + (self.pace.think_time(request.page) if request.think_first else 0.0))
        delays = self.retry_delays
        if not delays or request.page not in RETRIED_PAGES:
            return self._fetch_once(request, 0)
        for retry, delay in enumerate(delays):
            try:
                return self._fetch_once(request, retry)
            except JourneyFailed as failed:
                if 200 <= self._status < 300 or failed.outcome.blame is not Blame.SHOP:  # noqa: PLR2004 - RFC 9110 section 15
                    raise
            self._wait(delay)
        return self._fetch_once(request, len(delays))

    def _fetch_once(self, request: PageRequest, retry: int) -> PageResponse:
        observer, now, due, option = self.observer, self.pace.now, self.due, self.payment_option
        in_flight = observer.in_flight
        page = _PAGE_NAMES.get(request.page) or str(request.page)
        me = id(self)
        in_flight[me] = page, option, due
        sent = now()
        outcome = _ABORTED
        received = status = self._status = 0
        reported = False
        headers: dict[str, str] = _NO_HEADERS
        done = sent
        response: PageResponse | None = None
        try:
            headers = self._headers(request)
            status, body, location, failure, received_at, media = self.transport.send(
                page, request.method, request.path, headers, _body(request)
            )
            done = now()
            self._status = status
            # The kernel knows when the last byte came. If this process was busy, it read that byte later.
            if received_at is not None and sent <= received_at <= done:
                done = received_at
            received = len(body)
            if failure is not None:
                outcome = failure
            else:
                response, outcome = check_response(request, status, body, location)
                if (
                    media
                    and media != JSON
                    and response is not None
                    and _is_mislabelled(request, media)
                    and not observer.accepts_media_type(page)
                ):
                    response, outcome = None, _CONTENT_TYPE
            self.transport.report(outcome, failed=response is None)
            reported = True
        finally:
            # Also runs if Locust stops the user in the middle of a page.
            if not reported:
                done = now()
            label, blame = _OUTCOME_LABELS[outcome]
            del in_flight[me]
            sample = _sample(PageSample, (page, option, label, blame, due, sent, done, received, status, retry))
            observer.record(sample)
            if self.trace is not None and self.trace.recorded and headers:
                observer.record_traced(sample, headers[TRACEPARENT])
            self.trail.append((page, label))
            self.due = done
        if response is None:
            words = shop_error_text(status, body)
            if outcome in _EXPLAINED_BY_MISSING_KEYS:
                words = ", ".join(filter(None, (words, missing_keys(request, body))))
            raise JourneyFailed(outcome, request.page, words, status)
        return response

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.due += seconds
            self.pace.sleep(max(0.0, self.due - self.pace.now()))

    def _headers(self, request: PageRequest) -> dict[str, str]:
        headers: dict[str, str] = {} if self.trace is None else {TRACEPARENT: self.trace.next_header()}
        if not request.path.startswith(("http://", "https://")):
            headers[HEADER_AJAX] = AJAX
            # Read the cookie each time: a shop changes it at a sign-in.
            if request.csrf and request.method != "GET":
                shown = self.shown_token
                if token := self.transport.cookie(COOKIE_CSRF) if shown is None else shown():
                    headers[HEADER_CSRF] = token
        if request.json is not None:
            headers["content-type"] = JSON
        elif request.form is not None:
            headers["content-type"] = FORM
        return headers


def _is_mislabelled(request: PageRequest, media: str) -> bool:
    """Whether a response that was read as JSON claims a media type that is not JSON."""
    return request.expect.format in _JSON_FORMATS and not media.endswith("+json")


def _body(request: PageRequest) -> bytes | None:
    if request.json is not None:
        return orjson.dumps(request.json)
    if request.form is not None:
        return form_body(request.form)
    return None


def form_body(form: Mapping[str, str]) -> bytes:
    """A form as it is sent, as ``urllib.parse.urlencode`` writes it; faster, as most values need no quoting."""
    pairs = []
    for name, value in form.items():
        written = value if value.isalnum() and value.isascii() else _quoted(value)
        pairs.append(f"{_quoted_name(name)}={written}")
    return "&".join(pairs).encode()


def _quoted(text: str) -> str:
    # Most texts that need quoting are e-mail addresses: letters, digits, dots and an @.
    bare = text.replace(".", "").replace("@", "")
    return text.replace("@", "%40") if bare.isalnum() and bare.isascii() else quote_plus(text)


_quoted_name = lru_cache(256)(_quoted)
