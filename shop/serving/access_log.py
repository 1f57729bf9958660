"""The shop's access log: a line for each request, in Apache's "combined" format.

Each line has three additions: the duration in seconds, ``session=`` with a hash of the session, and ``msec=`` with the time
of the reply. No cookie, token or phone number is written: paths are masked.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from shop.contract import CHECKOUT_PAGES, COOKIE_SESSION, PATHS, Page
from shop.serving.asgi import Message, Receive, Scope, Send
from shop.serving.control import CONTROL_PATH

AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_FLUSH_EVERY = 1.0
_BUFFER = 64 * 1024
_HASH_DIGITS = 16
_LONGEST_AGENT = 200
_CLIENT_GONE_STATUS = 499  # as in nginx, for a request without a reply
_NAMES = frozenset(page.value for page in CHECKOUT_PAGES)
_MASKED_PATHS = (PATHS[Page.COMPLETED_ORDER].partition("{")[0],)
_UNLOGGED_PATHS = (CONTROL_PATH, PATHS[Page.BANK], PATHS[Page.SMS_INBOX].partition("{")[0])


class AccessLog:
    """The log file. Lines stay in a buffer for at most a second while requests come."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=_BUFFER)
        self._salt = secrets.token_bytes(16)  # without the salt, a known cookie could be found by its hash
        self._flushed = 0.0

    def write(self, line: str, now: float) -> None:
        """Append a line; ``now`` in seconds decides when to flush the buffer."""
        self._file.write(line)
        if now - self._flushed >= _FLUSH_EVERY:
            self._file.flush()
            self._flushed = now

    def session_hash(self, session: str) -> str:
        """A name for a session that only groups its requests."""
        return sha256(self._salt + session.encode()).hexdigest()[:_HASH_DIGITS] if session else "-"

    def close(self) -> None:
        """Flush and close the file."""
        self._file.close()


class AccessLogMiddleware:
    """Logs the requests of an ASGI application; ``clock`` gives seconds since the epoch."""

    def __init__(self, app: AsgiApp, log: AccessLog, clock: Callable[[], float]) -> None:
        self._app = app
        self._log = log
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and log it. The control, the bank and the SMS inbox are not logged: they are no part of a real shop."""
        if scope["type"] != "http" or scope["path"].startswith(_UNLOGGED_PATHS):
            await self._app(scope, receive, send)
            return
        came = self._clock()
        status, size, session = _CLIENT_GONE_STATUS, 0, ""

        async def noting(message: Message) -> None:
            nonlocal status, size, session
            if message["type"] == "http.response.start":
                status = message["status"]
                session = _new_session(message.get("headers", ()))
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            now = self._clock()
            session = session or _sent_session(scope["headers"])
            self._log.write(_line(scope, status, size, self._log.session_hash(session), came=came, now=now), now)


def _line(scope: Scope, status: int, size: int, session: str, *, came: float, now: float) -> str:
    host = (scope.get("client") or ("-", 0))[0]
    moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now))
    agent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"), "-")
    asked = f"{scope['method']} {_address(scope)} HTTP/{scope.get('http_version', '1.1')}"
    return (
        f'{host} - - [{moment}] "{_quoted(asked)}" {status} {size} "-" "{_quoted(agent[:_LONGEST_AGENT])}" '
        f"{now - came:.6f} session={session} msec={now:.3f}\n"
    )


def _address(scope: Scope) -> str:
    path = str(scope["path"])
    for start in _MASKED_PATHS:
        if path.startswith(start):
            return f"{start}-/"
    asked = dict(parse_qsl(scope["query_string"].decode("latin-1"))) if scope["query_string"] else {}
    # Of the query, only the name of the page is logged.
    page = asked.get("page")
    return path if page is None else f"{path}?page={page if page in _NAMES else '-'}"


def _quoted(text: str) -> str:
    clean = "".join(sign if sign.isprintable() else "?" for sign in text)
    return clean.replace("\\", "\\\\").replace('"', '\\"')


def _new_session(headers: Any) -> str:
    """The session that a reply sets."""
    start = f"{COOKIE_SESSION}=".encode()
    for name, value in headers:
        if name.lower() == b"set-cookie" and value.startswith(start):
            return str(value[len(start) :].partition(b";")[0].decode("latin-1"))
    return ""


def _sent_session(headers: Any) -> str:
    for name, value in headers:
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, held = part.partition("=")
                if key.strip() == COOKIE_SESSION:
                    return str(held.strip())
    return ""
