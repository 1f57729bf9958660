"""A journey asks for a page and is sent back the checked answer; somebody else fetches it.

Journeys are generators: they hold no socket, no clock and no chance of their own, so a test walks one in
microseconds with a list of answers, and Locust walks the same one over HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol, TypeVar

from harness.measurement.outcomes import Outcome
from shop.contract import Page
from users.journeys.html_form import Form

T = TypeVar("T")


class ResponseFormat(Enum):
    """What the body of a reply must be for the visit to be in order."""

    ENVELOPE = "envelope"  # {context_list, template_name, errors, pre_order}
    JSON = "json"  # a JSON object of another shape
    HTML = "html"  # a page with a form, as a bank shows
    ANY = "any"


# Not frozen, though nobody changes one: it is made for every page, and to freeze it costs as much as to check the page.
@dataclass(slots=True)
class PageRequest:
    """One page that a shopper wants: what to send, and what a shop in order would answer.

    ``path`` is a path on the shop, or an absolute URL for a step outside it. ``expected_pages`` names the pages of
    which the reply must show one (empty: any). ``refused_as`` is the outcome to book when the reply holds
    business errors that this shopper was asking for (a declined card, a wrong code); without it, errors are the
    shop's fault. A refusal must show an expected page, too, and keep what was valid before it. ``echo`` holds ``pre_order`` keys with the value that the reply must echo (the ``slug``, ``pk`` or
    ``value`` of an object there, or the plain value). ``total`` is the ``pre_order.total_amount`` that must stand in
    the reply; ``goods_amount`` the price of what is in the basket, to which the reply's own ``shipping_amount`` is added to
    give that total. A reply that shows the completed order may leave out echo and amount, not contradict them. ``required_keys`` names keys
    that must be there, in the JSON object or in the page context of an envelope. ``fails_as`` is the fault to book
    when the shop refuses or leaves out what is needed (a sign-in refused, say), where it has a name of its own.
    ``check`` has the last word on an answer that is in order otherwise, and not refused: it says ``OK``, or names the
    fault to book on this page; it must not raise, whatever the shop wrote.
    ``allow_404`` says that a shop may not have the page (404). ``allow_redirect`` says that a redirection is in order (its address is the answer's ``location``). ``csrf`` says whether the token is sent with a POST. ``think_first`` says whether the shopper takes the
    page's think time before it; ``extra_wait`` is a time in seconds that she waits in any case (for an SMS, say).
    """

    page: Page
    method: str = "GET"
    path: str = ""
    form: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None
    response_format: ResponseFormat = ResponseFormat.ENVELOPE
    expected_pages: frozenset[Page] = frozenset()
    refused_as: Outcome | None = None
    echo: Mapping[str, str] = field(default_factory=dict)
    total: str | None = None
    goods_amount: str | None = None
    required_keys: frozenset[str] = frozenset()
    fails_as: Outcome | None = None
    check: Callable[[PageResponse], Outcome] | None = field(default=None, compare=False)
    allow_redirect: bool = False
    allow_404: bool = False
    csrf: bool = True
    think_first: bool = True
    extra_wait: float = 0.0


@dataclass(slots=True)  # nor is this one, for the same reason
class PageResponse:
    """What came back for a visit, already checked: ``outcome`` is ``OK`` or a shopper's luck, never a fault.

    ``document`` is the parsed JSON object (empty for HTML), ``text`` the body of an HTML page and ``form`` its first
    form, ``page`` the page that an envelope shows (``None`` where it names none), ``page_context`` all its page contexts in
    one, later ones over earlier ones. ``location`` is where a redirection leads.
    """

    outcome: Outcome = Outcome.OK
    document: Mapping[str, Any] = field(default_factory=dict)
    page: Page | None = None
    page_context: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    form: Form | None = None
    location: str = ""

    @property
    def pre_order(self) -> Mapping[str, Any]:
        """The state of the order so far, as the shop sees it."""
        return self.document.get("pre_order") or {}


class JourneyFailed(Exception):
    """A journey that cannot go on: the named outcome, the page it happened on, and what the shop said, for the report."""

    def __init__(self, outcome: Outcome, page: Page | None, shop_message: str = "", status: int = 0) -> None:
        super().__init__(f"{outcome} on {page}")  # which may be logged; what a shop said must not be
        self.outcome = outcome
        self.page = page
        self.shop_message = shop_message
        self.status = status


class RequestBatch:
    """Visits that begin at the same time and lead to no further visits; ``responses`` holds what came, in their order."""

    def __init__(self, *requests: PageRequest) -> None:
        self._visits = requests
        self._responses: dict[int, PageResponse] = {}

    def initial(self) -> Sequence[PageRequest]:
        """All of them."""
        return self._visits

    def on_response(self, request: PageRequest, response: PageResponse) -> Sequence[PageRequest]:
        """Keep the answer."""
        self._responses[id(request)] = response
        return ()

    @property
    def responses(self) -> Sequence[PageResponse]:
        """The answers in the order of the visits; all of them are there once the overlap is over."""
        return [self._responses[id(request)] for request in self._visits]


class ParallelRequests(Protocol):
    """Visits of one shopper that are under way at the same time, as a storefront's page sends them.

    It decides which visits to begin, and holds no socket: ``initial`` begins it, ``on_response`` is told of each answer as it
    comes and names the visits that follow from it. It ends when no visit is under way.
    """

    def initial(self) -> Sequence[PageRequest]:
        """The visits to begin with."""

    def on_response(self, request: PageRequest, response: PageResponse) -> Sequence[PageRequest]:
        """The visits that follow from this answer; they begin at once."""


Steps = Generator[PageRequest | ParallelRequests, PageResponse, T]
FetchPage = Callable[[PageRequest], PageResponse]
FetchParallel = Callable[[ParallelRequests], None]

_NOTHING = PageResponse()


def drive_journey(steps: Steps[T], fetch: FetchPage, fetch_parallel: FetchParallel | None = None) -> T:
    """Drive a journey to its end with ``fetch`` and return what it returns; ``JourneyFailed`` passes through.

    ``fetch_parallel`` drives visits that overlap; without it, they are fetched one after another.
    """
    try:
        asked = next(steps)
        while True:
            if type(asked) is PageRequest:
                response = fetch(asked)
            else:
                response = _NOTHING
                overlap: ParallelRequests = asked  # type: ignore[assignment]
                if fetch_parallel is None:
                    fetch_in_order(overlap, fetch)
                else:
                    fetch_parallel(overlap)
            asked = steps.send(response)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        steps.close()


def fetch_in_order(overlap: ParallelRequests, fetch: FetchPage) -> None:
    """Fetch overlapping visits one after another, in the order in which they were begun."""
    begun = deque(overlap.initial())
    while begun:
        request = begun.popleft()
        begun.extend(overlap.on_response(request, fetch(request)))
