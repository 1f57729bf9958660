"""Checks each recorded reply by the rules for a load test, and says which differ from what checkload knows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from harness.measurement.outcomes import Outcome
from scenarios.doctor.diagnosis.diagnose import diagnose
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.finding import Finding
from scenarios.doctor.har.recording import RecordedExchange
from shop.contract import CHECKOUT_PAGES, RETURN_PAGES, Page
from users.journeys.checks import check_response
from users.journeys.diagnosis import shop_error_text
from users.journeys.steps import Expectation, PageRequest, ResponseFormat

_HISTORY = 30
_SETTLED = "nothing has to change: the same page was as known later in the recording"
_ENVELOPE = Expectation(ResponseFormat.ENVELOPE)
_JSON = Expectation(ResponseFormat.JSON)
_ANY = Expectation(ResponseFormat.ANY, allow_redirect=True, allow_404=True)
_NOT_JSON = RETURN_PAGES | {
    Page.THREE_D_REDIRECT,
    Page.REDIRECTION,
    Page.BANK,
    Page.CONTRACT,
    Page.LOGOUT,
    Page.DISTRICTS,
    Page.SMS_INBOX,
}
_NETWORK = frozenset({Outcome.CONNECTION, Outcome.TIMEOUT, Outcome.ENCODING, Outcome.TOO_LARGE})


@dataclass(slots=True)
class Deviations:
    """What differs, by page. A page that answers as known later on was refused only once, and stops nothing.

    ``checked`` counts replies that were checked, ``without_body`` those that could not be.
    """

    checked: int = 0
    without_body: int = 0
    _open: dict[tuple[str, str], Finding] = field(default_factory=dict)
    _settled: dict[tuple[str, str], Finding] = field(default_factory=dict)
    _history: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_HISTORY))

    def add(self, recorded: RecordedExchange, option: str) -> bool:
        """Check the next exchange; ``option`` is the payment option that the person has chosen. Returns whether it is as known."""
        exchange, meaning, has_body, _ = recorded
        self._history.append(replace(exchange, body=b""))
        if meaning.page is None:
            return False
        if not exchange.status:
            return True
        if not has_body and 200 <= exchange.status < 300 and meaning.page not in _NOT_JSON:  # noqa: PLR2004
            self.without_body += 1
            return True
        self.checked += 1
        key = exchange.method, meaning.page_name
        found = self._check(exchange, meaning.page, option)
        if found is not None:
            self._open[key] = found
        elif key in self._open:
            self._settled[key] = replace(self._open.pop(key), remedy=_SETTLED, key="", value="", also=(), stops=False)
        return found is None

    @property
    def findings(self) -> list[Finding]:
        """What never was as known, then what was in the end."""
        return [*self._open.values(), *(one for key, one in self._settled.items() if key not in self._open)]

    def _check(self, exchange: Exchange, page: Page, option: str) -> Finding | None:
        request = PageRequest(page, exchange.method, exchange.path, expect=_expectation(page))
        location = exchange.reply_headers.get("location", "")
        _, outcome = check_response(request, exchange.status, exchange.body, location)
        if outcome is Outcome.OK or outcome in _NETWORK:
            return None
        said = shop_error_text(exchange.status, exchange.body)
        return diagnose(
            Failure(outcome, page, exchange, request, said, payment_option=option, history=list(self._history))
        )


def is_page_view(recorded: RecordedExchange) -> bool:
    """Whether the browser opened a page of the storefront, which a shopper of a load test never does."""
    exchange = recorded.exchange
    return (
        exchange.method == "GET"
        and not recorded.meaning.proxied
        and exchange.media == "text/html"
        and "x-requested-with" not in exchange.headers
        and recorded.meaning.page not in (Page.THREE_D_REDIRECT, Page.REDIRECTION)
    )


def _expectation(page: Page) -> Expectation:
    if page in _NOT_JSON:
        return _ANY
    return _ENVELOPE if page in CHECKOUT_PAGES or page is Page.CHECKOUT else _JSON
