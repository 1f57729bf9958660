"""Keeps Python's garbage collector out of the measurement, and times the collections that still happen.

The process reads no reply during a collection.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.measurement.histogram import Histogram

GC_THRESHOLDS = (50_000, 20, 100)
"""New objects before a collection of the youngest generation, and collections of one generation before one of the next."""


@dataclass(slots=True)
class GarbageCollectorTuning:
    """Tunes the collector for a run and restores it afterwards.

    Objects that exist before the first arrival (Locust, the users, the scenario) live to the end of the run. Scanning
    them again and again would only delay the load. ``freeze`` exempts them, and collections become rare.
    """

    _before: tuple[int, int, int] | None = None
    _already_frozen: bool = False

    def freeze(self) -> None:
        """Collect once, exempt all surviving objects, and make collections rare."""
        if self._before is None:
            self._before = gc.get_threshold()
            self._already_frozen = gc.get_freeze_count() > 0
            gc.collect()
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)

    def freeze_again(self) -> None:
        """Exempt the objects made since, too: a long run keeps more and more of them, and none is garbage."""
        if self._before is not None:
            gc.freeze()

    def restore(self) -> None:
        """Set the collector back; if other code had frozen objects before ``freeze``, all frozen objects stay frozen."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            if not self._already_frozen:
                gc.unfreeze()
            self._before = None


class GcPauses:
    """Times each collection between ``start`` and ``stop``.

    ``pauses`` holds their durations, ``watched`` for how long they were timed; both in seconds. ``clock`` is monotonic.
    A second ``start`` or ``stop`` has no effect.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._since: float | None = None
        self._pause_since: float | None = None
        self._watched = 0.0
        self.pauses = Histogram()

    @property
    def watched(self) -> float:
        """Seconds for which collections have been timed."""
        return self._watched + (self._clock() - self._since if self._since is not None else 0.0)

    def start(self) -> None:
        """Time collections from now on."""
        if self._since is None:
            self._since = self._clock()
            gc.callbacks.append(self._on_collection)

    def stop(self) -> None:
        """Stop timing collections."""
        if self._since is not None:
            self._watched, self._since, self._pause_since = self.watched, None, None
            # By the identity of its owner: comparing callbacks would call ``__eq__`` of other libraries' callbacks.
            gc.callbacks[:] = [each for each in gc.callbacks if getattr(each, "__self__", None) is not self]

    def _on_collection(self, phase: str, _info: Mapping[str, Any]) -> None:
        if phase == "start":
            self._pause_since = self._clock()
        elif self._pause_since is not None:
            self.pauses.record(self._clock() - self._pause_since)
            self._pause_since = None
