"""A worker's side of a run that several workers share: it serves its part of the arrivals and tells what it counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, TypeVar

import gevent

from harness.fleet import REPORT_EVERY
from harness.master import COUNTS, ECHOED, REFUSE
from harness.process_facts import ProcessFacts
from harness.run import Run
from harness.share import Share
from harness.snapshot import Teller

StageT = TypeVar("StageT")
Send = Callable[[str, Any], None]

REPEAT = 1.0
"""Seconds after which the last word is said again, if it was not acknowledged."""
LAST_WORDS = 10
"""How often it is said."""


class WorkerRun(Run[StageT]):
    """The run of one worker; ``send`` sends a custom message to the master."""

    def __init__(self, workload: Any, stage: StageT, *, send: Send, **clocks: Any) -> None:
        super().__init__(workload, stage, **clocks)
        self._send = send
        self._run = self._key = ""
        self._teller: Teller | None = None
        self._thanked = False
        self._asked_for_all = False
        self.pilot = None  # the master's business
        self._told_last = False

    def start(self, users: int) -> None:
        """Locust says that all users are there; a worker begins when the master says so."""
        self.spawned = users

    def begin_as_told(self, message: Mapping[str, Any]) -> None:
        """The master has dealt out the arrivals; a worker with another scenario refuses."""
        self._run, self._key = message["run"], message["key"]
        if message["fingerprint"] != self.workload.fingerprint:
            reason = "it was started from another version, scenario file or accounts file than the master"
            self._send(REFUSE, {"run": self._run, "key": self._key, "reason": reason, **self._origin()})
            return
        self.workload.restrict(message["kinds"])
        self.share = Share.from_json(message["share"])
        self.stage = self.workload.stage(self.share.worker, self.share.workers)
        self._quiet.begin()
        self.open(self.clock() + message["begin_at"] - self._wall_clock())
        self._teller = Teller(self.recorder)
        self._greenlets.append(gevent.spawn(self._guarded, self._tell))

    def _look_for_reasons_to_stop(self) -> None:
        """None of a worker's business: it sees a part of the load only, and the master all of it."""

    def level_as_told(self, message: Mapping[str, Any]) -> None:
        """The master has decided how the search goes on."""
        if message["run"] == self._run:
            self.let_in(message["rate"], message["seconds"])

    def echo(self, message: Mapping[str, Any]) -> None:
        """The master compares the clocks."""
        received = self._wall_clock()
        self._send(ECHOED, {**message, "key": self._key, "received": received, "answered": self._wall_clock()})

    def end_as_told(self, message: Mapping[str, Any]) -> None:
        """The master ends the run; of its natural end, at the end of the schedule, a worker knows by itself."""
        if message["run"] == self._run and message["reason"]:
            self.grace = message["grace"]
            if message["until"] is not None:
                self.cut(message["until"])
            self.finish_early(message["reason"])

    def thanked(self, message: Mapping[str, Any]) -> None:
        """The master has the last word, or misses one before it."""
        if message["run"] == self._run:
            self._asked_for_all = message["whole"]
            self._thanked = self._thanked or not message["whole"]

    def _tell(self) -> None:
        while not self.over:
            self._sleep(REPORT_EVERY)
            if not self.over:
                self._say(final=False)

    def lose_master(self) -> None:
        """The master is gone: send it no more counts."""
        self._told_last = True

    def say_last_word(self) -> None:
        """What is left to tell, until the master has acknowledged it; everything, where it misses something."""
        if self._teller is None or self._told_last:
            return
        self._told_last = True
        for _ in range(LAST_WORDS):
            whole, self._asked_for_all = self._asked_for_all, False
            self._say(final=True, whole=whole)
            waited = 0.0
            while not self._thanked and not self._asked_for_all and waited < REPEAT:
                self._sleep(0.05)
                waited += 0.05
            if self._thanked:
                return

    def _say(self, *, final: bool, whole: bool = False) -> None:
        assert self._teller is not None  # noqa: S101 - only ever called after the run began
        message = {
            "run": self._run,
            "key": self._key,
            "counts": self._teller.message(whole=whole),
            "under_way": self.under_way,
            "in_flight": dict(+self.in_flight),
            "requesting": dict(+self.requesting),
            "waiting": self.waiting if self.workload.search is not None else [],
            "pools": dict(self.pools),
            "exemplars": self.exemplars.to_json(),
            "facts": {**self.facts(), **self._origin(), "pid": os.getpid()},
            "orders": self.order_numbers.digests() if final else b"",
            "final": final,
        }
        self._send(COUNTS, message)

    def _origin(self) -> dict[str, str]:
        return {"version": version("checkload"), "fingerprint": self.workload.fingerprint}

    def process_facts(self, name: str) -> ProcessFacts:
        """What this worker noticed about itself and its machine, under its number."""
        return super().process_facts(name or str(self.share.worker))
