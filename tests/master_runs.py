"""Builds a master's run without Locust, for tests, fuzzing and benchmarks of runs with several processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.distributed.master import MasterRun
from harness.run.collaborators import TimeSource


def master_run(
    workload: Any,
    send: Callable[[str, Any, str | None], None],
    users_of: Callable[[], Mapping[str, Mapping[str, int]]],
    time: TimeSource | None = None,
) -> MasterRun:
    """A master's run that starts no greenlet: its test calls what they would do."""
    settings: dict[str, Any] = {} if time is None else {"time": time}
    run = MasterRun(
        workload, None, send=send, users_of=users_of, missing_workers=list, kinds={"Guest": "guest"}, **settings
    )
    run.start_background_tasks = lambda: None  # type: ignore[method-assign]
    return run
