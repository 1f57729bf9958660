"""Looks for the page at which a shop gives its CSRF token, if it is not where the API has it."""

from __future__ import annotations

import re
from http import HTTPStatus

from scenarios.doctor.diagnosis.failure import TokenSource
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.recording import Recorder, RecordingTransport
from shop.contract import COOKIE_CSRF, PATHS, Page
from users.journeys.html_form import csrf_token_in

PAGES = (
    PATHS[Page.CSRF_TOKEN],
    "/",
    PATHS[Page.LOGIN],
    PATHS[Page.BASKET],
    PATHS[Page.CHECKOUT],
    "/csrf/",
    "/api/csrf/",
    "/api/csrf_token/",
)
"""Pages on which shops set the cookie of the token; looked at in this order."""

_COOKIE = re.compile(r"csrf|xsrf", re.IGNORECASE)
_IN_PAGE = re.compile(
    r"<input[^>]{0,300}name\s*=\s*[\"']?(\w*csrf\w*)|<meta[^>]{0,300}name\s*=\s*[\"']?([\w-]*csrf[\w-]*)|\"(\w*csrf\w*)\"\s*:",
    re.IGNORECASE,
)


def find_token(transport: RecordingTransport, recorder: Recorder) -> TokenSource:
    """The page that gives a token: one that sets the right cookie, or else one that gives it in another way."""
    found = TokenSource()
    for path in PAGES:
        transport.send(Page.CSRF_TOKEN, "GET", path, {}, None)
        source = token_in(recorder.exchanges[-1], path)
        if source.usable and path != PATHS[Page.CSRF_TOKEN]:  # that one was asked already, and something else is wrong
            return source
        if not source.usable and (not found.path or (source.in_page and not found.in_page)):
            found = source
    return found


def token_in(exchange: Exchange, path: str) -> TokenSource:
    """How a reply gives a token; empty if it gives none."""
    names = [line.partition("=")[0].strip() for line in exchange.reply_headers.get("set-cookie", "").splitlines()]
    if COOKIE_CSRF in names:
        return TokenSource(path, f"it sets the cookie {COOKIE_CSRF}", usable=True)
    if other := next((name for name in names if _COOKIE.search(name)), ""):
        return TokenSource(path, f"it sets the cookie {other[:40]}, and checkload reads {COOKIE_CSRF}")
    if exchange.status < HTTPStatus.MULTIPLE_CHOICES and csrf_token_in(exchange.body):
        marked = _IN_PAGE.search(exchange.body[:262_144].decode(errors="replace"))
        named = next(filter(None, marked.groups()), "") if marked else ""
        as_what = f", as {named[:40]}" if named else ""
        return TokenSource(path, f"it is in the page itself{as_what}, and in no cookie", in_page=True)
    return TokenSource()
