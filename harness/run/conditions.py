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
from harness.run.supervisor import Supervisor
from harness.run.workload import Workload
from harness.schedule.arrivals import ArrivalSchedule
from harness.validity.evidence import Conditions, LabelCount
from harness.validity.ledger import LedgerComparison, known_causes


def run_conditions(
    supervisor: Supervisor, comparison: LedgerComparison | None, silence: str, exceptions: int
) -> Conditions:
    """The conditions of a run that has ended.

    ``comparison`` compares our counts with the shop's ledger. ``silence`` says why the shop did not show its ledger (``""``: it
    did, or has none). ``exceptions`` counts errors outside journeys.
    """
    run, instrument = supervisor.run, supervisor.instrument
    counts = RunTotals.of(run.recorder)
    workload = run.workload
    fleet = instrument.fleet_facts()
    schedule = workload.schedule.due_times()
    conditions = Conditions(
        requests_sent=counts.pages,
        interrupted=run.lifecycle.interrupted_by,
        certain_verdict_reason=run.ending.reason if run.ending.cause is EndCause.CERTAIN else "",
        stop_rule=run.ending.reason if run.ending.cause is EndCause.STOP_RULE else "",
        crashed=run.lifecycle.crash,
        target_unreachable=run.lifecycle.unreachable,
        embedded=run.target.shop is not None,
        shop_ended_early=run.ending.cause is EndCause.TARGET_DIED,
        planned_duration=run.length,
        load_duration=run.load_duration,
        expected_offered=None if schedule is None else schedule.min_count,
        users=run.spawned,
        planned_minimum=workload.judging.planned_minimum,
        ledger=[silence] if silence else [str(each) for each in comparison.differences] if comparison else [],
        ledger_explained=known_causes(comparison, run.recorder),
        cpu_ratio=instrument.processor_share,
        loop_lag=instrument.steady_lag,
        journeys_without_account=counts.journeys_by_outcome.get(Outcome.NO_ACCOUNT, 0),
        exceptions=exceptions,
        duplicate_order_numbers=fleet.duplicate_order_numbers,
        truncated_journeys=supervisor.load.under_way,
        processes=instrument.process_facts(),
        workers=fleet.workers,
        refused_messages=fleet.refused_messages,
        run_fingerprint=fleet.run_fingerprint,
        mixes=_mix_counts(run.recorder, workload),
        constant_rate=workload.schedule.constant_rate,
        capacity_search=supervisor.controller is not None,
    )
    until = run.load_duration + 1 if conditions.ended_early else math.inf
    return replace(conditions, planned_by_second=_planned_by_second(schedule, run.length, until))


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
