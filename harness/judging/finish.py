"""Finishes a run: compares counts with the shop's ledger, judges, writes the results and the console report."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from harness.capacity.answer import capacity_answer
from harness.capacity.verdict import evaluate_search
from harness.exits import Exit
from harness.judging.conditions import run_conditions
from harness.judging.exploration import explored
from harness.judging.shop_metrics import measure_metrics
from harness.judging.short_run import with_stall_warning
from harness.measurement.totals import RunTotals
from harness.objectives.evaluate import evaluate_run
from harness.objectives.verdict import Judgement, Verdict
from harness.reporting import report
from harness.reporting.console import console, wants_colour
from harness.results.orders_file import OrdersFile
from harness.results.result import Result, RunSettings, SpanCounts
from harness.results.store import new_folder, write
from harness.run.lifecycle import EndCause
from harness.run.run import Run
from harness.run.supervisor import Supervisor
from harness.units import format_duration
from harness.validity import checks
from harness.validity.evidence import Conditions
from harness.validity.ledger import LedgerComparison, compare_with_ledger
from harness.versions import build_kind, machine_kind, version_of

RESULTS = Path("results")
CANDIDATE = "candidate"
"""The folder within the results for those of the second host."""
SLOWEST_TRACES = 20
"""How many of the slowest traced requests a result has."""
PACKAGES = ("checkload", "locust", "gevent", "geventhttpclient", "orjson", "prometheus-client", "scipy")


@dataclass(frozen=True, slots=True)
class Finished:
    """A run with its verdict and its written results."""

    result: Result
    folder: Path
    text: str

    @property
    def exit(self) -> Exit:
        """The exit code for the pipeline."""
        return self.result.exit

    @property
    def headline(self) -> str:
        """Verdict, reason and results folder, on one line."""
        judgement = self.result.judgement
        return f"{judgement.verdict.upper()}: {judgement.reason} Results: {self.folder}"


def finish(supervisor: Supervisor, *, folder: Path | None, results: str, exceptions: int) -> Finished:
    """Judge a run that has ended and write its results into ``folder``, or a folder made from the option ``results``.

    ``report.html`` comes later: it draws the metrics up to their last snapshot, which has the verdict.
    ``exceptions`` counts errors outside journeys. Raises ``OSError`` if the results cannot be written.
    """
    run, controller = supervisor.run, supervisor.controller
    comparison, silence = _ledger(run)
    conditions = run_conditions(supervisor, comparison, silence, exceptions)
    if run.begun:
        run.judge_until(_counts_complete_until(run, conditions))
    objectives = tuple(run.workload.judging.objectives)
    shop_metrics, on_metrics = measure_metrics(run)
    findings = checks.check(run.recorder, conditions, objectives)
    answer = None
    if controller is not None:
        controller.recheck_after_drain(run.recorder)
        answer = capacity_answer(controller, run.recorder)
        judgement = evaluate_search(answer, controller.results, findings, run.workload.judging.at_least)
    else:
        judgement = evaluate_run(
            run.recorder,
            objectives,
            findings,
            supervisor.alpha_left,
            timing_checks=checks.TIMING_CHECKS,
            others=on_metrics,
        )
        window = run.recorder.window
        judgement = with_stall_warning(judgement, objectives, window.steady_until - window.steady_from)
    if run.changes:
        judgement = explored(judgement, run.changes)
    if run.ending.cause is EndCause.STOPPED:
        judgement = replace(judgement, reason=_reason_of_stopped(run, judgement))
    result = Result(
        run_id=run.id,
        scenario=run.workload.name,
        asked=_asked(run),
        started_at=run.started_at,
        ended_at=run.ended_at,
        recorder=run.recorder,
        judgement=judgement,
        exit=Exit.CRASHED if run.lifecycle.crash else judgement.verdict.exit,
        stopped=run.ending.reason,
        ledger=comparison,
        capacity=answer,
        versions=_versions(),
        changes=tuple(run.changes),
        slowest_traces=tuple(run.exemplars.slowest(SLOWEST_TRACES)),
        cell_traces=run.slowest_by_cell.rows(),
        spans=_spans(run),
        shop_metrics=shop_metrics,
    )
    written = write(result, folder or results_folder(run, results), run.workload.secrets(), report.RENDERINGS)
    if run.candidate is not None:
        _write_candidate(run.candidate, result, written.folder)
    if not run.begun:
        OrdersFile(written.folder).close()  # without orders, as far as is known; a run that began has its file already
    text = console(written.result, str(written.folder), colour=wants_colour(sys.stdout)).rstrip("\n")
    return Finished(written.result, written.folder, text)


def _reason_of_stopped(run: Run, judgement: Judgement) -> str:
    """The reason of a verdict over a run that a person stopped; the stop comes first if the objectives decided."""
    lasted = f"after {format_duration(run.load_duration)} of {format_duration(run.length)}"
    if judgement.verdict in (Verdict.PASSED, Verdict.INCONCLUSIVE) and not run.changes:
        rest = judgement.reason[:1].lower() + judgement.reason[1:]
        return f"A person stopped the run in the web UI {lasted}: {rest}"
    return f"{judgement.reason} A person stopped the run in the web UI {lasted}."


def _counts_complete_until(run: Run, conditions: Conditions) -> float:
    """The end of the load, or the last report of the first worker that was lost: a rate over a longer time would be too low."""
    lost = [each.last_report_at for each in conditions.fleet.workers if each.lost_at is not None]
    return run.recorder.window.start + min((run.load_duration, *lost))


def _write_candidate(run: Run, baseline: Result, folder: Path) -> None:
    """Write the result of the second host; both hosts have the conditions of one load, and so its findings."""
    run.recorder.window = baseline.recorder.window
    objectives = tuple(run.workload.judging.objectives)
    judgement = evaluate_run(run.recorder, objectives, baseline.judgement.findings, timing_checks=checks.TIMING_CHECKS)
    result = replace(
        baseline,
        run_id=run.id,
        asked=replace(baseline.asked, target=run.target.url),
        recorder=run.recorder,
        judgement=judgement,
        exit=judgement.verdict.exit,
        slowest_traces=(),
        cell_traces=(),
        spans=None,
    )
    write(result, folder / CANDIDATE, run.workload.secrets(), report.RENDERINGS)


def _spans(run: Run) -> SpanCounts | None:
    """How many spans this process and its workers have sent and dropped; ``None`` if there were none."""
    own = SpanCounts() if run.tracer is None else run.tracer.counts
    counts = sum(run.spans_of_workers.values(), own)
    return counts if counts != SpanCounts() else None


def results_folder(run: Run, named: str) -> Path:
    """A new folder of the run's name, in the named one."""
    return new_folder(Path(named) if named else RESULTS, run.workload.name, run.started_at)


def _ledger(run: Run) -> tuple[LedgerComparison | None, str]:
    """Our counts compared with the shop's ledger, or why the shop did not show it."""
    if run.target.shop is None or run.ending.cause is EndCause.TARGET_DIED:
        return None, ""
    try:
        entry = run.target.shop.ledger()
    except OSError as error:
        return None, f"the embedded shop did not show its ledger ({error.strerror or error})"
    return compare_with_ledger(RunTotals.of(run.recorder), entry.pages, entry.orders, entry.revenue), ""


def _asked(run: Run) -> RunSettings:
    workload = run.workload
    asked = workload.as_asked()
    return RunSettings(
        scenario=asked["scenario"],
        overrides={**asked["chosen"], "journeys": asked["journeys"]},
        seed=workload.seed,
        target=run.target.url,
        embedded=run.target.shop is not None,
        model="open" if workload.schedule.is_open else "closed",
        users=run.spawned,
        warm_up=workload.schedule.warm_up,
        steady=workload.schedule.steady,
        drain=workload.schedule.drain,
        payment_options=tuple(workload.population.payment_options),
    )


def _versions() -> dict[str, str]:
    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": machine_kind(),
        "build": build_kind(),
    }
    return found | {package: version_of(package) for package in PACKAGES}
