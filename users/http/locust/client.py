"""Locust's own HTTP client as a transport: it keeps the cookies, and its events fill Locust's statistics."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from gevent.timeout import Timeout
from locust.contrib.fasthttp import FastHttpSession, ResponseContextManager

from harness.measurement.outcomes import Outcome
from harness.monitoring.exhaustion import exhausted_resource
from users.http import tls
from users.http.locust.limits import BoundedPool, BoundedUserAgent, InvalidResponse, LenientCookieJar
from users.http.origin import InvalidRequest, parse_origin, resolve_url
from users.http.request import USER_AGENT
from users.http.response import media_type
from users.http.target_headers import NO_HEADERS, TargetHeaders, extra_cookies, merge_headers
from users.http.timeouts import HttpLimits
from users.http.transport import HttpResponse

_HAS_STATUS = (Outcome.TOO_LARGE, Outcome.ENCODING)


class LocustHttpClient:
    """One virtual user's connections and cookies, in Locust's ``FastHttpSession``.

    ``target`` is the URL of the target; ``user`` a Locust user. ``target_headers`` go with every request to the target.
    ``on_resource_exhausted`` is called with the name of a resource that this machine has run out of (``EMFILE``).
    """

    def __init__(
        self,
        target: str,
        user: Any,
        limits: HttpLimits,
        *,
        target_headers: TargetHeaders = NO_HEADERS,
        on_resource_exhausted: Callable[[str], None] = lambda _resource: None,
    ) -> None:
        self._new_session = partial(_session, target, user, limits)
        self._target_headers = target_headers
        self._cookies = TargetCookieJar(target_headers)
        self._session = self._open()
        self._cookies.host = urlsplit(self._session.base_url or "").hostname or ""
        self._target = parse_origin(self._session.base_url or "")
        self._total_timeout = limits.total_timeout
        self._on_resource_exhausted = on_resource_exhausted
        self._response: ResponseContextManager | None = None

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """Fetch one URL; follow no redirect, retry nothing."""
        self._response = None
        try:
            origin, path = resolve_url(url, self._target)
        except InvalidRequest:
            path = "//"
        if path.startswith("//"):  # Locust's client refuses to send this
            return HttpResponse(0, b"", "", Outcome.CONNECTION)
        to_target = origin == self._target
        # Bounds the whole exchange: a response that trickles in byte by byte never exceeds a read timeout.
        limit = Timeout(self._total_timeout)
        limit.start()
        try:
            response = self._session.request(
                method,
                path if to_target else f"{origin.url}{path}",
                name=page,
                data=cast("str | None", body),  # bytes go through unchanged, whatever the annotation says
                headers={
                    **merge_headers(
                        {"User-Agent": USER_AGENT}, self._target_headers.for_method(method) if to_target else ()
                    ),
                    **headers,
                },
                allow_redirects=False,
                catch_response=True,
            )
        finally:
            # The timeout may come out of Locust's client as any error, or as half a response.
            too_late = not limit.pending
            limit.close()
        self._response = response
        failure = Outcome.TIMEOUT if too_late else self._failure(response)
        if failure is None:
            location, claimed = (_first(response.headers, name) for name in ("location", "content-type"))
            return HttpResponse(response.status_code, response.content, location, media=media_type(claimed))
        return self._failed_response(failure, response.status_code)

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Report the last response to Locust's statistics; the outcome's name is the whole failure message."""
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
        return self._cookies.of_target(name)

    def clear_cookies(self) -> None:
        """Drop all cookies."""
        self._cookies.clear()

    def open_parallel(self) -> LocustHttpClient:
        """A transport with the same cookies and its own connections, for requests that run in parallel to these."""
        other = copy.copy(self)
        other._session, other._response = other._open(), None  # noqa: SLF001 - its own, unlike the cookies
        return other

    def close(self) -> None:
        """Close all connections."""
        self._session.client.clientpool.close()

    def _failure(self, response: ResponseContextManager) -> Outcome | None:
        """Why there is no whole response; ``None`` if there is one, whatever its status."""
        # An error while the body is read is kept apart: the body would be half, and look whole.
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

    def _failed_response(self, failure: Outcome, status: int) -> HttpResponse:
        # The rest of a response that broke off is still on its connection: continue with new connections, same cookies.
        self.close()
        self._session = self._open()
        # A response that is too large, or that cannot be decoded, still has a status.
        return HttpResponse(status if failure in _HAS_STATUS else 0, b"", "", failure)

    def _open(self) -> FastHttpSession:
        session = self._new_session()
        session.cookiejar = session.client.cookiejar = self._cookies
        return session


class TargetCookieJar(LenientCookieJar):
    """The cookies of one virtual user; the target at ``host`` also gets the cookies of ``TargetHeaders``."""

    def __init__(self, target_headers: TargetHeaders) -> None:
        super().__init__()
        self._target_headers = target_headers
        self.host = ""

    def of_target(self, name: str) -> str:
        """The value of the target's cookie of this name; empty if there is none."""
        return next((kept.value or "" for kept in self if kept.name == name and _is_for(kept.domain, self.host)), "")

    def add_cookie_header(self, request: Any) -> None:
        """Write the cookies that belong to this request into its headers."""
        super().add_cookie_header(request)
        if not self._target_headers.cookies or request.get_host() != self.host:
            return
        pairs = [f"{name}={value}" for name, value in extra_cookies(self._target_headers, self.of_target)]
        sent = request.headers.get("Cookie")
        request.headers["Cookie"] = "; ".join([*([sent] if sent else ()), *pairs])


def _session(target: str, user: Any, limits: HttpLimits) -> FastHttpSession:
    """A Locust HTTP session for the target, within these limits."""
    session = FastHttpSession(target, user.environment.events.request, user)
    pool = BoundedPool(
        largest=limits.largest_reply,
        insecure=not limits.verify_tls,
        # By default every user makes its own TLS context, of hundreds of kilobytes. Those contexts may trust other
        # authorities than checkload's client does.
        ssl_context_factory=lambda **_: tls.ssl_context(verified=limits.verify_tls),
        connection_timeout=limits.connect_timeout,
        network_timeout=limits.read_timeout,
        concurrency=1,
    )
    session.client = BoundedUserAgent(pool, cookiejar=session.cookiejar, max_redirects=0, max_retries=0)
    return session


def _is_for(domain: str, host: str) -> bool:
    # The library keeps a cookie of a host without a dot under a made-up name (``localhost.local``).
    return domain in (host, f"{host}.local") or (domain.startswith(".") and f".{host}".endswith(domain))


def _first(headers: Any, name: str) -> str:
    return next(iter(headers.getlist(name)), "") if headers else ""
