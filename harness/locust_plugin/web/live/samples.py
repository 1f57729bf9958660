"""Keeps what a run shows second by second and no slice of time holds: arrivals, journeys under way."""

from __future__ import annotations

from typing import NamedTuple

from harness.run.driver import RunDriver

MOST_SAMPLES = 600
"""More samples are thinned out: every second one is dropped, and later ones come half as often."""


class Sample(NamedTuple):
    """One moment of a run: seconds from the start of the load, arrivals so far, and journeys and arrivals at this moment."""

    at: float
    offered: int
    served: int
    dropped: int
    under_way: int
    waiting: int


class RunSamples:
    """The samples of one run, the oldest first; ``version`` changes when old ones were dropped."""

    def __init__(self) -> None:
        self.kept: list[Sample] = []
        self.version = 0
        self._every = 1
        self._calls = 0

    def record(self, driver: RunDriver) -> None:
        """Take a sample; called once a second."""
        self._calls += 1
        if not driver.run.begun or self._calls % self._every:
            return
        every = list(driver.run.recorder.arrivals.values())
        offered, served, dropped = (
            sum(getattr(one, name) for one in every) for name in ("offered", "started", "dropped")
        )
        waiting = max(0, offered - served - dropped)
        self.kept.append(Sample(round(driver.run.elapsed, 1), offered, served, dropped, driver.load.under_way, waiting))
        if len(self.kept) > MOST_SAMPLES:
            self.kept = self.kept[::2]
            self._every *= 2
            self.version += 1
