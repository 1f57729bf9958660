"""The charts of the shop's own metrics: one for each objective on a metric, with its worst series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.reporting.html.chart import NEVER, Axis, Bound, Chart, ChartSet, Number, Series
from harness.reporting.html.runs import ReportRun, colour, tags
from harness.shop_metrics.measurement import MetricMeasurement
from harness.shop_metrics.objective import MetricObjective, parse_metric_objective

MOST_CHARTS = 8
"""Of more objectives on metrics than these, only the first ones are drawn."""
CHART_NAMES = tuple(f"shop-metric-{number}" for number in range(1, MOST_CHARTS + 1))


def shop_metric_charts(runs: Sequence[ReportRun], charts: ChartSet) -> None:
    """Add the charts of the metrics that the objectives of these runs are about."""
    texts = list(dict.fromkeys(one.text for run in runs for one in run.result.shop_metrics))
    time = Axis(label="time", unit="elapsed", low=0.0, high=max(run.length for run in runs))
    for name, text in zip(CHART_NAMES, texts, strict=False):
        objective = parse_metric_objective(text)
        found = [(run, one) for run in runs for one in run.result.shop_metrics if one.text == text]
        charts.charts[name] = Chart(
            title=f"Metric of the shop: {objective.query}",
            x=time,
            y=Axis(label="value"),
            series=[series for run, one in found for series in _series(runs, run, one)],
            note="From the shop's Prometheus, in the steady part: the worst series.",
            bounds=[_bound(runs[0], objective)],
            phases=runs[0].phases,
            zooms=True,
        )


def _series(runs: Sequence[ReportRun], run: ReportRun, measured: MetricMeasurement) -> Iterator[Series]:
    for number, one in enumerate(measured.series if len(runs) == 1 else measured.series[:1], 1):
        yield Series(
            tags=tags(runs, run, one.labels or "value"),
            x=[moment for moment, _ in one.points],
            y=[_drawable(value) for _, value in one.points],
            colour=colour(runs, run, str(number)),
            label=one.labels or "value",
        )


def _drawable(value: float) -> Number:
    # The script draws this one number as "never", which a metric has no use for.
    return NEVER - 0.001 if round(value, 3) == NEVER else value


def _bound(run: ReportRun, objective: MetricObjective) -> Bound:
    states = [run.state(one) for one in run.result.judgement.objectives if one.text == objective.text]
    return Bound(
        label=f"{objective.operator} {objective.limit}", y=objective.bound, state=states[0] if states else "plain"
    )
