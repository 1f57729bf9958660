"""Collects the facts about a run that the validity checks read."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import takewhile
from typing import Any

from harness.measurement.outcomes import Outcome
from harness.measurement.recorder import Recorder
from harness.measurement.totals import RunTotals
from harness.run.lifecycle import EndCause
from harness.run.run import Run
from harness.run.supervisor import Supervisor
from harness.run.workload import Workload
from harness.schedule.arrivals import ArrivalSchedule
from harness.validity.evidence import (
    Conditions,
    DeliveryFacts,
    EndFacts,
    GeneratorFacts,
    LabelCount,
    ShopFacts,
)
from harness.validity.ledger import LedgerComparison, known_causes


def run_conditions(
    supervisor: Supervisor, comparison: LedgerComparison | None, silence: str, exceptions: int
) -> Conditions:
    """The conditions of a run that has ended.

    ``comparison`` compares our counts with the shop's ledger. ``silence`` says why the shop did not show its ledger (``""``: it
    did, or has none). ``exceptions`` counts errors outside journeys.
    """
    conditions = Conditions(
        end=_end_facts(supervisor.run, exceptions),
        delivery=_delivery_facts(supervisor),
        generator=GeneratorFacts(
            processes=supervisor.instrument.process_facts(),
            cpu_ratio=supervisor.instrument.processor_share,
            loop_lag=supervisor.instrument.steady_lag,
        ),
        fleet=supervisor.instrument.fleet_facts(),
        shop=_shop_facts(supervisor.run, comparison, silence),
    )
    return replace(conditions, delivery=_with_plan(conditions, supervisor.run))


def _end_facts(run: Run, exceptions: int) -> EndFacts:
    ending = run.ending
    return EndFacts(
        interrupted=run.lifecycle.interrupted_by,
        ceiling=run.ending.reason if run.ending.cause is EndCause.CEILING else "",
        stopped=run.ending.reason if run.ending.cause is EndCause.STOPPED else "",
        certain_verdict_reason=ending.reason if ending.cause is EndCause.CERTAIN else "",
        stop_rule=ending.reason if ending.cause is EndCause.STOP_RULE else "",
        crashed=run.lifecycle.crash,
        target_unreachable=run.lifecycle.unreachable,
        requests_sent=RunTotals.of(run.recorder).pages,
        exceptions=exceptions,
    )


def _delivery_facts(supervisor: Supervisor) -> DeliveryFacts:
    run, workload = supervisor.run, supervisor.run.workload
    schedule = workload.schedule.due_times()
    without_account = RunTotals.of(run.recorder).journeys_by_outcome.get(Outcome.NO_ACCOUNT, 0)
    return DeliveryFacts(
        planned_duration=run.length,
        load_duration=run.load_duration,
        expected_offered=None if schedule is None else schedule.min_count,
        constant_rate=workload.schedule.constant_rate and not run.changes,
        capacity_search=supervisor.controller is not None,
        users=run.spawned,
        planned_minimum={} if run.changes else workload.judging.planned_minimum,
        mixes=_mix_counts(run.recorder, workload),
        truncated_journeys=supervisor.load.under_way,
        journeys_without_account=without_account,
    )


def _with_plan(conditions: Conditions, run: Run) -> DeliveryFacts:
    """The facts about the delivery with the planned arrivals; of a run that ended early, only as long as its load was on."""
    until = run.load_duration + 1 if conditions.ended_early else math.inf
    planned = _planned_by_second(run.workload.schedule.due_times(), run.length, until)
    return replace(conditions.delivery, planned_by_second=planned)


def _shop_facts(run: Run, comparison: LedgerComparison | None, silence: str) -> ShopFacts:
    differences = [] if comparison is None else [str(each) for each in comparison.differences]
    return ShopFacts(
        embedded=run.target.shop is not None,
        ended_early=run.ending.cause is EndCause.TARGET_DIED,
        ledger=[silence] if silence else differences,
        ledger_explained=known_causes(comparison, run.recorder),
    )


def _mix_counts(recorder: Recorder, workload: Workload[Any]) -> list[LabelCount]:
    """Planned and actual number of journeys by label, for each kind of label with a plan."""
    came = {"journey": Counter[str](), "payment option": Counter[str]()}
    for key, cell in recorder.journeys.items():
        came["journey"][key.journey] += cell.response.total
        came["payment option"][key.payment_option] += cell.response.total
    return [
        LabelCount(what, meant, came[what])
        for what, meant in workload.population.planned_counts(came["journey"]).items()
    ]


def _planned_by_second(schedule: ArrivalSchedule | None, length: float, until: float) -> list[int]:
    """How many arrivals are due in each second before ``until``."""
    if schedule is None:
        return []
    seconds = [0] * (int(length) + 1)
    for due in takewhile(lambda due: due < until, schedule):
        seconds[min(int(due), len(seconds) - 1)] += 1
    return seconds
