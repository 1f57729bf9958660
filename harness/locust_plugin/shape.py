"""Locust's load shape: it keeps the pool of users that the scenario asks for, until the run is over."""

from __future__ import annotations

from locust import LoadTestShape

from harness.run.registry import run_registry


class ArrivalShape(LoadTestShape):
    """How many users there are; when their journeys start is the schedule's business, not Locust's."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """Called by Locust about once a second: the pool and its spawn rate, or ``None`` to end the run."""
        if self.runner is None:
            return None
        keeper = run_registry(self.runner.environment)
        run = None if keeper is None else keeper.prepare()
        if run is None:
            return None
        return None if run.over else (run.workload.users, run.spawn_rate)
