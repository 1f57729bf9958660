"""What the browser needs of an HTTP client: send a request, read the reply, keep cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from harness.measurement.outcomes import Outcome


class HttpResponse(NamedTuple):
    """What a transport brought back; ``failure`` names why there is no reply to judge (``status`` is 0 if there is none).

    ``received_at`` is the moment at which its last byte reached this machine, on the browser's clock; ``None`` where the
    transport cannot tell, and the time of reading it has to do. ``media`` is the media type that the reply claims, in
    lower case and without parameters; empty if it claims none.
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
        """Fetch one URL (a path on the target, or absolute) and read the whole reply."""

    def report(self, outcome: Outcome, *, failed: bool) -> None:
        """Tell Locust's own statistics how the last reply was judged."""

    def cookie(self, name: str) -> str:
        """The value of the target's cookie of this name; empty if there is none."""

    def clear_cookies(self) -> None:
        """Drop all cookies, as a new shopper has none."""

    def open_parallel(self) -> Transport:
        """Another transport with the same cookies and connections of its own, for a request that overlaps this one's."""

    def close(self) -> None:
        """Close all connections."""
