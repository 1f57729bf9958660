"""Keeps Python's garbage collector out of the way of the measurement.

What is there before the first arrival (Locust, the users, the scenario) stays to the end; looking through it again and
again only holds up the shoppers. It is set aside, and the collector then runs seldom, over what the run itself makes.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass

GC_THRESHOLDS = (50_000, 20, 100)
"""How many new objects, and how many collections of the younger ones, bring on the next collection."""


@dataclass(slots=True)
class GarbageCollectorTuning:
    """The collector set up for a run, and set back after it."""

    _before: tuple[int, int, int] | None = None
    _already_frozen: bool = False

    def begin(self) -> None:
        """Collect once more, and set aside all that is left."""
        if self._before is None:
            self._before = gc.get_threshold()
            self._already_frozen = gc.get_freeze_count() > 0
            gc.collect()
            gc.freeze()
            gc.set_threshold(*GC_THRESHOLDS)

    def again(self) -> None:
        """Set aside what has been kept since, too: a long run keeps more and more, and none of it is rubbish."""
        if self._before is not None:
            gc.freeze()

    def end(self) -> None:
        """Let the collector do as before; what somebody else had set aside already stays aside, and ours with it."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            if not self._already_frozen:
                gc.unfreeze()
            self._before = None
