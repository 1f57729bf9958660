"""The status of each objective during the run.

It is not a verdict. The statistics of a verdict take more processor time than a running load can spare.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives import text as objective_text
from harness.objectives.counting import SampleCounts, count_samples, matching_series, succeeded, times
from harness.objectives.model import Metric, Objective, Statistic
from harness.objectives.sample_size import samples_needed


class LiveState(StrEnum):
    """How the numbers so far compare with an objective."""

    BROKEN = "broken so far"
    KEPT = "kept so far"
    NOT_YET = "not yet kept"  # a count that can still reach its bound
    NOTHING = "nothing yet"


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """One objective, how it stands, a sentence with the numbers, and the measured number in its unit (None: nothing yet).

    ``missing`` is how many more samples the least number for a pass needs.
    """

    text: str
    standing: LiveState
    sentence: str
    measured: float | None = None
    missing: int = 0


def live_status(recorder: Recorder, objective: Objective, steady: float) -> LiveStatus:
    """Compare one objective with the steady part so far, which has lasted ``steady`` seconds."""
    if objective.metric in (Metric.RATE, Metric.COUNT):
        counted = SampleCounts(sum(series.response.total for _, series in matching_series(recorder, objective)), 0)
    else:
        counted = count_samples(recorder, objective, sliced=False)
        if objective.metric is Metric.DROPPED:  # an arrival that still waits may be dropped yet
            counted = replace(counted, total=recorder.arrivals[Phase.STEADY].settled)
    if not counted.total or not steady:
        said = f"no {objective_text.subject_text(objective)} yet"
        return LiveStatus(objective.text, LiveState.NOTHING, said, missing=samples_needed(objective) or 0)
    measured = _measured(recorder, objective, counted, steady)
    if objective.statistic is Statistic.PERCENTILE:
        kept = counted.over <= counted.total * objective.allowed
    else:
        kept = objective.operator.holds(measured, objective.bound)
    missed = LiveState.NOT_YET if objective.metric is Metric.COUNT and objective.operator.upward else LiveState.BROKEN
    standing = LiveState.KEPT if kept else missed
    missing = max(0, (samples_needed(objective) or 0) - counted.total)
    return LiveStatus(
        objective.text, standing, objective_text.sentence(objective, measured, counted), measured, missing
    )


def _measured(recorder: Recorder, objective: Objective, counted: SampleCounts, steady: float) -> float:
    if objective.metric in (Metric.RATE, Metric.COUNT):
        well = sum(
            series.response.total for key, series in matching_series(recorder, objective) if succeeded(objective, key)
        )
        return well / steady if objective.metric is Metric.RATE else well
    if not objective.metric.timed:
        return counted.over / counted.total
    histogram = times(recorder, objective)
    if objective.statistic is Statistic.PERCENTILE:
        return histogram.quantile(objective.percentile)
    if histogram.infinite:
        return math.inf
    return histogram.largest if objective.statistic is Statistic.MAX else histogram.mean
