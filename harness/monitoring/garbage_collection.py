"""Measures how long Python's garbage collector held everything up; no reply is read while it works."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from typing import Any

from harness.measurement.histogram import Histogram


class GcPauses:
    """Times each collection between ``start`` and ``stop``; ``pauses`` has them in seconds, ``watched`` for how long.

    ``clock`` is in seconds and steady. Starting or stopping twice does no harm.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._since: float | None = None
        self._pause_since: float | None = None
        self._watched = 0.0
        self.pauses = Histogram()

    @property
    def watched(self) -> float:
        """For how many seconds collections have been timed."""
        return self._watched + (self._clock() - self._since if self._since is not None else 0.0)

    def start(self) -> None:
        """Time collections from now on."""
        if self._since is None:
            self._since = self._clock()
            gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Time no more collections."""
        if self._since is not None:
            self._watched, self._since, self._pause_since = self.watched, None, None
            # By identity of its owner: bound methods compare equal, but other people's callbacks may not like to be asked.
            gc.callbacks[:] = [each for each in gc.callbacks if getattr(each, "__self__", None) is not self]

    def _on_collection(self, phase: str, _info: Mapping[str, Any]) -> None:
        if phase == "start":
            self._pause_since = self._clock()
        elif self._pause_since is not None:
            self.pauses.record(self._clock() - self._pause_since)
            self._pause_since = None
