"""Connects runs with Locust: passes messages between master and workers, and makes the run that fits the process."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from harness.distributed.master import MasterRun
from harness.distributed.messages import (
    BEGIN,
    CLOCK_REPLY,
    CLOCK_REQUEST,
    END,
    EXTEND_SCHEDULE,
    NEXT_RUN_ONLY,
    REFUSE,
    REPORT,
    REPORT_RECEIVED,
    ForgedMessage,
)
from harness.distributed.worker import WorkerRun
from harness.locust_plugin.dispatcher import PinnedUsersDispatcher
from harness.locust_plugin.master_port import PortGuard
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.driver import Run
from harness.run.workload import Workload

logger = logging.getLogger("checkload")

CurrentRun = Callable[[], Run[Any] | None]


def register_handlers(runner: Any, current: CurrentRun, guard: PortGuard) -> None:
    """Register the message handlers of this process, once and before any run; ``guard`` counts refused messages."""
    if isinstance(runner, MasterRunner):
        guard.wrap_handler(runner)
        runner.register_message(REPORT, partial(_handle_in_master, current, guard, MasterRun.receive_report))
        runner.register_message(CLOCK_REPLY, partial(_handle_in_master, current, guard, MasterRun.receive_clock_reply))
        runner.register_message(REFUSE, partial(_handle_in_master, current, guard, MasterRun.receive_refusal))
    elif isinstance(runner, WorkerRunner):
        runner.register_message(BEGIN, partial(_handle_in_worker, current, WorkerRun.receive_begin))
        runner.register_message(CLOCK_REQUEST, partial(_handle_in_worker, current, WorkerRun.receive_clock_request))
        runner.register_message(EXTEND_SCHEDULE, partial(_handle_in_worker, current, WorkerRun.receive_extend_schedule))
        runner.register_message(END, partial(_handle_in_worker, current, WorkerRun.receive_end))
        runner.register_message(REPORT_RECEIVED, partial(_handle_in_worker, current, WorkerRun.receive_acknowledgement))
        runner.register_message(NEXT_RUN_ONLY, _on_next_run_only)


def make_run(
    runner: Any,
    workload: Workload[Any],
    worker_context: Any,
    kinds: Mapping[str, str],
    guard: PortGuard,
    *,
    time: TimeSource,
    hooks: RunHooks,
) -> Run[Any]:
    """The run of this process: a master's, a worker's, or that of a single process."""
    if isinstance(runner, MasterRunner):
        return MasterRun(
            workload,
            worker_context,
            send=runner.send_message,
            users_of=lambda: {client.id: client.user_classes_count for client in _present(runner)},
            missing_workers=lambda: [client.id for client in runner.clients.all if client.state == STATE_MISSING],
            kinds=kinds,
            refused=guard.refused.total,
            time=time,
            hooks=hooks,
        )
    if isinstance(runner, WorkerRunner):
        return WorkerRun(workload, worker_context, send=runner.send_message, time=time, hooks=hooks)
    return Run(workload, worker_context, time, hooks)


def users_by_class(runner: Any) -> dict[str, int]:
    """How many virtual users of each class there are, in this process or in all present workers."""
    if isinstance(runner, MasterRunner):
        users = Counter[str]()
        for client in _present(runner):
            users.update(client.user_classes_count)
        return {one.__name__: users[one.__name__] for one in runner.user_classes}
    return dict(runner.user_classes_count)


def pin_users(environment: Any, current: CurrentRun) -> None:
    """Make the master keep each user in its worker for the whole run; call it before any run."""

    def on_late_worker(name: str) -> None:
        run = current()
        if run is not None:
            run.worker_joined_late(name)

    if isinstance(environment.runner, MasterRunner):
        environment.dispatcher_class = partial(PinnedUsersDispatcher, on_late_worker=on_late_worker)


def _on_next_run_only(**_: Any) -> None:
    logger.warning("The master has a run on that began without this worker; it takes part in the next one")


def _present(runner: Any) -> list[Any]:
    return [client for client in runner.clients.all if client.state != STATE_MISSING]


def _handle_in_master(current: CurrentRun, guard: PortGuard, handle: Callable[..., None], msg: Any, **_: Any) -> None:
    run = current()
    if run is not None:
        try:
            handle(run, msg.node_id, msg.data)
        except ForgedMessage:
            guard.refuse("was sent under the name of another worker")
        except Exception as error:  # noqa: BLE001 - no error here may end the load
            guard.refuse(f"was not a valid message of type {msg.type} ({type(error).__name__})")


def _handle_in_worker(current: CurrentRun, handle: Callable[..., None], msg: Any, environment: Any, **_: Any) -> None:
    run = current()
    if run is not None and not run.ended:
        handle(run, msg.data)
    elif msg.type == BEGIN:
        reason = "it could not prepare the scenario; see its log"
        environment.runner.send_message(REFUSE, {"run": msg.data["run"], "key": msg.data["key"], "reason": reason})
