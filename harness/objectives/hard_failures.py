"""Counts the hard failures: those that no lateness of the harness explains, such as an HTTP 5xx or a wrong page.

A validity check may find the harness too slow, or short of virtual users. Then times are doubtful, and so are failures that
late requests can cause. Hard failures stay certain, unless the load came in clusters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from harness.measurement.outcomes import CAN_COME_FROM_LATENESS, Blame
from harness.measurement.recorder import Recorder
from harness.objectives.counting import STEADY, SampleCounts, SliceCounts, matching_series
from harness.objectives.model import Metric, Objective, Statistic
from harness.objectives.share_verdict import share_verdict
from harness.objectives.text import sentence
from harness.objectives.verdict import Finding, ObjectiveResult, Severity, Verdict, first_of

MAX_STANDSTILL = 1.0
"""Seconds; after a longer standstill of the harness many arrivals come at once, and a shop may answer that with errors."""

WITHOUT_DOUBTFUL = "failures that checkload itself can have caused do not count here"
"""What the count of hard failures leaves out."""


def only_times_in_doubt(recorder: Recorder, invalid: Iterable[Finding], timing_checks: Collection[str]) -> bool:
    """Whether these findings make only times doubtful, and no standstill of the harness made many arrivals come at once."""
    return recorder.lateness.largest < MAX_STANDSTILL and all(one.check in timing_checks for one in invalid)


def hard_failures(recorder: Recorder, objective: Objective) -> SampleCounts | None:
    """Count the samples that an objective is about, and the hard failures; None unless it is on failures or a percentile."""
    if objective.metric is not Metric.FAILURES and objective.statistic is not Statistic.PERCENTILE:
        return None
    named = objective.label("outcome") if objective.metric is Metric.FAILURES else ""
    total = failed = 0
    slices = SliceCounts()
    for key, series in matching_series(recorder, objective, STEADY):
        hard = key.blame == Blame.SHOP and key.outcome not in CAN_COME_FROM_LATENESS
        wrong = hard and named in {"", key.outcome}
        total += series.response.total
        failed += series.response.total if wrong else 0
        for index, times in list(series.slices.items()):
            slices.add(index, times.total, times.total if wrong else 0)
    return SampleCounts(total, failed, 0, slices.in_order())


def beyond_doubt(
    recorder: Recorder, objective: Objective, result: ObjectiveResult, alpha_left: float
) -> ObjectiveResult:
    """The result of an objective whose times are in doubt: invalid, unless hard failures alone break it.

    An objective on failures then counts the hard ones only. ``alpha_left`` is the share of alpha that earlier checks have left.
    """
    counted = hard_failures(recorder, objective)
    doubtful = replace(result, verdict=Verdict.INVALID)
    if result.verdict is not Verdict.FAILED or counted is None or not counted.over:
        return doubtful
    alpha = (1 - objective.confidence) * alpha_left
    if objective.allowed and share_verdict(counted, objective.allowed, alpha)[0] is not Verdict.FAILED:
        return doubtful
    if objective.metric is not Metric.FAILURES or counted.over == result.over:
        return result
    share = counted.over / counted.total
    said = f"{sentence(objective, share, counted)}; {WITHOUT_DOUBTFUL}"
    return replace(result, measured=share, over=counted.over, sentence=said)


def times_in_doubt_sentence(invalid: Iterable[Finding]) -> str:
    """A sentence that says why times are doubtful."""
    return f"Times are doubtful: {first_of([one for one in invalid if one.level is Severity.INVALID])}."
