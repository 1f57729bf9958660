"""Finds the run of a Locust environment."""

from __future__ import annotations

from typing import Any, Protocol, cast

from harness.run.driver import Run

ENVIRONMENT_ATTRIBUTE = "checkload"


class RunRegistry(Protocol):
    """Holds the run of a Locust environment, as its attribute ``ENVIRONMENT_ATTRIBUTE``."""

    run: Run[Any] | None

    def prepare(self) -> Run[Any] | None:
        """The current run, or a new one if the last run has ended."""


def run_registry(environment: Any) -> RunRegistry | None:
    """The registry of this Locust environment; ``None`` before Locust's ``init`` event."""
    return cast("RunRegistry | None", getattr(environment, ENVIRONMENT_ATTRIBUTE, None))


def current_run(environment: Any) -> Run[Any]:
    """The run of this Locust environment; users exist only during a run."""
    registry = run_registry(environment)
    if registry is None or registry.run is None:
        raise RuntimeError("no run has been prepared for this Locust environment")
    return registry.run
