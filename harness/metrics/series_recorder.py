"""Takes a snapshot of all metrics every few seconds, for the file of time series beside the result."""

from __future__ import annotations

import logging
from collections.abc import Callable

import gevent

from harness.metrics.collector import SCRAPE_PAUSE, RunCollector
from harness.metrics.series_file import SeriesFile
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")


class SeriesRecorder:
    """Writes snapshots of one run from ``start`` to ``finish``; ``wall_clock`` is the time of day.

    If the disk is full, the log says so once, and the run goes on without the file.
    """

    def __init__(self, collector: RunCollector, file: SeriesFile, wall_clock: Callable[[], float]) -> None:
        self._collector = collector
        self._file = file
        self._wall_clock = wall_clock
        self._broken = False
        self._greenlet: gevent.Greenlet[[], None] | None = None

    def start(self) -> None:
        """Take the first snapshot, and then one at every interval."""
        self._greenlet = gevent.spawn(self._run)

    def finish(self) -> None:
        """Take the last snapshot, which has the verdict."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
        self._snapshot()
        try:
            self._file.close()
        except OSError as error:
            self._give_up(error)

    def _run(self) -> None:
        while not self._broken:
            self._snapshot()
            gevent.sleep(self._file.interval)

    def _snapshot(self) -> None:
        if self._broken:
            return
        at = self._file.next_timestamp(self._wall_clock())
        try:
            self._file.append(self._collector.snapshot(at, YieldToLoad(gevent.sleep, SCRAPE_PAUSE)))
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if not self._broken:
            logger.warning("%s can no longer be written: %s", self._file.path, error.strerror or error)
        self._broken = True
