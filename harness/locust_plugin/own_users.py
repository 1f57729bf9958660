"""Counts and starts the virtual users of this process while a run is on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import gevent

SPAWNED_AT_ONCE = 10
"""Users that are started before the load gets its turn."""


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
        missing = {of_kind[kind]: n - present[kind] for kind, n in counts.items() if n > present[kind]}
        if missing:
            gevent.spawn(self._spawn, missing)

    def _spawn(self, missing: Mapping[str, int]) -> None:
        for name, number in missing.items():
            for done in range(0, number, SPAWNED_AT_ONCE):
                self._environment.runner.spawn_users({name: min(SPAWNED_AT_ONCE, number - done)})
                gevent.sleep(0.001)

    @property
    def _kinds(self) -> dict[str, str]:
        return {one.__name__: one.kind for one in self._environment.runner.user_classes}
