"""Keeps the users of a run where they were put when it began, whichever workers come later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust.dispatch import UsersDispatcher


class PinnedUsersDispatcher(UsersDispatcher):
    """Locust's dispatcher, except that a worker that comes during a run is not given users of the others.

    Locust would stop shoppers in the middle of their journeys and start others where no arrival is dealt to. ``late`` is
    told the id of each such worker; the next run has a dispatcher of its own, with all workers that are there by then.
    """

    def __init__(
        self, worker_nodes: list[Any], user_classes: list[Any], *, on_late_worker: Callable[[str], None]
    ) -> None:
        super().__init__(worker_nodes=worker_nodes, user_classes=user_classes)
        self._on_late_worker = on_late_worker

    def add_worker(self, worker_node: Any) -> None:
        """A worker has come during the run: it waits for the next one."""
        self._on_late_worker(worker_node.id)

    @property
    def dispatch_in_progress(self) -> bool:
        """Always true: Locust asks before it deals out the users anew because workers have come or gone."""
        return True
