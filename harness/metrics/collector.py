"""Publishes the run as metrics, from the same counts that the verdict reads.

This module counts nothing. Each scrape reads the recorder, so Prometheus, the results and the console have the same
numbers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from harness.metrics.exposition import ExpositionFormat, ExpositionWriter
from harness.metrics.family import Family
from harness.metrics.measurement_families import families
from harness.metrics.run_metrics import RunMetrics
from harness.yield_to_load import NEVER, YieldToLoad

SCRAPE_PAUSE = 0.0005
"""Seconds that each pause of a scrape lasts: not 0, because gevent looks at its sockets only after a real timer."""
OTHER = "other"
MOST_VALUES = 80
"""The most values of a label; further values are published as ``other``."""


class RunCollector:
    """Reads the present run at each scrape; ``state`` returns None before the first run.

    ``on_rendered`` receives the processor time of each scrape in seconds, by ``clock``.
    """

    def __init__(
        self,
        state: Callable[[], RunMetrics | None],
        on_rendered: Callable[[float], None] = lambda _seconds: None,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._state = state
        self._on_rendered = on_rendered
        self._clock = clock
        self._known: dict[str, set[str]] = {}
        self._writer = ExpositionWriter()
        self._run_id = ""

    def text(
        self, yield_to_load: YieldToLoad = NEVER, form: ExpositionFormat = ExpositionFormat.TEXT
    ) -> Iterator[bytes]:
        """The metrics in a format, piece by piece; ``yield_to_load`` is called between two pieces."""
        clock, spent = self._clock, 0.0
        since = clock()

        def leave_out_pause(_seconds: float) -> None:
            nonlocal spent, since
            spent += clock() - since
            yield_to_load()
            since = clock()

        timed = YieldToLoad(leave_out_pause, 0.0)
        families = self.families(timed, native=form is ExpositionFormat.PROTOBUF)
        for piece in self._writer.encode(families, form, timed):
            spent += clock() - since
            yield piece
            since = clock()
        self._on_rendered(spent)

    def snapshot(self, at: float, yield_to_load: YieldToLoad = NEVER) -> Iterator[bytes]:
        """The metrics as lines of OpenMetrics with a timestamp, in seconds since 1970."""
        return self._writer.encode(self.families(yield_to_load), ExpositionFormat.OPENMETRICS, yield_to_load, at)

    def families(self, yield_to_load: YieldToLoad = NEVER, *, native: bool = False) -> Iterator[Family]:
        """The metrics of the present run; none before the first run. ``native`` adds native buckets."""
        state = self._state()
        if state is not None:
            if state.run_id != self._run_id:
                # Another run has other series; those of the previous run are not needed again.
                self._run_id = state.run_id
                self._writer.start_run()
                self._known.clear()
            yield from families(state, self._limit_label, yield_to_load, native=native)

    def _limit_label(self, label: str, value: str) -> str:
        known = self._known.setdefault(label, set())
        if value in known:
            return value
        if len(known) >= MOST_VALUES:
            return OTHER
        known.add(value)
        return value
