"""Makes the metrics of the run itself: its workers, its phase and verdict, and its objectives."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from harness.measurement.sample import Phase
from harness.metrics.family import Family, LimitLabel, family
from harness.metrics.run_metrics import OBJECTIVE_STATES, PENDING, VERDICTS, WORKER_STATES, RunMetrics
from harness.objectives.model import Objective, Statistic, Subject


def run_families(state: RunMetrics, limit_label: LimitLabel) -> Iterator[Family]:
    """Every metric that does not measure the shop."""
    pools = family("data_pool_available")
    for pool, left in state.pools.items():
        pools.set_value((state.run_id, limit_label("pool", pool)), left)
    yield pools
    yield from _workers(state, limit_label)
    yield from _run(state)
    yield from _objectives(state)


def _workers(state: RunMetrics, limit_label: LimitLabel) -> Iterator[Family]:
    run = (state.run_id,)
    workers, expected = family("workers"), family("workers_expected")
    lag, cpu = family("generator_loop_lag_seconds"), family("worker_cpu_ratio")
    memory, connections = family("worker_resident_memory_bytes"), family("worker_open_connections")
    age, offset = family("worker_report_age_seconds"), family("worker_clock_offset_seconds")
    reports, lost = family("worker_reports_total"), family("worker_reports_lost_total")
    for name in WORKER_STATES:
        workers.set_value((*run, name), sum(one.state == name for one in state.workers))
    expected.set_value(run, len(state.workers))
    for one in state.workers:
        which = (*run, limit_label("worker", one.name))
        if one.loop_lag is not None:
            lag.add_histogram(which, one.loop_lag)
        cpu.set_value(which, one.cpu)
        memory.set_value(which, one.memory)
        connections.set_value(which, one.connections)
        age.set_value(which, one.report_age)
        offset.set_value(which, one.clock_offset)
        reports.set_value(which, one.reports)
        lost.set_value(which, one.reports_lost)
    users = family("users")
    for user_class, n in state.users.items():
        users.increment((*run, limit_label("user_class", user_class)), n)
    cost = family("scrape_render_seconds")
    cost.add_histogram(run, state.render_times)
    yield from (workers, expected, lag, cpu, memory, connections, age, offset, reports, lost, users, cost)


def _run(state: RunMetrics) -> Iterator[Family]:
    run = (state.run_id,)
    about, phases, step = family("run_info"), family("run_phase"), family("run_step")
    about.set_value((*run, state.scenario, state.model, state.target, state.version), 1)
    for phase in Phase:
        phases.set_value((*run, phase.value), int(phase == state.phase))
    step.set_value(run, state.stage_number)
    valid, verdicts = family("run_valid"), family("run_verdict")
    valid.set_value(run, int(state.verdict not in {PENDING, "invalid"}))
    for verdict in VERDICTS:
        verdicts.set_value((*run, verdict), int(verdict == state.verdict))
    began, ended = family("run_start_timestamp_seconds"), family("run_end_timestamp_seconds")
    began.set_value(run, state.started_at)
    ended.set_value(run, state.ended_at)
    yield from (about, phases, step, valid, verdicts, began, ended)


def _objectives(state: RunMetrics) -> Iterator[Family]:
    bound, measured, stands = family("objective_bound"), family("objective_measured"), family("objective_state")
    threshold, ratio = family("slo_threshold_seconds"), family("slo_objective_ratio")
    for one in state.objectives:
        objective = one.objective
        bound.set_value((state.run_id, objective.text, objective.unit), objective.bound)
        measured.set_value((state.run_id, objective.text, objective.unit), one.measured)
        for name in OBJECTIVE_STATES:
            stands.set_value((state.run_id, objective.text, name), int(name == one.state))
        if isinstance(objective, Objective) and objective.metric.timed and isfinite(objective.bound):
            labels = (state.run_id, *_described(objective))
            threshold.set_value(labels, objective.bound)
            if objective.statistic is Statistic.PERCENTILE:
                ratio.set_value(labels, objective.percentile)
    yield from (bound, measured, stands, threshold, ratio)


def _described(objective: Objective) -> tuple[str, ...]:
    """The labels of an objective: text, subject, page, journey, payment option, metric, statistic."""
    of_pages = objective.subject is Subject.PAGE
    statistic = f"p{objective.percentile * 100:.10g}" if objective.percentile else str(objective.statistic)
    return (
        objective.text,
        str(objective.subject),
        objective.name if of_pages else "",
        "" if of_pages else objective.name,
        objective.label("payment"),
        str(objective.metric),
        statistic,
    )
