"""Connects runs with Locust's runner: makes the run that fits the process, and passes messages between master and workers."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from locust.runners import STATE_MISSING, MasterRunner

from harness.distributed.fleet_load import FleetLoad, WorkerLink
from harness.distributed.master_inbox import MasterInbox
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
    STEER,
    ForgedMessage,
    Refusal,
)
from harness.distributed.worker import Worker
from harness.locust_plugin.dispatcher import PinnedUsersDispatcher
from harness.locust_plugin.master_port import PortGuard
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.driver import RunDriver, drive_alone
from harness.run.local_load import LocalLoad
from harness.run.run import Run
from harness.run.supervisor import Supervisor
from harness.run.workload import Workload

logger = logging.getLogger("checkload")


class Transport(Protocol):
    """Makes the runs of a process that judges them; ``has_users`` says whether its own users serve the arrivals."""

    has_users: bool

    def new_driver(
        self, workload: Workload[Any], worker_context: Any, kinds: Mapping[str, str], time: TimeSource, hooks: RunHooks
    ) -> RunDriver:
        """The driver of a new run; ``kinds`` maps user classes to journeys."""


class SingleTransport:
    """Makes runs in a single process."""

    has_users = True

    def new_driver(
        self,
        workload: Workload[Any],
        worker_context: Any,
        kinds: Mapping[str, str],  # noqa: ARG002 - only a master deals out users
        time: TimeSource,
        hooks: RunHooks,
    ) -> RunDriver:
        """The driver of a new run in this process alone."""
        return drive_alone(workload, worker_context, time, hooks)


class MasterTransport:
    """Makes a master's runs; ``inbox`` receives the messages of the workers, ``guard`` counts refused messages."""

    has_users = False

    def __init__(self, environment: Any, guard: PortGuard) -> None:
        self._runner = runner = environment.runner
        self._guard = guard
        self._load: FleetLoad | None = None
        self.inbox: MasterInbox | None = None
        guard.wrap_handler(runner)
        runner.register_message(REPORT, partial(self._pass_on, MasterInbox.receive_report))
        runner.register_message(CLOCK_REPLY, partial(self._pass_on, MasterInbox.receive_clock_reply))
        runner.register_message(REFUSE, partial(self._pass_on, MasterInbox.receive_refusal))
        # Each user stays in its worker for the whole run.
        environment.dispatcher_class = partial(PinnedUsersDispatcher, on_late_worker=self._on_late_worker)
        environment.events.quit.add_listener(self._kill_lost_workers)

    def new_driver(
        self,
        workload: Workload[Any],
        worker_context: Any,  # noqa: ARG002 - only the workers have shoppers
        kinds: Mapping[str, str],
        time: TimeSource,
        hooks: RunHooks,
    ) -> RunDriver:
        """The driver of a new run whose arrivals the workers serve."""
        runner = self._runner
        run = Run(workload, time, hooks)
        link = WorkerLink(
            send=runner.send_message,
            users_of=lambda: {client.id: client.user_classes_count for client in _present(runner)},
            missing_workers=lambda: [client.id for client in runner.clients.all if client.state == STATE_MISSING],
            index_of=runner.get_worker_index,
            kinds=kinds,
            refused=self._guard.refused.total,
        )
        self._load = load = FleetLoad(run, link, time)
        self.inbox = MasterInbox(run, load.fleet, link.send)
        supervisor = Supervisor(run, load, load.instrument, time, hooks)
        return RunDriver(run, load, load.instrument, supervisor=supervisor, time=time, hooks=hooks)

    def _pass_on(self, handle: Callable[..., None], msg: Any, **_: Any) -> None:
        if self.inbox is None:
            return
        try:
            handle(self.inbox, msg.node_id, msg.data)
        except ForgedMessage:
            self._guard.refuse("was sent under the name of another worker")
        except Exception as error:  # noqa: BLE001 - no error here may end the load
            self._guard.refuse(f"was not a valid message of type {msg.type} ({type(error).__name__})")

    def _on_late_worker(self, name: str) -> None:
        if self._load is not None:
            self._load.worker_joined_late(name)

    def _kill_lost_workers(self, **_: Any) -> None:
        if self._load is not None:
            self._load.kill_lost_workers()


class WorkerTransport:
    """Makes a worker's runs, and passes them the messages of the master; ``worker`` has a part in the latest run."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self.worker: Worker | None = None
        runner.register_message(BEGIN, partial(self._pass_on, Worker.receive_begin))
        runner.register_message(CLOCK_REQUEST, partial(self._pass_on, Worker.receive_clock_request))
        runner.register_message(EXTEND_SCHEDULE, partial(self._pass_on, Worker.receive_extend_schedule))
        runner.register_message(STEER, partial(self._pass_on, Worker.receive_steer))
        runner.register_message(END, partial(self._pass_on, Worker.receive_end))
        runner.register_message(REPORT_RECEIVED, partial(self._pass_on, Worker.receive_acknowledgement))
        runner.register_message(NEXT_RUN_ONLY, _on_next_run_only)

    def new_worker(self, workload: Workload[Any], worker_context: Any, time: TimeSource, hooks: RunHooks) -> Worker:
        """This process's part in a new run."""
        run = Run(workload, time, hooks)
        load = LocalLoad(run, worker_context, time)
        driver = RunDriver(run, load, load.instrument, supervisor=None, time=time, hooks=hooks)
        self.worker = Worker(run, load, driver, self._runner.send_message, time)
        return self.worker

    def _pass_on(self, handle: Callable[..., None], msg: Any, **_: Any) -> None:
        if self.worker is not None and not self.worker.run.ended:
            handle(self.worker, msg.data)
        elif msg.type == BEGIN:
            reason = "it could not prepare the scenario; see its log"
            refusal: Refusal = {"run": msg.data["run"], "key": msg.data["key"], "reason": reason}
            self._runner.send_message(REFUSE, refusal)


def users_by_class(runner: Any) -> dict[str, int]:
    """How many virtual users of each class there are, in this process or in all present workers."""
    if isinstance(runner, MasterRunner):
        users = Counter[str]()
        for client in _present(runner):
            users.update(client.user_classes_count)
        return {one.__name__: users[one.__name__] for one in runner.user_classes}
    return dict(runner.user_classes_count)


def _on_next_run_only(**_: Any) -> None:
    logger.warning("The master has a run on that began without this worker; it takes part in the next one")


def _present(runner: Any) -> list[Any]:
    return [client for client in runner.clients.all if client.state != STATE_MISSING]
