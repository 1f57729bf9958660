"""Collects the metrics of a run at this moment, for /metrics and the other outputs."""

from __future__ import annotations

from collections.abc import Mapping

from harness.judging.objective_status import ObjectiveStatusTracker
from harness.measurement.histogram import Histogram
from harness.metrics.run_metrics import PENDING, RunMetrics
from harness.results.result import Result
from harness.run.driver import RunDriver
from harness.versions import own_version


def live_metrics(
    driver: RunDriver,
    result: Result | None,
    users: Mapping[str, int],
    watch: ObjectiveStatusTracker,
    render_times: Histogram,
) -> RunMetrics:
    """The metrics of a run; ``result`` is there once it was judged, ``users`` counts virtual users by class.

    ``render_times`` are the times that earlier scrapes took.
    """
    run, load = driver.run, driver.load
    objectives = watch.latest if result is None else watch.final(result.judgement)
    return RunMetrics(
        recorder=run.recorder,
        run_id=run.id,
        scenario=run.workload.name,
        phase=run.phase,
        model="open" if run.workload.schedule.is_open else "closed",
        target="embedded" if run.target.shop is not None else run.target.host,
        version=own_version(),
        verdict=PENDING if result is None else str(result.judgement.verdict),
        started_at=run.started_at.timestamp(),
        ended_at=run.ended_at.timestamp() if run.ended else None,
        rate_target=run.rate_target,
        stage_number=run.workload.schedule.stage_number(run.elapsed) if run.begun else None,
        users=users,
        # Publish 0, too: a gauge that comes and goes leaves holes in graphs.
        in_flight={**dict.fromkeys(run.workload.population.payment_options, 0), **load.in_flight},
        requesting=dict(load.requesting),
        pools=load.pools,
        workers=driver.instrument.worker_metrics(),
        objectives=tuple(objectives),
        page_roles=run.workload.page_roles,
        exemplars=run.exemplars,
        render_times=render_times,
    )
