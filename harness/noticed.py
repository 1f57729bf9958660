"""Gathers what was noticed about a run, for the checks that decide whether to trust it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import takewhile
from typing import Any

from harness import validity
from harness.arrivals import Arriving
from harness.conditions import Conditions, MixCount
from harness.early_end import Cause
from harness.explanation import explained
from harness.fleet import REPORT_EVERY, Member
from harness.ledger import Comparison
from harness.master import MasterRun
from harness.order_numbers import given_twice
from harness.process_facts import ProcessFacts
from harness.recorder import Recorder
from harness.run import Run
from harness.worker_facts import Origin, WorkerFacts
from harness.workload import Workload


def noticed(run: Run[Any], comparison: Comparison | None, silence: str, exceptions: int) -> Conditions:
    """The conditions of a run that has ended.

    ``comparison`` holds our books against the shop's, ``silence`` says why it showed none (``""``: it did, or keeps none),
    ``exceptions`` counts errors that surfaced outside journeys.
    """
    counts = run.recorder.counts()
    workload = run.workload
    schedule = workload.schedule()
    conditions = Conditions(
        requests_sent=counts.pages,
        interrupted=run.interrupted,
        certain=run.stop_reason if run.stopped_by is Cause.CERTAIN else "",
        stop_rule=run.stop_reason if run.stopped_by is Cause.STOP_RULE else "",
        crashed=run.crashed,
        target_unreachable=run.unreachable,
        embedded=run.target is not None,
        shop_died=run.stopped_by is Cause.TARGET_DIED,
        asked=run.length,
        held=run.held,
        expected_offered=None if schedule is None else schedule.least,
        users=run.spawned,
        planned_minimum=workload.planned_minimum,
        ledger=[silence] if silence else [str(each) for each in comparison.differences] if comparison else [],
        ledger_explained=explained(comparison, run.recorder),
        cpu_ratio=run.processor_share,
        loop_lag=run.steady_lag,
        no_account=counts.journeys_by_outcome.get(validity.NO_ACCOUNT, 0),
        exceptions=exceptions,
        sold_twice=given_twice(member.orders for member in _members(run)) if isinstance(run, MasterRun) else 0,
        truncated_journeys=run.under_way,
        processes=_processes(run),
        workers=_workers(run),
        refused=run.refused if isinstance(run, MasterRun) else 0,
        origin=Origin(own_version(), workload.fingerprint) if isinstance(run, MasterRun) else None,
        mixes=_mixes(run.recorder, workload),
        level=workload.level,
        searched=run.pilot is not None,
    )
    until = run.held + 1 if conditions.ended_early else math.inf
    return replace(conditions, planned_by_second=_by_second(schedule, run.length, until))


def own_version() -> str:
    """The version of checkload that is running."""
    try:
        return version("checkload")
    except PackageNotFoundError:
        return "not installed"


def _processes(run: Run[Any]) -> Sequence[ProcessFacts]:
    if isinstance(run, MasterRun):
        told = [(member, facts) for member in _members(run) if (facts := member.facts.get("process"))]
        return [ProcessFacts.from_json({**facts, "name": _called(run, member)}) for member, facts in told]
    return [run.process_facts("")] if run.begun else []


def _workers(run: Run[Any]) -> Sequence[WorkerFacts]:
    if not isinstance(run, MasterRun):
        return []
    window = run.recorder.window
    return [
        WorkerFacts(
            name=_called(run, member),
            origin=_origin(member),
            longest_gap=member.longest_silence,
            interval=REPORT_EVERY,
            lost_at=None if member.lost_at is None else max(0.0, member.lost_at - window.start),
            lost_in=None if member.lost_at is None else window.phase(member.lost_at),
            finished=member.final,
            clock=member.clock,
        )
        for member in _members(run)
    ]


def _members(run: MasterRun[Any]) -> list[Member]:
    return [] if run.fleet is None else list(run.fleet.members.values())


def _called(run: MasterRun[Any], member: Member) -> str:
    return "" if run.fleet is None else run.fleet.called(member)


def _origin(member: Member) -> Origin | None:
    told, digest = member.facts.get("version"), member.facts.get("fingerprint")
    return Origin(str(told), str(digest)) if told and digest else None


def _mixes(recorder: Recorder, workload: Workload[Any]) -> list[MixCount]:
    """Who came beside who was meant to, of each kind of label that the workload can tell."""
    came = {"journey": Counter[str](), "payment option": Counter[str]()}
    for key, cell in recorder.journeys.items():
        came["journey"][key.journey] += cell.response.total
        came["payment option"][key.payment_option] += cell.response.total
    return [MixCount(what, meant, came[what]) for what, meant in workload.drawn(came["journey"]).items()]


def _by_second(schedule: Arriving | None, length: float, until: float) -> list[int]:
    """How many arrivals are due in each second before ``until``."""
    if schedule is None:
        return []
    seconds = [0] * (int(length) + 1)
    for due in takewhile(lambda due: due < until, schedule):
        seconds[min(int(due), len(seconds) - 1)] += 1
    return seconds
