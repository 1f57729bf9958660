"""What the web UI shows of a run at one moment."""

from __future__ import annotations

from typing import NamedTuple

from harness.capacity.controller import CapacityController
from harness.judging.finish import Finished
from harness.locust_plugin.web.live.samples import RunSamples
from harness.run.driver import RunDriver
from harness.run.run import Run
from harness.run.steering.steering import Steering


class UiState(NamedTuple):
    """What the web UI shows: the run, what it ended in, and why its results could not be made.

    ``under_way`` is the number of journeys in progress, ``controller`` controls the capacity search. ``driver`` drives the
    run, ``steering`` changes it. ``samples`` are those of the run.
    """

    run: Run | None
    finished: Finished | None = None
    failure: str = ""
    under_way: int = 0
    controller: CapacityController | None = None
    driver: RunDriver | None = None
    steering: Steering | None = None
    samples: RunSamples | None = None

    @property
    def failed(self) -> bool:
        """Whether the run ended without a verdict."""
        return self.run is not None and self.run.ended and bool(self.failure or self.run.lifecycle.crash)
