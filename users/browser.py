"""The one place where a page is fetched, timed and checked: exactly one sample for each page asked for.

``Browser`` belongs to one journey. What speaks HTTP underneath is a ``Transport``: it keeps cookies and
connections, follows no redirect, and never raises for what a shop or a network does.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
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

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

# Plain strings: labels outlive the enums, in messages and files.
_OUTCOME_LABELS = {outcome: (outcome.value, outcome.blame.value) for outcome in Outcome}
_NAMES = {page: page.value for page in Page}
# By a name of this module's own a member of an enum is found five times as fast.
_ABORTED, _CONTENT_TYPE = Outcome.ABORTED, Outcome.CONTENT_TYPE
_EXPLAINED_BY_MISSING_KEYS = (Outcome.ENVELOPE, Outcome.NOT_ECHOED)
_JSON_READS = (ResponseFormat.ENVELOPE, ResponseFormat.JSON)
_sample = tuple.__new__  # what a NamedTuple does for each of its fields by name takes twice as long


RETRIED_PAGES = (CHECKOUT_PAGES - RETURN_PAGES) | {
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
"""What a storefront's page sends again when it fails; signing in, a bank's page and the way back are sent once (client)."""


@dataclass(slots=True)
class Browser:
    """What one shopper sends and receives on one journey.

    ``due`` is the moment from which the next page's response time counts; it starts as the arrival's due moment.
    ``think`` draws the think time in seconds before a page; ``sleep`` waits; ``record`` takes the samples. ``trail``
    holds the pages asked for, with their outcomes; ``pending`` holds page, payment option and due moment of the request of each
    browser that waits for its reply. ``lag`` takes the seconds that a reply lay here unread, which is our
    own doing and no part of a sample, each time the transport can tell. ``trace`` marks the requests of the journey, and ``traced``
    is told of each sample, with the trace's id, if the trace is sampled. ``retry_delays`` holds the pauses in seconds after
    which a request of ``RETRIED_PAGES`` is sent again while its reply is not of the class 2xx; each try is a sample.
    ``mislabelled`` is told of each page whose JSON claims another media type; without it, that is a failure.
    """

    transport: Transport
    record: Callable[[PageSample], None]
    payment_option: str
    due: float
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    think: Callable[[str], float]
    lag: Callable[[float], None] | None = None
    pending: dict[int, tuple[str, str, float]] = field(default_factory=dict)
    trace: TraceContext | None = None
    traced: Callable[[PageSample, str], None] | None = None
    trail: list[tuple[str, str]] = field(default_factory=list)
    retry_delays: Sequence[float] = ()
    mislabelled: Callable[[str], None] | None = None
    _first: bool = True
    _status: int = 0

    @property
    def awaits_reply(self) -> bool:
        """Whether she was waiting for the shop when the run ended for her, and not thinking."""
        return bool(self.trail) and self.trail[-1][1] == _ABORTED

    def with_transport(self, transport: Transport) -> Browser:
        """The same shopper's browser over another transport, for a request that overlaps one of this browser's."""
        other = copy.copy(self)
        other.transport = transport
        return other

    def fetch(self, request: PageRequest) -> PageResponse:
        """Think, ask for the page, check the reply and record one sample; a fault raises ``JourneyFailed``."""
        if self._first:
            self._first = False
        elif request.think_first or request.extra_wait:
            self._pause(request.extra_wait + (self.think(request.page) if request.think_first else 0.0))
        pauses = self.retry_delays
        if not pauses or request.page not in RETRIED_PAGES:
            return self._fetch(request, 0)
        for tried, pause in enumerate(pauses):
            try:
                return self._fetch(request, tried)
            except JourneyFailed as failed:
                if 200 <= self._status < 300 or failed.outcome.blame is not Blame.SHOP:  # noqa: PLR2004 - RFC 9110 section 15
                    raise
            self._pause(pause)
        return self._fetch(request, len(pauses))

    def _fetch(self, request: PageRequest, tried: int) -> PageResponse:
        clock, pending, due, option = self.clock, self.pending, self.due, self.payment_option
        page = _NAMES.get(request.page) or str(request.page)
        me = id(self)
        pending[me] = page, option, due
        sent = clock()
        outcome = _ABORTED
        received = status = self._status = 0
        reported = False
        done = sent
        response: PageResponse | None = None
        try:
            status, body, location, failure, received_at, media = self.transport.send(
                page, request.method, request.path, self._headers(request), _body(request)
            )
            done = clock()
            self._status = status
            if received_at is not None and sent <= received_at <= done:
                if self.lag is not None:
                    self.lag(done - received_at)
                done = received_at
            received = len(body)
            if failure is not None:
                outcome = failure
            else:
                response, outcome = check_response(request, status, body, location)
                if media and media != JSON and response is not None and _is_mislabelled(request, media):
                    if self.mislabelled is None:
                        response, outcome = None, _CONTENT_TYPE
                    else:
                        self.mislabelled(page)
            self.transport.report(outcome, failed=response is None)
            reported = True
        finally:
            # Also when Locust cuts the user off in the middle of a page: one sample, whatever happens.
            if not reported:
                done = clock()
            named, blame = _OUTCOME_LABELS[outcome]
            del pending[me]
            sample = _sample(PageSample, (page, option, named, blame, due, sent, done, received, status, tried))
            self.record(sample)
            if self.traced is not None and self.trace is not None and self.trace.sampled:
                self.traced(sample, self.trace.id)
            self.trail.append((page, named))
            self.due = done
        if response is None:
            words = shop_error_text(status, body)
            if outcome in _EXPLAINED_BY_MISSING_KEYS:
                words = ", ".join(filter(None, (words, missing_keys(request, body))))
            raise JourneyFailed(outcome, request.page, words, status)
        return response

    def _pause(self, pause: float) -> None:
        if pause > 0:
            self.due += pause
            self.sleep(max(0.0, self.due - self.clock()))

    def _headers(self, request: PageRequest) -> dict[str, str]:
        headers: dict[str, str] = {} if self.trace is None else {TRACEPARENT: self.trace.next_header()}
        if not request.path.startswith(("http://", "https://")):
            headers[HEADER_AJAX] = AJAX
            # The cookie of the moment: a shop changes it when somebody signs in.
            if request.csrf and request.method != "GET" and (token := self.transport.cookie(COOKIE_CSRF)):
                headers[HEADER_CSRF] = token
        if request.json is not None:
            headers["content-type"] = JSON
        elif request.form is not None:
            headers["content-type"] = FORM
        return headers


def _is_mislabelled(request: PageRequest, media: str) -> bool:
    """Whether a reply that holds JSON, as this visit reads it, claims a media type that says otherwise."""
    return request.expect.format in _JSON_READS and not media.endswith("+json")


def _body(request: PageRequest) -> bytes | None:
    if request.json is not None:
        return orjson.dumps(request.json)
    if request.form is not None:
        return form_body(request.form)
    return None


def form_body(form: Mapping[str, str]) -> bytes:
    """A form as it is sent, as ``urllib.parse.urlencode`` writes it: most values are words or numbers, and stand as they are."""
    pairs = []
    for name, value in form.items():
        written = value if value.isalnum() and value.isascii() else _quoted(value)
        pairs.append(f"{_quoted_name(name)}={written}")
    return "&".join(pairs).encode()


def _quoted(text: str) -> str:
    # An e-mail address is the one that is sent most often, and of letters, digits, dots and its sign.
    bare = text.replace(".", "").replace("@", "")
    return text.replace("@", "%40") if bare.isalnum() and bare.isascii() else quote_plus(text)


_quoted_name = lru_cache(256)(_quoted)
