"""Locust's own ``FastHttpSession`` as a transport: it keeps the cookies, and its events fill Locust's statistics."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

import gevent
from gevent.timeout import Timeout
from locust.contrib.fasthttp import FastHttpSession, ResponseContextManager

from shop.contract import Outcome
from users.client import Reply

USER_AGENT = "checkload"


@cache
def _verified() -> ssl.SSLContext:
    return gevent.ssl.create_default_context()


class FastHttp:
    """One virtual user's connections and cookies.

    ``longest`` bounds a whole exchange in seconds, from the first byte sent to the last received: a reply that
    trickles in byte by byte never trips a read timeout. ``largest`` is the most bytes a reply may have.
    """

    def __init__(self, new_session: Callable[[], FastHttpSession], longest: float, largest: int) -> None:
        self._new_session = new_session
        self._session = new_session()
        self._longest = longest
        self._largest = largest
        self._response: ResponseContextManager | None = None

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Fetch one URL; nothing is followed, nothing is retried."""
        self._response = None
        limit = Timeout(self._longest)
        limit.start()
        try:
            response = self._session.request(
                method,
                url,
                name=page,
                data=cast("str | None", body),  # bytes go through unchanged, whatever the annotation says
                headers={"User-Agent": USER_AGENT, **headers},
                allow_redirects=False,
                catch_response=True,
            )
        finally:
            limit.close()
        self._response = response
        if response.status_code == 0 or response.content is None:
            return self._no_reply(response.error if hasattr(response, "error") else None)
        content: bytes = response.content
        failure = Outcome.TOO_LARGE if len(content) > self._largest else None
        return Reply(response.status_code, content, _location(response.headers), failure)

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Book the last reply in Locust's statistics; the outcome's name is the whole failure message."""
        response, self._response = self._response, None
        if response is None:
            return
        with response:
            if failed:
                response.failure(str(outcome))  # type: ignore[no-untyped-call]
            else:
                response.success()  # type: ignore[no-untyped-call]

    def forget(self) -> None:
        """Drop all cookies."""
        self._session.cookiejar.clear()

    def close(self) -> None:
        """Close all connections."""
        self._session.client.clientpool.close()

    def _no_reply(self, error: object) -> Reply:
        # A reply cut off half way leaves the rest of it on its connection: start with fresh ones, same cookies.
        cookies = self._session.cookiejar
        self.close()
        self._session = self._new_session()
        for cookie in cookies:
            self._session.cookiejar.set_cookie(cookie)
        return Reply(0, b"", "", _failure(error))


def session(host: str, user: Any, *, verify_tls: bool, connect_timeout: float, read_timeout: float) -> FastHttpSession:
    """A Locust HTTP session towards ``host`` (URL of the target); certificates are verified unless told otherwise."""
    return FastHttpSession(
        base_url=host,
        request_event=user.environment.events.request,
        user=user,
        insecure=not verify_tls,
        ssl_context_factory=_verified if verify_tls else None,
        connection_timeout=connect_timeout,
        network_timeout=read_timeout,
        max_redirects=0,
        max_retries=0,
        concurrency=1,
    )


def _failure(error: object) -> Outcome:
    if isinstance(error, (Timeout, TimeoutError)) or "timed out" in str(error):
        return Outcome.TIMEOUT
    return Outcome.CONNECTION


def _location(headers: Any) -> str:
    return str(headers.get("location") or "") if headers else ""
