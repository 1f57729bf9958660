"""Keeps the scenario's number of users in Locust until the run is over."""

from __future__ import annotations

from locust import LoadTestShape

from harness.run.registry import run_registry


class ArrivalShape(LoadTestShape):
    """Locust's load shape: how many users there are. The schedule decides when their journeys start."""

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """The number of users and the spawn rate, or ``None`` to end the run; Locust calls this about once a second."""
        if self.runner is None:
            return None
        registry = run_registry(self.runner.environment)
        run = None if registry is None else registry.prepare()
        if run is None:
            return None
        return None if run.over else (run.workload.population.users, run.spawn_rate)
