"""Asks the shop's own Prometheus: before the load whether it can read the queries, after the run for their values."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

from harness.allowed_targets import is_loopback, target_refusal
from harness.errors import UsageError
from harness.objectives.verdict import ObjectiveResult
from harness.run.run import Run
from harness.run.workload import Judging
from harness.shop_metrics.evaluate import evaluate_metric
from harness.shop_metrics.measurement import MetricMeasurement, MetricSeries
from harness.shop_metrics.objective import MetricObjective
from harness.shop_metrics.prometheus import NoAnswer, QueryError, WrongQuery, query_range
from harness.shop_metrics.source import PrometheusSource

logger = logging.getLogger("checkload")

MOST_MOMENTS = 1000
"""The most moments of the steady part that a query is asked for."""
SHORTEST_STEP = 1.0  # seconds


def check_prometheus(judging: Judging, allowed: Collection[str], now: float) -> None:
    """Ask Prometheus for each query once, before the load.

    Raises ``UsageError`` with every query that it cannot read, for a server that is not allowed, and for a token that is missing.
    If the server does not answer, the log says so: the run goes ahead, and cannot pass.
    """
    source = judging.prometheus
    if source is None or not judging.metric_objectives:
        return
    if problem := target_refusal(source.server, allowed) or _token_problem(source):
        raise UsageError(f"prometheus.url {source.server}: {problem}")
    problems = []
    for objective in judging.metric_objectives:
        try:
            query_range(source, objective.query, now, now, SHORTEST_STEP)
        except WrongQuery as error:
            problems.append(f'objectives "{objective.text}": Prometheus cannot read the query: {error}; correct it')
        except QueryError as error:
            logger.warning("Objectives on metrics will be inconclusive: Prometheus at %s: %s", source.server, error)
            if isinstance(error, NoAnswer):
                break
    if problems:
        raise UsageError("\n".join(problems))


def _token_problem(source: PrometheusSource) -> str:
    name, token = source.token_variable, source.token
    if not name:
        return ""
    if not token:
        return f"the environment variable {name} of prometheus.token_variable is not set; set it before the run"
    if not (token.isascii() and token.isprintable()):
        return f"the token in {name} contains a line end, or characters outside ASCII; correct it"
    parts = urlsplit(source.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        return f"the token would go to {parts.hostname} in plain text; write https://"
    return ""


def measure_metrics(run: Run) -> tuple[tuple[MetricMeasurement, ...], tuple[ObjectiveResult, ...]]:
    """The shop's own metrics over the steady part of a run that has ended, and the results of the objectives on them."""
    judging = run.workload.judging
    source = judging.prometheus
    if source is None:
        return (), ()
    kept, results = [], []
    silence = ""
    for objective in judging.metric_objectives:
        try:
            measured, moments = _measure(run, source, objective, silence)
        except NoAnswer as error:
            silence = str(error)  # the next query would wait as long for nothing
            measured, moments = MetricMeasurement(text=objective.text, problem=silence), 0
        results.append(evaluate_metric(objective, measured, moments))
        kept.append(measured.shortened(objective.operator))
    return tuple(kept), tuple(results)


def _measure(
    run: Run, source: PrometheusSource, objective: MetricObjective, silence: str
) -> tuple[MetricMeasurement, int]:
    """What Prometheus says, and how many moments it was asked for; raises ``NoAnswer``.

    ``silence`` says why it did not answer an earlier query (``""``: it did).
    """
    window = run.recorder.window
    start, end = window.steady_from, min(window.steady_until, window.start + run.load_duration)
    if not run.begun or end <= start:
        return MetricMeasurement(text=objective.text, problem="the run has no steady part"), 0
    if silence:
        return MetricMeasurement(text=objective.text, problem=silence), 0
    step = max(SHORTEST_STEP, math.ceil((end - start) / MOST_MOMENTS))
    since_1970 = run.wall_clock() - run.clock()
    try:
        series = query_range(source, objective.query, since_1970 + start, since_1970 + end, step)
    except NoAnswer:
        raise
    except QueryError as error:
        return MetricMeasurement(text=objective.text, problem=str(error)), 0
    began = since_1970 + window.start
    return (
        MetricMeasurement(text=objective.text, series=_from_start(series, began)),
        int((end - start) / step) + 1,
    )


def _from_start(series: Sequence[MetricSeries], began: float) -> tuple[MetricSeries, ...]:
    """The series with moments in seconds from the start of the load."""
    return tuple(MetricSeries(one.labels, tuple((at - began, value) for at, value in one.points)) for one in series)
