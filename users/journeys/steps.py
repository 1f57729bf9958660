"""What a journey and the code that fetches its pages say to each other: page requests one way, checked responses back.

A journey is a generator. It yields a ``PageRequest`` and is sent the ``PageResponse``. It has no socket, no clock and no
random state of its own, so a test drives it with a list of responses, and Locust drives the same journey over HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol, TypeVar

from harness.measurement.outcomes import Outcome
from users.journeys.html_form import Form

T = TypeVar("T")


class ResponseFormat(Enum):
    """What the body of a response must be."""

    ENVELOPE = "envelope"  # {context_list, template_name, errors, pre_order}
    JSON = "json"  # any other JSON object
    HTML = "html"  # a page with a form, such as a bank's
    CSRF_TOKEN = "csrf token"  # JSON or HTML that holds it; ``text`` is then the token
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a correct response to a page request contains.

    Make one per page as a module constant, not one per request: requests are made on the hot path.
    """

    format: ResponseFormat = ResponseFormat.ENVELOPE
    pages: frozenset[str] = frozenset()
    """The response must show one of these pages; empty: any page."""
    keys: frozenset[str] = frozenset()
    """Keys that must be present, in the JSON object or in the page context of an envelope."""
    check: Callable[[PageResponse], Outcome] | None = field(default=None, compare=False)
    """Runs last, on a response that is correct so far and not refused. Returns ``OK`` or the failure. Must not raise."""
    refused_as: Outcome | None = None
    """The outcome for business errors that this shopper provokes (a declined card, a wrong code); else they are a fault.

    A refusal must show an expected page, too, and must keep what was valid before it."""
    fails_as: Outcome | None = None
    """The failure for a refusal or a missing key, where it has its own name (a refused sign-in, for example)."""
    echoes_form: bool = False
    """The ``pre_order`` must hold each value of the form that was sent."""
    allow_redirect: bool = False
    """A redirect is correct; its address is the response's ``location``."""
    allow_404: bool = False
    """The shop may not have this page."""


ANY_ENVELOPE = Expectation()
ANY_JSON = Expectation(ResponseFormat.JSON)


@dataclass(frozen=True, slots=True)
class OrderState:
    """What the ``pre_order`` of every envelope must say of the order so far.

    ``echo`` holds keys with their values: the plain value, or the ``slug``, ``pk`` or ``value`` of an object.
    ``total`` is the ``total_amount``. ``goods_amount`` is the price of the basket: with the response's own
    ``shipping_amount`` it must add up to ``total_amount``. The completed order may leave all of this out, but must not
    contradict it.
    """

    echo: Mapping[str, str] = field(default_factory=dict)
    total: str | None = None
    goods_amount: str | None = None


NO_ORDER: Final = OrderState()


# Not frozen: one is made for every page, and freezing costs as much as checking the page.
@dataclass(slots=True)
class PageRequest:
    """One page that a shopper asks for: what to send, and what to expect.

    ``page`` is a ``Page`` of the contract, or the name of a page that only the scenario knows.
    ``path`` is a path on the shop, or an absolute URL on another site. ``csrf``: send the token with a POST.
    ``think_first``: take the page's think time before it. ``extra_wait``: seconds to wait in any case (for an SMS).
    """

    page: str
    method: str = "GET"
    path: str = ""
    form: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None
    expect: Expectation = ANY_ENVELOPE
    order: OrderState = NO_ORDER
    csrf: bool = True
    think_first: bool = True
    extra_wait: float = 0.0


@dataclass(slots=True)  # not frozen, for the same reason
class PageResponse:
    """A checked response: ``outcome`` is ``OK`` or an outcome that the shopper provoked, never a fault.

    ``document`` is the parsed JSON object (empty for HTML). ``page`` is the page that an envelope shows (``None``: it
    names none). ``page_context`` holds all page contexts of an envelope; a later one overrides an earlier one. ``text``
    is the body of an HTML page and ``form`` its first form. ``location`` is the address of a redirect.
    """

    outcome: Outcome = Outcome.OK
    document: Mapping[str, Any] = field(default_factory=dict)
    page: str | None = None
    page_context: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    form: Form | None = None
    location: str = ""

    @property
    def pre_order(self) -> Mapping[str, Any]:
        """The state of the order so far, as the shop reports it."""
        return self.document.get("pre_order") or {}


ResponseCheck = Callable[[PageResponse], Outcome]
"""Says whether a response is correct; see ``Expectation.check``."""


class JourneyFailed(Exception):
    """A journey that cannot go on: its outcome, the page where it failed, and the shop's error text for the report."""

    def __init__(self, outcome: Outcome, page: str | None, shop_message: str = "", status: int = 0) -> None:
        super().__init__(f"{outcome} on {page}")  # may be logged, so the shop's text is not in it
        self.outcome = outcome
        self.page = page
        self.shop_message = shop_message
        self.status = status


class ParallelRequests(Protocol):
    """Requests of one shopper that run at the same time, as the storefront's page sends them.

    ``initial`` starts them. ``on_response`` is called with each response as it arrives and returns the requests that
    follow from it. They are done when no request is in flight.
    """

    def initial(self) -> Sequence[PageRequest]:
        """The requests to start with."""

    def on_response(self, request: PageRequest, response: PageResponse) -> Sequence[PageRequest]:
        """The requests to start now that this response is here."""


class RequestBatch:
    """Parallel requests that start together and lead to no others; ``responses`` holds the results in their order."""

    def __init__(self, *requests: PageRequest) -> None:
        self._requests = requests
        self._responses: dict[int, PageResponse] = {}

    def initial(self) -> Sequence[PageRequest]:
        """All of them."""
        return self._requests

    def on_response(self, request: PageRequest, response: PageResponse) -> Sequence[PageRequest]:
        """Keep the response."""
        self._responses[id(request)] = response
        return ()

    @property
    def responses(self) -> Sequence[PageResponse]:
        """The responses in the order of the requests; complete when all requests are done."""
        return [self._responses[id(request)] for request in self._requests]


Steps = Generator[PageRequest | ParallelRequests, PageResponse, T]
FetchPage = Callable[[PageRequest], PageResponse]
FetchParallel = Callable[[ParallelRequests], None]

_NOTHING: Final = PageResponse()


def drive_journey(steps: Steps[T], fetch: FetchPage, fetch_parallel: FetchParallel | None = None) -> T:
    """Drive a journey to its end with ``fetch`` and return its result; ``JourneyFailed`` passes through.

    ``fetch_parallel`` fetches parallel requests; without it, they are fetched one after another.
    """
    try:
        asked = next(steps)
        while True:
            if type(asked) is PageRequest:
                response = fetch(asked)
            else:
                response = _NOTHING
                parallel: ParallelRequests = asked  # type: ignore[assignment]
                if fetch_parallel is None:
                    fetch_in_order(parallel, fetch)
                else:
                    fetch_parallel(parallel)
            asked = steps.send(response)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        steps.close()


def fetch_in_order(parallel: ParallelRequests, fetch: FetchPage) -> None:
    """Fetch parallel requests one after another, in the order in which they start."""
    started = deque(parallel.initial())
    while started:
        request = started.popleft()
        started.extend(parallel.on_response(request, fetch(request)))
