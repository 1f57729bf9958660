"""Where the run of a Locust environment is found by whoever holds the environment only."""

from __future__ import annotations

from typing import Any, Protocol, cast

from harness.run.driver import Run

ENVIRONMENT_ATTRIBUTE = "checkload"


class RunRegistry(Protocol):
    """Who keeps the run of a Locust environment; found there under ``ENVIRONMENT_ATTRIBUTE``."""

    run: Run[Any] | None

    def prepare(self) -> Run[Any] | None:
        """The run that is under way or about to start, made new where the last one has ended."""


def run_registry(environment: Any) -> RunRegistry | None:
    """Who keeps the runs of this Locust environment; ``None`` before Locust has called ``init``."""
    return cast("RunRegistry | None", getattr(environment, ENVIRONMENT_ATTRIBUTE, None))


def current_run(environment: Any) -> Run[Any]:
    """The run of this Locust environment; a user exists only within one."""
    keeper = run_registry(environment)
    if keeper is None or keeper.run is None:
        raise RuntimeError("no run has been prepared for this Locust environment")
    return keeper.run
