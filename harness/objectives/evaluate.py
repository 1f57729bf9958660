"""Decides whether objectives were kept, and the verdict over a run: passed, failed, invalid or inconclusive.

Only the steady part is judged. Missing data never passes. Each kind of objective has its own method:

* **Percentiles, failures, dropped arrivals**: a binomial test. Of ``n`` samples ``x`` are over the bound (or failed), and a share
  ``q`` is allowed. Kept if ``P(Bin(n, q) <= x) <= 1 - confidence``, broken if ``P(Bin(n, q) >= x) <= 1 - confidence``, else
  inconclusive. Both counts are divided by the design effect, because samples of one slow moment are not independent. A run that
  may have been lucky does not prove a percentile kept, see ``share_verdict``. A sample that the harness cut short counts as over
  the bound in the test for a pass, and as not over it in the test for a failure.
* **Failures of at most 0 %**: no statistics. One failure breaks it. None, with at least one sample, keeps it.
* **Rates**: Student's t interval over ten to nineteen equal parts of the steady part, from the ends in each.
* **Means**: from 30 samples on, by their variation between parts of the steady part. All times count, failed or not. One dropped
  arrival makes the mean infinite.
* **Maximum**: a comparison. A pass needs 30 samples, a failure one.
* **Counts**: a comparison.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

from harness.measurement.recorder import Recorder
from harness.objectives import text
from harness.objectives.counting import SampleCounts, count_samples, matching_series, succeeded, time_sums, times
from harness.objectives.hard_failures import beyond_doubt, only_times_in_doubt, times_in_doubt_sentence
from harness.objectives.model import Metric, Objective, Statistic
from harness.objectives.sample_size import MIN_SAMPLES_MEAN_MAX, shortest_run
from harness.objectives.share_verdict import share_verdict
from harness.objectives.statistics import (
    common_variation,
    fewest_samples,
    mean_confidence_interval,
    mean_error_factor,
    samples_for_verdict,
)
from harness.objectives.throughput import completions
from harness.objectives.verdict import (
    Finding,
    Judgement,
    ObjectiveResult,
    Severity,
    Verdict,
    as_sentence,
    decided_by_findings,
)

NOTABLE_EFFECT = 1.5
"""The least design effect that a sentence about too few samples mentions; without it, 700 samples look like enough."""

MAX_TIMES_LONGER = 1000
"""A report says how many more samples are needed, unless the run would have to be more than this many times as long."""


def evaluate_objective(
    recorder: Recorder, objective: Objective, alpha_left: float = 1.0, *, with_middle: bool = True
) -> ObjectiveResult:
    """Decide one objective.

    ``alpha_left`` is the share of alpha that earlier interim checks have left. Without ``with_middle`` only the samples over the
    bound decide a percentile. The capacity search uses that, because its levels confirm each other.
    """
    stricter = (
        replace(objective, confidence=1 - (1 - objective.confidence) * alpha_left) if alpha_left < 1 else objective
    )
    result, window = _assess(recorder, stricter, with_middle=with_middle), recorder.window
    shortest = shortest_run(stricter, result.samples, window.steady_until - window.steady_from)
    return replace(result, text=objective.text, shortest_run=shortest)


def _assess(recorder: Recorder, objective: Objective, *, with_middle: bool) -> ObjectiveResult:
    if objective.metric is Metric.RATE:
        return _rate(recorder, objective)
    if objective.metric is Metric.COUNT:
        return _count(recorder, objective)
    counted = count_samples(recorder, objective, with_middle=with_middle)
    if not counted.total:
        least = MIN_SAMPLES_MEAN_MAX
        if 0 < objective.allowed < 1:
            least = fewest_samples(objective.allowed, objective.confidence)
        return _nothing(objective, least)
    if objective.statistic in (Statistic.MEAN, Statistic.MAX):
        return (_mean if objective.statistic is Statistic.MEAN else _maximum)(recorder, objective, counted)
    if objective.allowed == 0:
        return _none_allowed(objective, counted)
    return _share(recorder, objective, counted)


def evaluate_run(
    recorder: Recorder,
    objectives: Sequence[Objective],
    findings: Sequence[Finding],
    alpha_left: float = 1.0,
    *,
    timing_checks: Collection[str] = (),
    others: Sequence[ObjectiveResult] = (),
) -> Judgement:
    """The verdict over a run: invalid, else failed, else inconclusive, else passed.

    ``others`` are results of objectives that other data than samples decided. One case of failed comes before invalid: only times
    are doubtful, because all invalid findings are from ``timing_checks``, and failures that no lateness explains break an objective.
    """
    results = tuple(evaluate_objective(recorder, objective, alpha_left) for objective in objectives)
    invalid = [finding for finding in findings if finding.level is Severity.INVALID]
    if invalid and only_times_in_doubt(recorder, invalid, timing_checks):
        doubtful = tuple(replace(one, verdict=Verdict.INVALID) for one in others)
        pairs = zip(objectives, results, strict=True)
        certain = (*(beyond_doubt(recorder, one, result, alpha_left) for one, result in pairs), *doubtful)
        verdict, reason = _end(certain, ())
        if verdict is Verdict.FAILED:
            return Judgement(verdict, f"{reason} {times_in_doubt_sentence(invalid)}", certain, tuple(findings))
    verdict, reason = _end(every := (*results, *others), findings)
    return Judgement(verdict, reason, every, tuple(findings))


def _end(results: Sequence[ObjectiveResult], findings: Sequence[Finding]) -> tuple[Verdict, str]:
    if decided := decided_by_findings(findings):
        return decided
    if not results:
        return Verdict.INCONCLUSIVE, "There is no objective, so there is nothing to judge."
    inconclusive = [finding for finding in findings if finding.level is Severity.INCONCLUSIVE]
    for verdict, was in ((Verdict.FAILED, "broken"), (Verdict.INCONCLUSIVE, "left undecided")):
        if verdict is Verdict.INCONCLUSIVE and inconclusive:
            return verdict, as_sentence(inconclusive[0].message)
        found = [result for result in results if result.verdict is verdict]
        # A time that was never reached comes from failures, and an objective on failures says so more plainly.
        found.sort(key=lambda result: result.measured == math.inf)
        if found:
            number = "The objective" if len(results) == 1 else f"{len(found)} of {len(results)} objectives"
            return verdict, f"{number} {'was' if len(found) == 1 else 'were'} {was}: {found[0].sentence}."
    kept = "The objective was kept" if len(results) == 1 else f"All {len(results)} objectives were kept"
    return Verdict.PASSED, f"{kept}, and there are enough samples to be sure."


def _share(recorder: Recorder, objective: Objective, counted: SampleCounts) -> ObjectiveResult:
    allowed, alpha = objective.allowed, 1 - objective.confidence
    verdict, effect = share_verdict(counted, allowed, alpha)
    effective_sample_size = counted.total / effect
    measured = counted.over / counted.total
    if objective.metric.timed:
        measured = times(recorder, objective).quantile(objective.percentile)
    more = None
    why = ""
    if verdict is Verdict.FAILED:
        why = text.share_exceeded(objective, measured, counted)
    elif verdict is Verdict.INCONCLUSIVE:
        if share_verdict(replace(counted, unknown=0), allowed, alpha)[0] is Verdict.PASSED:
            why = text.cut_short(counted.unknown)
        else:
            at_worst = counted.over + counted.unknown
            needed = samples_for_verdict(counted.total, at_worst, allowed, objective.confidence, effect)
            more = None if needed is None else needed - counted.total
            why = text.too_few_samples(
                objective.confidence, more, effective_sample_size if effect > NOTABLE_EFFECT else math.inf
            )
    if objective.metric is Metric.RESPONSE_TIME:
        service = times(recorder, replace(objective, metric=Metric.SERVICE_TIME)).quantile(objective.percentile)
        if text.differ_visibly(measured, service):
            why = "; ".join(filter(None, (text.from_service_time(objective, service), why)))
    return _result(objective, verdict, measured, counted, why, more=more, effect=effect)


def _none_allowed(objective: Objective, counted: SampleCounts) -> ObjectiveResult:
    verdict, why = Verdict.PASSED, ""
    if counted.over:
        verdict, why = Verdict.FAILED, "none is allowed"
    elif counted.unknown:
        verdict, why = Verdict.INCONCLUSIVE, text.cut_short(counted.unknown)
    return _result(objective, verdict, counted.over / counted.total, counted, why)


def _mean(recorder: Recorder, objective: Objective, counted: SampleCounts) -> ObjectiveResult:
    histogram = times(recorder, objective)
    mean, bound = math.inf if histogram.infinite else histogram.mean, objective.bound
    if counted.total < MIN_SAMPLES_MEAN_MAX:
        return _too_few(objective, mean, counted)
    if math.isinf(mean):
        return _result(objective, Verdict.FAILED, mean, counted, "")
    factor = mean_error_factor(
        time_sums(recorder, objective),
        histogram.deviation,
        common_variation(counted.middle_slices),
        objective.confidence,
    )
    more, why, verdict = None, "", Verdict.PASSED
    if objective.operator.holds(mean * factor, bound):
        if counted.unknown:
            verdict, why = Verdict.INCONCLUSIVE, text.cut_short(counted.unknown)
    elif mean > 0 and not objective.operator.holds(mean / factor, bound):
        verdict = Verdict.FAILED
    else:
        verdict = Verdict.INCONCLUSIVE
        distance = abs(math.log(bound / mean)) if mean > 0 else 0.0
        # The factor falls with the square root of the time.
        times_as_long = (math.log(factor) / distance) ** 2 if distance else math.inf
        if 1 < times_as_long < MAX_TIMES_LONGER:
            more = math.ceil(counted.total * (times_as_long - 1))
        why = text.too_few_samples(objective.confidence, more)
    return _result(objective, verdict, mean, counted, why, more=more)


def _maximum(recorder: Recorder, objective: Objective, counted: SampleCounts) -> ObjectiveResult:
    histogram = times(recorder, objective)
    largest = math.inf if histogram.infinite else histogram.largest
    if not objective.operator.holds(largest, objective.bound):
        return _result(objective, Verdict.FAILED, largest, counted, "")
    if counted.total < MIN_SAMPLES_MEAN_MAX:
        return _too_few(objective, largest, counted)
    if counted.unknown:
        return _result(objective, Verdict.INCONCLUSIVE, largest, counted, text.cut_short(counted.unknown))
    return _result(objective, Verdict.PASSED, largest, counted, "")


def _too_few(objective: Objective, measured: float, counted: SampleCounts) -> ObjectiveResult:
    why = f"at least {MIN_SAMPLES_MEAN_MAX} samples are needed"
    return _result(objective, Verdict.INCONCLUSIVE, measured, counted, why, more=MIN_SAMPLES_MEAN_MAX - counted.total)


def _count(recorder: Recorder, objective: Objective) -> ObjectiveResult:
    all_series = list(matching_series(recorder, objective))
    samples = sum(series.response.total for _, series in all_series)
    if not samples:
        return _nothing(objective, max(1, math.ceil(objective.bound)))
    number = sum(series.response.total for key, series in all_series if succeeded(objective, key))
    verdict = Verdict.PASSED if objective.operator.holds(number, objective.bound) else Verdict.FAILED
    return _result(objective, verdict, number, SampleCounts(samples, 0), "")


def _rate(recorder: Recorder, objective: Objective) -> ObjectiveResult:
    if not any(series.response.total for _, series in matching_series(recorder, objective)):
        return _nothing(objective, None)
    counts, length = completions(recorder, objective)
    total = sum(counts)
    if len(counts) < 2:  # noqa: PLR2004  one stretch cannot vary
        why = "the steady part is too short to show how much the rate varies"
        return _result(objective, Verdict.INCONCLUSIVE, None, SampleCounts(total, 0), why)
    rate, half_width = mean_confidence_interval([count / length for count in counts], objective.confidence)
    held = [objective.operator.holds(end, objective.bound) for end in (rate - half_width, rate + half_width)]
    more = None
    verdict, why = Verdict.PASSED if all(held) else Verdict.FAILED, ""
    if any(held) and not all(held):
        verdict = Verdict.INCONCLUSIVE
        distance = abs(rate - objective.bound)
        # The interval narrows with the square root of the time.
        times_as_long = (half_width / distance) ** 2 if distance else math.inf
        if times_as_long < MAX_TIMES_LONGER:
            more = math.ceil(total * (times_as_long - 1)) or 1
        why = text.too_few_samples(objective.confidence, more)
    return _result(objective, verdict, rate, SampleCounts(total, 0), why, more=more)


def _nothing(objective: Objective, needed: int | None) -> ObjectiveResult:
    sentence = f"the steady part has no sample of {text.subject_text(objective)}, so there is nothing to judge"
    return ObjectiveResult(
        objective.text, Verdict.INCONCLUSIVE, None, objective.bound, objective.unit, 0, 0, sentence, needed
    )


def _result(
    objective: Objective,
    verdict: Verdict,
    measured: float | None,
    counted: SampleCounts,
    why: str,
    *,
    more: int | None = None,
    effect: float = 1.0,
) -> ObjectiveResult:
    sentence = text.sentence(objective, measured, counted) + (f"; {why}" if why else "")
    return ObjectiveResult(
        objective.text,
        verdict,
        measured,
        objective.bound,
        objective.unit,
        counted.total,
        counted.over,
        sentence,
        more,
        effect,
    )
