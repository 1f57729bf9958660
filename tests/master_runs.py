"""Builds a master's run without Locust, for tests, fuzzing and benchmarks of runs with several processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.distributed.fleet_load import FleetLoad, WorkerLink
from harness.distributed.master_inbox import MasterInbox
from harness.run.collaborators import REAL_TIME, TimeSource
from harness.run.driver import RunDriver
from harness.run.run import Run


class MasterRun:
    """A master's run whose greenlets do not start: its test calls what they would do."""

    def __init__(
        self,
        workload: Any,
        send: Callable[[str, Any, str | None], None],
        users_of: Callable[[], Mapping[str, Mapping[str, int]]],
        time: TimeSource = REAL_TIME,
        indexes: Mapping[str, int] | None = None,
    ) -> None:
        link = WorkerLink(
            send=send,
            users_of=users_of,
            missing_workers=list,
            index_of=lambda name: sorted(users_of()).index(name) if indexes is None else indexes[name],
            kinds={"Guest": "guest"},
        )
        self.run = Run(workload, time)
        self.load = FleetLoad(self.run, link, time)
        self.fleet = self.load.fleet
        self.inbox = MasterInbox(self.run, self.fleet, send)
        self._driver = RunDriver(self.run, self.load, self.load.instrument, supervisor=None, time=time)
        self._driver.start_task = lambda _: None  # type: ignore[method-assign]

    def start(self, users: int) -> None:
        """Start the load, as when all users are spawned."""
        self._driver.start(users)
