"""How a run stands at this moment: its objectives, what its checks of validity say so far, and its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.locust_plugin.web.ui_state import UiState
from harness.objectives.live_status import LiveState, live_status
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.html.runs import change_label
from harness.run.driver import RunDriver
from harness.run.run import Run
from harness.run.steering.change import LEAD
from harness.units import format_count, format_duration
from harness.validity.evidence import Conditions, DeliveryFacts, Evidence, GeneratorFacts
from harness.validity.generator import arrival_lateness, cpu_usage, event_loop_lag
from harness.validity.titles import title_of
from harness.validity.user_supply import account_supply, user_supply
from harness.validity.workers import clock_offsets, foreign_messages, no_worker_lost, report_gaps, worker_lag
from harness.yield_to_load import YieldToLoad

CHECKS = (
    no_worker_lost,
    report_gaps,
    clock_offsets,
    foreign_messages,
    arrival_lateness,
    worker_lag,
    event_loop_lag,
    cpu_usage,
    user_supply,
    account_supply,
)
"""The checks of validity that mean something before a run is over."""
_KNOWN = {Verdict.PASSED: "kept", Verdict.FAILED: "broken", Verdict.INCONCLUSIVE: "unknown", Verdict.INVALID: "unknown"}

Row = dict[str, Any]


def objective_rows(state: UiState, yield_to_load: YieldToLoad) -> list[Row]:
    """Each objective: ``kept``, ``broken`` or ``unknown``, with the numbers and the samples that are missing."""
    run, finished = state.run, state.finished
    if run is None:
        return []
    if finished is not None and finished.result.run_id == run.id:
        return [
            {"text": one.text, "state": _KNOWN[one.verdict], "sentence": one.sentence}
            for one in finished.result.judgement.objectives
        ]
    rows = []
    for objective in run.workload.judging.objectives:
        now = live_status(run.recorder, objective, run.steady_seconds)
        known = {LiveState.BROKEN: "broken", LiveState.KEPT: "unknown" if now.missing else "kept"}
        missing = f"{format_count(now.missing, 'more sample')} needed" if now.missing else ""
        rows.append(
            {
                "text": now.text,
                "state": known.get(now.standing, "unknown"),
                "sentence": now.sentence,
                "missing": missing,
            }
        )
        yield_to_load()
    rows += [
        {"text": one.text, "state": "unknown", "sentence": "judged at the end of the run, when Prometheus is asked"}
        for one in run.workload.judging.metric_objectives
    ]
    return rows


def validity_rows(state: UiState, yield_to_load: YieldToLoad) -> list[Row]:
    """What each check of validity says, and whether the books agree so far."""
    run, driver, finished = state.run, state.driver, state.finished
    if run is None or driver is None:
        return []
    if finished is not None and finished.result.run_id == run.id:
        return list(map(_light, finished.result.judgement.findings))
    if not run.begun:
        return []
    evidence = evidence_so_far(run, driver)
    rows = [_books(run)]
    for check in CHECKS:
        yield_to_load()
        rows += map(_light, check(evidence))
    return rows


def evidence_so_far(run: Run, driver: RunDriver) -> Evidence:
    """What the checks of validity that mean something before the end can look at."""
    instrument = driver.instrument
    generator = GeneratorFacts(
        processes=instrument.process_facts(), cpu_ratio=instrument.processor_share, loop_lag=instrument.steady_lag
    )
    delivery = DeliveryFacts(planned_duration=run.length, load_duration=run.load_duration, users=run.spawned)
    fleet = instrument.fleet_facts()
    # The last counts of a worker come when the load is over.
    fleet = replace(fleet, workers=[replace(worker, finished=None) for worker in fleet.workers])
    conditions = Conditions(delivery=delivery, generator=generator, fleet=fleet)
    return Evidence(run.recorder, conditions, tuple(run.workload.judging.objectives))


def _books(run: Run) -> Row:
    every = list(run.recorder.arrivals.values())
    offered, served, dropped = (sum(getattr(one, name) for one in every) for name in ("offered", "started", "dropped"))
    agree = served + dropped <= offered
    waiting = f", {offered - served - dropped:,} wait" if offered > served + dropped else ""
    message = f"{format_count(offered, 'arrival')}: {served:,} served, {dropped:,} dropped{waiting}"
    return {"name": title_of("books"), "level": str(Severity.OK if agree else Severity.INVALID), "message": message}


def _light(finding: Finding) -> Row:
    said = f"{finding.message}; {finding.remedy}" if finding.remedy else finding.message
    return {"name": title_of(finding.check), "level": str(finding.level), "message": said}


def events(state: UiState) -> Iterator[Row]:
    """What happened, each with its moment in seconds from the start of the load: stages, changes, lost workers, the end."""
    run, driver = state.run, state.driver
    if run is None or driver is None or not run.begun:
        return
    schedule = run.workload.schedule
    if schedule.warm_up:
        yield {"at": schedule.warm_up, "label": "steady part begins", "kind": "stage"}
    for place, one in enumerate(run.changes):
        label = change_label(one.quantity, one.after)
        text = f"{one.quantity.replace('_', ' ')} from {one.before} to {one.after}"
        yield {"at": one.at, "label": label, "text": text, "kind": "change", "row": place % 5}
    for worker in driver.instrument.fleet_facts().workers:
        if worker.lost_at is not None:
            yield {"at": worker.lost_at, "label": f"worker {worker.name} lost", "kind": "lost"}
    if run.closing and run.ending.reason:
        yield {"at": run.load_duration, "label": "load ended", "text": run.ending.reason, "kind": "end"}


def plan_and_settings(run: Run) -> Row:
    """The planned rate as the points of a line, and what a person can change, with the values that hold now or are about to."""
    return {"planned": _planned(run), "settings": run.workload.steering_form(run.elapsed + LEAD)}


def _planned(run: Run) -> list[list[float]]:
    """The planned rate over the run as points of a line; empty for a closed load and a search."""
    schedule = run.workload.schedule
    if not schedule.is_open or run.stepped_arrivals is not None:
        return []
    step = run.length / 200
    edges = [one.at for one in run.changes if one.quantity == "arrival_rate"]
    moments = {round(place * step, 2) for place in range(201)} | {
        e for edge in edges for e in (edge - 0.01, edge + 0.01)
    }
    return [[moment, round(schedule.rate(min(moment, run.length - 0.01)), 3)] for moment in sorted(moments)]


def verdict_so_far(rows: list[Row], lights: list[Row]) -> str:
    """One sentence: how many objectives are kept, broken and not yet known, and whether a check speaks against the run."""
    if not rows:
        return ""
    counts = {state: sum(row["state"] == state for row in rows) for state in ("kept", "broken", "unknown")}
    said = f"{counts['kept']} kept, {counts['broken']} broken, {counts['unknown']} not yet known"
    invalid = sum(light["level"] == Severity.INVALID for light in lights)
    return f"{said}; {format_count(invalid, 'check')} would make the run invalid" if invalid else said


def remaining(run: Run) -> str:
    """How long the load is still on, in words."""
    left = max(0.0, run.length - run.elapsed)
    return f"{format_duration(round(left))} left" if left else ""
