"""Finds the run of a Locust environment."""

from __future__ import annotations

from typing import Any, Protocol, cast

from harness.run.load import Load
from harness.run.local_load import LocalLoad
from harness.run.run import Run

ENVIRONMENT_ATTRIBUTE = "checkload"


class RunRegistry(Protocol):
    """Holds the run of a Locust environment, as its attribute ``ENVIRONMENT_ATTRIBUTE``."""

    @property
    def load(self) -> Load | None:
        """The load of the current run."""

    def prepare(self) -> Run | None:
        """The current run, or a new one if the last run has ended."""


def run_registry(environment: Any) -> RunRegistry | None:
    """The registry of this Locust environment; ``None`` before Locust's ``init`` event."""
    return cast("RunRegistry | None", getattr(environment, ENVIRONMENT_ATTRIBUTE, None))


def current_load(environment: Any) -> LocalLoad[Any]:
    """The load that the users of this Locust environment make; users exist only during a run."""
    registry = run_registry(environment)
    load = None if registry is None else registry.load
    if load is None:
        raise RuntimeError("no run has been prepared for this Locust environment")
    # A process with users serves its arrivals itself.
    return cast("LocalLoad[Any]", load)
