"""What a browser needs of an HTTP client: send a request, read the response, keep cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from harness.measurement.outcomes import Outcome


class HttpResponse(NamedTuple):
    """A response as a transport returns it; ``failure`` says why there is none to check (``status`` is 0 if unknown).

    ``received_at`` is the moment when the last byte reached this machine, on the browser's clock; ``None`` if the
    transport does not know. ``media`` is the media type that the response claims, in lower case and without parameters;
    empty if it claims none.
    """

    status: int
    body: bytes
    location: str
    failure: Outcome | None = None
    received_at: float | None = None
    media: str = ""


class Transport(Protocol):
    """Speaks HTTP for one virtual user."""

    def send(self, page: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        """Fetch one URL (a path on the target, or absolute) and read the whole response."""

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Report the outcome of the last response to Locust's own statistics."""

    def cookie(self, name: str) -> str:
        """The value of the target's cookie of this name; empty if there is none."""

    def clear_cookies(self) -> None:
        """Drop all cookies: a new shopper has none."""

    def open_parallel(self) -> Transport:
        """A transport with the same cookies and its own connections, for requests that run in parallel to these."""

    def close(self) -> None:
        """Close all connections."""
