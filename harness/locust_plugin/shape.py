"""Keeps the scenario's number of users in Locust until the run is over, and starts further users that a change of the run needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import gevent
from locust import LoadTestShape
from locust.runners import STATE_CLEANUP, STATE_STOPPED

from harness.run.registry import run_registry

SPAWNED_AT_ONCE = 10
"""Users that are started before the load gets its turn."""
_STOPPING = frozenset({STATE_CLEANUP, STATE_STOPPED})


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


class OwnUsers:
    """The virtual users of this process; see ``harness.run.steering.change.UserSupply``.

    Locust's own way to change the number of users begins a new test in its master. Each process starts the further users itself, of
    the classes that it has users of. When the run stops, Locust stops them with all others.
    """

    def __init__(self, environment: Any) -> None:
        self._environment = environment

    def counts(self) -> Mapping[str, int]:
        """How many users there are, by journey."""
        found = Counter[str]()
        for name, number in self._environment.runner.user_classes_count.items():
            found[self._kinds[name]] += number
        return found

    def raise_to(self, counts: Mapping[str, int]) -> None:
        """Start the users that are missing, in small steps and in the background."""
        present = self.counts()
        of_kind = {kind: name for name, kind in self._kinds.items()}
        wanted = {of_kind[kind]: n for kind, n in counts.items() if n > present[kind]}
        if wanted:
            gevent.spawn(self._spawn, wanted)

    def _spawn(self, wanted: Mapping[str, int]) -> None:
        runner = self._environment.runner
        for name, number in wanted.items():
            for _ in range(0, number, SPAWNED_AT_ONCE):
                # Counted again each time: another change may start users meanwhile.
                missing = number - runner.user_classes_count[name]
                if missing <= 0 or runner.state in _STOPPING:  # users of a stopped run would take part in the next one
                    break
                runner.spawn_users({name: min(SPAWNED_AT_ONCE, missing)})
                gevent.sleep(0.001)

    @property
    def _kinds(self) -> dict[str, str]:
        return {one.__name__: one.kind for one in self._environment.runner.user_classes}
