"""Locust's own ``FastHttpSession`` as a transport: it keeps the cookies, and its events fill Locust's statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar
from typing import Any, cast
from urllib.parse import urlsplit

from gevent.timeout import Timeout
from geventhttpclient.client import HTTPClient, HTTPClientPool
from locust.contrib.fasthttp import FastHttpSession, LocustBadStatusCode, ResponseContextManager

from harness.exhaustion import ran_out
from shop.contract import Outcome
from users import tls
from users.client import Reply
from users.shop_headers import NOTHING, ShopHeaders, merge, own_cookies

USER_AGENT = "checkload"


class FastHttp:
    """One virtual user's connections and cookies.

    ``longest`` bounds a whole exchange in seconds, from the first byte sent to the last received: a reply that
    trickles in byte by byte never trips a read timeout. ``largest`` is the most bytes a reply may have. ``failed`` is told
    by name what this machine has run out of (``EMFILE``).
    """

    def __init__(
        self,
        new_session: Callable[[], FastHttpSession],
        longest: float,
        largest: int,
        *,
        carried: ShopHeaders = NOTHING,
        failed: Callable[[str], None] = lambda _lacked: None,
        cookies: ShopCookies | None = None,
    ) -> None:
        self._new_session = new_session
        self._carried = carried
        self._cookies = ShopCookies(carried) if cookies is None else cookies
        self._session = self._opened()
        self._cookies.host = urlsplit(self._session.base_url or "").hostname or ""
        self._longest = longest
        self._largest = largest
        self._failed = failed
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
                headers={**self._besides(method, url), **headers},
                allow_redirects=False,
                catch_response=True,
            )
        finally:
            # Underneath, the end of the time may come out as any error, or as half a reply.
            too_late = not limit.pending
            limit.close()
        self._response = response
        failure = Outcome.TIMEOUT if too_late else self._failure(response)
        if failure is not None:
            return self._no_reply(failure)
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

    def cookie(self, name: str) -> str:
        """The value of the target's cookie of this name; empty if there is none."""
        return self._cookies.of_shop(name)

    def forget(self) -> None:
        """Drop all cookies."""
        self._cookies.clear()

    def beside(self) -> FastHttp:
        """The same virtual user with the same cookies, and with connections of its own: its requests may overlap these."""
        return FastHttp(
            self._new_session,
            self._longest,
            self._largest,
            carried=self._carried,
            failed=self._failed,
            cookies=self._cookies,
        )

    def close(self) -> None:
        """Close all connections."""
        self._session.client.clientpool.close()

    def _besides(self, method: str, url: str) -> dict[str, str]:
        elsewhere = url.startswith(("http://", "https://"))
        return merge({"User-Agent": USER_AGENT}, () if elsewhere else self._carried.of(method))

    def _failure(self, response: ResponseContextManager) -> Outcome | None:
        """Why there is no whole reply; ``None`` if there is one, whatever its status."""
        if response.status_code == 0:
            error = getattr(response, "error", None)
        else:
            # Whatever broke off the reading of a body is kept here; the body itself would be half, and look whole.
            error = response.request_meta["exception"]
            if error is None or isinstance(error, LocustBadStatusCode):
                return None
        if isinstance(error, (Timeout, TimeoutError)) or "timed out" in str(error):
            return Outcome.TIMEOUT
        if lacked := ran_out(error):
            self._failed(lacked)
            return Outcome.NO_SOCKET
        return Outcome.CONNECTION

    def _no_reply(self, failure: Outcome) -> Reply:
        # A reply cut off half way leaves the rest of it on its connection: start with fresh ones, same cookies.
        self.close()
        self._session = self._opened()
        return Reply(0, b"", "", failure)

    def _opened(self) -> FastHttpSession:
        session = self._new_session()
        session.cookiejar = session.client.cookiejar = self._cookies
        return session


class ShopCookies(CookieJar):
    """The cookies of one virtual user; the shop at ``host`` is sent those that the storefront sets itself, too."""

    def __init__(self, carried: ShopHeaders) -> None:
        super().__init__()
        self._own = carried.cookies
        self.host = ""

    def of_shop(self, name: str) -> str:
        """The value of the shop's cookie of this name; empty if there is none."""
        return next((kept.value or "" for kept in self if kept.name == name and _is_for(kept.domain, self.host)), "")

    def add_cookie_header(self, request: Any) -> None:
        """Write the cookies that belong to this request into its headers."""
        super().add_cookie_header(request)
        if not self._own or request.get_host() != self.host:
            return
        pairs = [f"{name}={value}" for name, value in own_cookies(self._own, self.of_shop)]
        sent = request.headers.get("Cookie")
        request.headers["Cookie"] = "; ".join([*([sent] if sent else ()), *pairs])


def session(host: str, user: Any, *, verify_tls: bool, connect_timeout: float, read_timeout: float) -> FastHttpSession:
    """A Locust HTTP session towards ``host`` (URL of the target); certificates are verified unless told otherwise."""
    fast = FastHttpSession(
        base_url=host,
        request_event=user.environment.events.request,
        user=user,
        insecure=not verify_tls,
        # Left alone, every user makes a context of its own: hundreds of kilobytes. What it would trust is none of its business.
        ssl_context_factory=lambda **_: tls.context(verified=verify_tls),
        connection_timeout=connect_timeout,
        network_timeout=read_timeout,
        max_redirects=0,
        max_retries=0,
        concurrency=1,
    )
    fast.client.clientpool = _Once(**fast.client.clientpool.client_args)
    return fast


class _Once(HTTPClientPool):
    """Sends every request once. Left alone, a GET whose connection breaks is sent three times, and the fault not seen."""

    def get_client(self, url: Any) -> HTTPClient:
        client = super().get_client(url)
        client._connection_pool.size = -1  # noqa: SLF001 - nothing public says so; a request is repeated size + 1 times
        return client


def _is_for(domain: str, host: str) -> bool:
    # A cookie of a host without a dot is kept under a made-up name (``localhost.local``).
    return domain in (host, f"{host}.local") or (domain.startswith(".") and f".{host}".endswith(domain))


def _location(headers: Any) -> str:
    return str(headers.get("location") or "") if headers else ""
