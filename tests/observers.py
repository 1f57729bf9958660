"""Browsers for tests and benchmarks: an observer that keeps what it is told, and a builder with plain defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.measurement.sample import PageSample
from users.browser import Browser, Pace
from users.http.transport import Transport


class Observer:
    """Keeps the samples and the mislabelled pages; ``strict``: a mislabelled page is a failure."""

    def __init__(self, record: Callable[[PageSample], None] | None = None, *, strict: bool = True) -> None:
        self.samples: list[PageSample] = []
        self.traced: list[tuple[PageSample, str]] = []
        self.mislabelled: list[str] = []
        self.in_flight: dict[int, tuple[str, str, float]] = {}
        self.record = record or self.samples.append
        self._strict = strict

    def record_traced(self, sample: PageSample, traceparent: str) -> None:
        self.traced.append((sample, traceparent))

    def accepts_media_type(self, page: str) -> bool:
        if not self._strict:
            self.mislabelled.append(page)
        return not self._strict


def browser_of(
    transport: Transport,
    observer: Observer | None = None,
    *,
    option: str = "gpay",
    due: float = 0.0,
    now: Callable[[], float] = lambda: 0.0,
    sleep: Callable[[float], None] = lambda _seconds: None,
    **more: Any,
) -> Browser:
    """A browser of a shopper who does not think."""
    return Browser(transport, observer or Observer(), Pace(now, sleep, lambda _page: 0.0), option, due, **more)
