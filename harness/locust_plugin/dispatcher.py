"""Keeps each user in its worker for the whole run, even if workers join later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from locust.dispatch import UsersDispatcher


class PinnedUsersDispatcher(UsersDispatcher):
    """Locust's dispatcher without rebalancing: a worker that joins during a run gets no users.

    Locust would stop shoppers in the middle of their journeys, and start others in a worker without arrivals. Calls
    ``on_late_worker`` with the id of each such worker. The next run has a new dispatcher, with all workers that are there then.
    """

    def __init__(
        self, worker_nodes: list[Any], user_classes: list[Any], *, on_late_worker: Callable[[str], None]
    ) -> None:
        super().__init__(worker_nodes=worker_nodes, user_classes=user_classes)
        self._on_late_worker = on_late_worker

    def add_worker(self, worker_node: Any) -> None:
        """Report a worker that joined during the run; it takes part in the next one."""
        self._on_late_worker(worker_node.id)

    @property
    def dispatch_in_progress(self) -> bool:
        """Always true: Locust asks this before it moves users because workers joined or left."""
        return True
