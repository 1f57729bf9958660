"""The view of a run that its capacity search reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.yield_to_load import YieldToLoad


class RunView(Protocol):
    """What a search reads from the run that it controls; moments are seconds from the start of the load."""

    @property
    def recorder(self) -> Recorder:
        """All measurements of the run so far."""

    @property
    def under_way(self) -> float:
        """The number of journeys under way."""

    @property
    def processor_share(self) -> float:
        """The share of a core that the load generator uses."""

    @property
    def waiting(self) -> Sequence[PendingAge]:
        """The requests that wait for their reply, and how long they have been due."""

    @property
    def yield_to_load(self) -> YieldToLoad:
        """Called between the steps of a calculation, because the load runs in the same process."""

    def due_between(self, start: float, end: float) -> int:
        """How many arrivals are due between two moments; journeys under way are in no recorder."""

    def labels_of(self, number: int) -> tuple[str, str]:
        """Journey and payment option of an arrival; the first arrival has number 0."""
