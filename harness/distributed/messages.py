"""The messages between master and workers: custom messages of Locust, one class each.

They travel as they are here: plain values, which Locust packs with msgpack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from harness.measurement.pending import PendingAge

BEGIN, REPORT, END, REPORT_RECEIVED, REFUSE, NEXT_RUN_ONLY, CLOCK_REQUEST, CLOCK_REPLY, EXTEND_SCHEDULE, STEER = (
    "checkload_begin",
    "checkload_counts",
    "checkload_end",
    "checkload_thanks",
    "checkload_refuse",
    "checkload_wait",
    "checkload_echo",
    "checkload_echoed",
    "checkload_level",
    "checkload_steer",
)

Send = Callable[[str, Any, str | None], object]
"""Sends a message: its type, its data, and the worker's id (``None``: to all workers)."""


class OfRun(TypedDict):
    """Every message says which run it belongs to."""

    run: str


class FromWorker(OfRun):
    """Every message of a worker holds the key that only this worker was told; it is empty before ``BEGIN``."""

    key: str


class Begin(FromWorker):
    """``BEGIN``: a worker's part of the arrivals, and when to begin, by the worker's wall clock; ``key`` is its new key."""

    begin_at: float
    share: dict[str, Any]
    kinds: list[str]
    fingerprint: str


class Report(FromWorker):
    """``REPORT``: a worker's counts so far, every second; ``final``: all users are gone, and this is the last report.

    ``changes_taken`` is the number of the last ``STEER`` that the worker has taken up.
    """

    counts: dict[str, Any]
    under_way: int
    in_flight: Mapping[str, int]
    requesting: NotRequired[Mapping[str, int]]
    waiting: NotRequired[Sequence[PendingAge]]
    pools: NotRequired[Mapping[str, int]]
    exemplars: NotRequired[Sequence[Any]]
    cell_traces: NotRequired[Sequence[Any]]
    spans: NotRequired[Sequence[int]]
    facts: Mapping[str, Any]
    orders: bytes
    placed: NotRequired[Mapping[str, Any]]
    changes_taken: NotRequired[int]
    final: bool


class End(OfRun):
    """``END``: end the load, drain for ``grace`` seconds, then send the final report.

    ``reason`` is empty at the planned end. ``until`` is the number of judged seconds of a run with a certain verdict.
    """

    grace: float
    reason: str
    until: float | None


class ReportReceived(OfRun):
    """``REPORT_RECEIVED``: the final report has arrived; ``whole``: an earlier one is missing, send everything."""

    whole: bool


class Refusal(FromWorker):
    """``REFUSE``: why a worker cannot join; what it runs, if it knows."""

    reason: str
    version: NotRequired[str]
    fingerprint: NotRequired[str]


class NextRunOnly(OfRun):
    """``NEXT_RUN_ONLY``: a run is on; join the next one."""


class ClockRequest(OfRun):
    """``CLOCK_REQUEST``: when the master sent it, by its wall clock; the master asks during the whole run.

    ``orders`` is how many placed orders of this worker have arrived.
    """

    sent: float
    orders: NotRequired[int]


class ClockReply(FromWorker):
    """``CLOCK_REPLY``: the same, and when the worker received and answered it, by its own wall clock."""

    sent: float
    received: float
    answered: float


class ExtendSchedule(OfRun):
    """``EXTEND_SCHEDULE``: the next level of a capacity search: arrivals a second, and for how many seconds."""

    rate: float
    seconds: float


class Steer(OfRun):
    """``STEER``: a person changes the load; ``change`` is a ``LoadChange``, its users those of this worker."""

    change: Mapping[str, Any]


class ForgedMessage(Exception):
    """A message under the name of a worker, without that worker's key."""
