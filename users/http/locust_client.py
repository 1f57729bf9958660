"""Locust's own ``FastHttpSession`` as a transport: it keeps the cookies, and its events fill Locust's statistics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from gevent.timeout import Timeout
from locust.contrib.fasthttp import FastHttpSession, ResponseContextManager

from harness.measurement.outcomes import Outcome
from harness.monitoring.exhaustion import exhausted_resource
from users.http import tls
from users.http.locust_limits import BoundedPool, BoundedUserAgent, InvalidResponse, LenientCookieJar
from users.http.origin import InvalidRequest, parse_origin, resolve_url
from users.http.response import media_type
from users.http.target_headers import NO_HEADERS, TargetHeaders, extra_cookies, merge_headers
from users.http.transport import HttpResponse

USER_AGENT = "checkload"
_HEADED = (Outcome.TOO_LARGE, Outcome.ENCODING)


class LocustHttpClient:
    """One virtual user's connections and cookies.

    ``total_timeout`` bounds a whole exchange in seconds, from the first byte sent to the last received: a reply that
    trickles in byte by byte never trips a read timeout. ``on_resource_exhausted`` is told by name what this machine has run out of
    (``EMFILE``).
    """

    def __init__(
        self,
        new_session: Callable[[], FastHttpSession],
        total_timeout: float,
        *,
        target_headers: TargetHeaders = NO_HEADERS,
        on_resource_exhausted: Callable[[str], None] = lambda _resource: None,
        cookies: TargetCookieJar | None = None,
    ) -> None:
        self._new_session = new_session
        self._target_headers = target_headers
        self._cookies = TargetCookieJar(target_headers) if cookies is None else cookies
        self._session = self._opened()
        self._cookies.host = urlsplit(self._session.base_url or "").hostname or ""
        self._target = parse_origin(self._session.base_url or "")
        self._total_timeout = total_timeout
        self._on_resource_exhausted = on_resource_exhausted
        self._response: ResponseContextManager | None = None

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """Fetch one URL; nothing is followed, nothing is retried."""
        self._response = None
        try:
            origin, wanted = resolve_url(url, self._target)
        except InvalidRequest:
            wanted = "//"
        if wanted.startswith("//"):  # which Locust's client refuses to send
            return HttpResponse(0, b"", "", Outcome.CONNECTION)
        own = origin == self._target
        limit = Timeout(self._total_timeout)
        limit.start()
        try:
            response = self._session.request(
                method,
                wanted if own else f"{origin.url}{wanted}",
                name=page,
                data=cast("str | None", body),  # bytes go through unchanged, whatever the annotation says
                headers={
                    **merge_headers({"User-Agent": USER_AGENT}, self._target_headers.for_method(method) if own else ()),
                    **headers,
                },
                allow_redirects=False,
                catch_response=True,
            )
        finally:
            # Underneath, the end of the time may come out as any error, or as half a reply.
            too_late = not limit.pending
            limit.close()
        self._response = response
        failure = Outcome.TIMEOUT if too_late else self._failure(response)
        if failure is None:
            location, claimed = (_first(response.headers, name) for name in ("location", "content-type"))
            return HttpResponse(response.status_code, response.content, location, media=media_type(claimed))
        return self._no_reply(failure, response.status_code)

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

    def clear_cookies(self) -> None:
        """Drop all cookies."""
        self._cookies.clear()

    def open_parallel(self) -> LocustHttpClient:
        """The same virtual user with the same cookies, and with connections of its own: its requests may overlap these."""
        return LocustHttpClient(
            self._new_session,
            self._total_timeout,
            target_headers=self._target_headers,
            on_resource_exhausted=self._on_resource_exhausted,
            cookies=self._cookies,
        )

    def close(self) -> None:
        """Close all connections."""
        self._session.client.clientpool.close()

    def _failure(self, response: ResponseContextManager) -> Outcome | None:
        """Why there is no whole reply; ``None`` if there is one, whatever its status."""
        # Whatever broke off the reading of a body is kept apart; the body itself would be half, and look whole.
        error = response.request_meta["exception"] if response.status_code else getattr(response, "error", None)
        if error is None and response.status_code:
            return None
        if isinstance(error, InvalidResponse):
            return error.outcome
        if isinstance(error, (Timeout, TimeoutError)) or "timed out" in str(error):
            return Outcome.TIMEOUT
        if resource := exhausted_resource(error):
            self._on_resource_exhausted(resource)
            return Outcome.NO_SOCKET
        return Outcome.CONNECTION

    def _no_reply(self, failure: Outcome, status: int) -> HttpResponse:
        # A reply cut off half way leaves the rest of it on its connection: start with fresh ones, same cookies.
        self.close()
        self._session = self._opened()
        # What was too large, or could not be unpacked, has a status all the same.
        return HttpResponse(status if failure in _HEADED else 0, b"", "", failure)

    def _opened(self) -> FastHttpSession:
        session = self._new_session()
        session.cookiejar = session.client.cookiejar = self._cookies
        return session


class TargetCookieJar(LenientCookieJar):
    """The cookies of one virtual user; the shop at ``host`` is sent those that the storefront sets itself, too."""

    def __init__(self, target_headers: TargetHeaders) -> None:
        super().__init__()
        self._target_headers = target_headers
        self.host = ""

    def of_shop(self, name: str) -> str:
        """The value of the shop's cookie of this name; empty if there is none."""
        return next((kept.value or "" for kept in self if kept.name == name and _is_for(kept.domain, self.host)), "")

    def add_cookie_header(self, request: Any) -> None:
        """Write the cookies that belong to this request into its headers."""
        super().add_cookie_header(request)
        if not self._target_headers.cookies or request.get_host() != self.host:
            return
        pairs = [f"{name}={value}" for name, value in extra_cookies(self._target_headers, self.of_shop)]
        sent = request.headers.get("Cookie")
        request.headers["Cookie"] = "; ".join([*([sent] if sent else ()), *pairs])


def locust_session(
    host: str, user: Any, *, verify_tls: bool, connect_timeout: float, read_timeout: float, largest: int
) -> FastHttpSession:
    """A Locust HTTP session towards ``host`` (URL of the target), whose replies may have ``largest`` bytes.

    Certificates are verified unless told otherwise.
    """
    fast = FastHttpSession(host, user.environment.events.request, user)
    pool = BoundedPool(
        largest=largest,
        insecure=not verify_tls,
        # Left alone, every user makes a context of its own: hundreds of kilobytes. What it would trust is none of its business.
        ssl_context_factory=lambda **_: tls.ssl_context(verified=verify_tls),
        connection_timeout=connect_timeout,
        network_timeout=read_timeout,
        concurrency=1,
    )
    fast.client = BoundedUserAgent(pool, cookiejar=fast.cookiejar, max_redirects=0, max_retries=0)
    return fast


def _is_for(domain: str, host: str) -> bool:
    # A cookie of a host without a dot is kept under a made-up name (``localhost.local``).
    return domain in (host, f"{host}.local") or (domain.startswith(".") and f".{host}".endswith(domain))


def _first(headers: Any, name: str) -> str:
    return next(iter(headers.getlist(name)), "") if headers else ""
