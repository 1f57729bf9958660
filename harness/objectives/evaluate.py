"""Decides whether the demands were kept, and how a run ends: passed, failed, invalid or inconclusive.

Only the steady phase is judged, and missing data is never a pass. How each kind of demand is decided:

* **Percentiles, failures, dropped arrivals** by counting: of ``n`` samples ``x`` are over the bound (or failed), and a share
  ``q`` may be. Kept if ``P(Bin(n, q) <= x) <= 1 - confidence``, broken if ``P(Bin(n, q) >= x) <= 1 - confidence``, otherwise
  undecided. Both counts are first divided by the design effect, since samples of one slow moment are not independent. A percentile
  is not kept by a run that may have fallen into a lull, see ``share_verdict``.
  What the harness cut short counts as over when a pass is to be proved, and as not over when a failure is.
* **Failures of at most 0 %** without statistics: one failure breaks it, and none, out of at least one sample, keeps it.
* **Rates** by Student's t interval over ten to nineteen equal stretches of the steady part, of what ended in each.
* **Means** by how much they vary between stretches of the steady part, over all times as they were measured, failed or not,
  from 30 samples on; an arrival that was never served makes a mean infinite.
* **Maximum** by comparison, likewise. A pass takes 30 samples, a failure only one.
* **Counts** by comparison.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from harness.measurement.recorder import Recorder
from harness.objectives import text
from harness.objectives.counting import SampleCounts, count_samples, matching_series, succeeded, time_sums, times
from harness.objectives.hard_failures import hard_failures, only_times_in_doubt, times_in_doubt_sentence
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
from harness.objectives.verdict import Finding, Judgement, ObjectiveResult, Severity, Verdict

NOTABLE_EFFECT = 1.5
"""From which design effect on a sentence about too few samples speaks of it: without, 700 of them look like plenty."""

MAX_TIMES_LONGER = 1000
"""A report says how much longer a run must be, up to so many times its length; a longer wait helps no reader."""


def evaluate_objective(
    recorder: Recorder, objective: Objective, alpha_left: float = 1.0, *, with_middle: bool = True
) -> ObjectiveResult:
    """Decide one objective; only a part of the doubt that it allows may be spent where it is looked at more than once.

    Without ``levels`` a percentile is judged by what was over its bound alone: for a search, whose levels bear each other out.
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
    recorder: Recorder, objectives: Sequence[Objective], findings: Sequence[Finding], alpha_left: float = 1.0
) -> Judgement:
    """The verdict over a run: invalid outranks failed, failed outranks inconclusive, and only what is left has passed.

    One failure outranks invalid: where only times are in doubt, and failures that no lateness explains break an objective.
    """
    results = tuple(evaluate_objective(recorder, objective, alpha_left) for objective in objectives)
    invalid = [finding for finding in findings if finding.level is Severity.INVALID]
    if invalid and only_times_in_doubt(recorder, invalid):
        left = _broken_beyond_doubt(recorder, objectives, results, alpha_left)
        verdict, reason = _end(left, ())
        if verdict is Verdict.FAILED:
            return Judgement(verdict, f"{reason} {times_in_doubt_sentence(invalid)}", left, tuple(findings))
    verdict, reason = _end(results, findings)
    return Judgement(verdict, reason, results, tuple(findings))


def _broken_beyond_doubt(
    recorder: Recorder, objectives: Sequence[Objective], results: Sequence[ObjectiveResult], alpha_left: float
) -> tuple[ObjectiveResult, ...]:
    """The results with only the failures that no lateness explains left in them; the others are not judged."""
    return tuple(
        result
        if result.verdict is Verdict.FAILED and _broken_by_hard_failures(recorder, objective, alpha_left)
        else replace(result, verdict=Verdict.INVALID)
        for objective, result in zip(objectives, results, strict=True)
    )


def _broken_by_hard_failures(recorder: Recorder, objective: Objective, alpha_left: float) -> bool:
    counted = hard_failures(recorder, objective)
    if counted is None or not counted.over:
        return False
    if objective.allowed == 0:
        return True
    return share_verdict(counted, objective.allowed, (1 - objective.confidence) * alpha_left)[0] is Verdict.FAILED


def _end(results: Sequence[ObjectiveResult], findings: Sequence[Finding]) -> tuple[Verdict, str]:
    invalid = [finding for finding in findings if finding.level is Severity.INVALID]
    if invalid:
        more = f" (and {len(invalid) - 1} more reason{'s' * (len(invalid) > 2)})" if len(invalid) > 1 else ""  # noqa: PLR2004
        return Verdict.INVALID, f"The run cannot be trusted: {invalid[0].message}{more}."
    stopped = [finding for finding in findings if finding.level is Severity.FAILED]
    if stopped:
        return Verdict.FAILED, f"{stopped[0].message[:1].upper()}{stopped[0].message[1:]}."
    if not results:
        return Verdict.INCONCLUSIVE, "Nothing was demanded of the shop, so there is nothing that it could have kept."
    undecided = [finding for finding in findings if finding.level is Severity.INCONCLUSIVE]
    for verdict, was in ((Verdict.FAILED, "broken"), (Verdict.INCONCLUSIVE, "left undecided")):
        if verdict is Verdict.INCONCLUSIVE and undecided:
            return verdict, f"{undecided[0].message[:1].upper()}{undecided[0].message[1:]}."
        met = [result for result in results if result.verdict is verdict]
        if met:
            number = "The objective was" if len(results) == 1 else f"{len(met)} of {len(results)} objectives were"
            return verdict, f"{number} {was}: {met[0].sentence}."
    kept = "The objective was kept" if len(results) == 1 else f"All {len(results)} objectives were kept"
    return Verdict.PASSED, f"{kept}, and the samples suffice to say so."


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
        why = text.share_exceeded(objective, counted)
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
    why = f"at least {MIN_SAMPLES_MEAN_MAX} are needed to tell"
    return _result(objective, Verdict.INCONCLUSIVE, measured, counted, why, more=MIN_SAMPLES_MEAN_MAX - counted.total)


def _count(recorder: Recorder, objective: Objective) -> ObjectiveResult:
    cells = list(matching_series(recorder, objective))
    looked_at = sum(cell.response.total for _, cell in cells)
    if not looked_at:
        return _nothing(objective, max(1, math.ceil(objective.bound)))
    number = sum(cell.response.total for key, cell in cells if succeeded(objective, key))
    verdict = Verdict.PASSED if objective.operator.holds(number, objective.bound) else Verdict.FAILED
    return _result(objective, verdict, number, SampleCounts(looked_at, 0), "")


def _rate(recorder: Recorder, objective: Objective) -> ObjectiveResult:
    looked_at = sum(cell.response.total for _, cell in matching_series(recorder, objective))
    if not looked_at:
        return _nothing(objective, None)
    counts, length = completions(recorder, objective)
    total = sum(counts)
    if len(counts) < 2:  # noqa: PLR2004  one stretch cannot vary
        return _result(
            objective,
            Verdict.INCONCLUSIVE,
            None,
            SampleCounts(total, 0),
            "the steady part is too short to tell how much it varies",
        )
    rate, either_way = mean_confidence_interval([count / length for count in counts], objective.confidence)
    surely = [objective.operator.holds(end, objective.bound) for end in (rate - either_way, rate + either_way)]
    more = None
    verdict, why = Verdict.PASSED if all(surely) else Verdict.FAILED, ""
    if any(surely) and not all(surely):
        verdict = Verdict.INCONCLUSIVE
        distance = abs(rate - objective.bound)
        # The interval narrows with the square root of the time.
        times_as_long = (either_way / distance) ** 2 if distance else math.inf
        if times_as_long < MAX_TIMES_LONGER:
            more = math.ceil(total * (times_as_long - 1)) or 1
        why = text.too_few_samples(objective.confidence, more)
    return _result(objective, verdict, rate, SampleCounts(total, 0), why, more=more)


def _nothing(objective: Objective, needed: int | None) -> ObjectiveResult:
    sentence = f"there is no sample of {text.subject_text(objective)} in the steady part of the run: nothing to judge"
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
