"""Decides whether the demands were kept, and how a run ends: passed, failed, invalid or inconclusive.

Only the steady phase is judged, and missing data is never a pass. How each kind of demand is decided:

* **Percentiles, failures, dropped arrivals** by counting: of ``n`` samples ``x`` are over the bound (or failed), and a share
  ``q`` may be. Kept if ``P(Bin(n, q) <= x) <= 1 - confidence``, broken if ``P(Bin(n, q) >= x) <= 1 - confidence``, otherwise
  undecided. Both counts are first divided by the design effect, since samples of one slow moment are not independent. A percentile
  is not kept by a run that may have fallen into a lull, see ``share_verdict``.
  What the harness cut short counts as over when a pass is to be proved, and as not over when a failure is.
* **Failures of at most 0 %** without statistics: one failure breaks it, and none, out of at least one sample, keeps it.
* **Rates** by Student's t interval over ten to nineteen equal stretches of the steady part, of what ended in each.
* **Mean, maximum** by comparison, over all times as they were measured, failed or not; an arrival that was never
  served makes both infinite. A pass takes 30 samples, a failed maximum only one.
* **Counts** by comparison.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from harness import wording
from harness.demand import Metric, Objective, Statistic
from harness.histogram import part
from harness.odds import (
    DOUBTED,
    LEAST_EVIDENCE,
    design_effect,
    effect_at,
    fewest_samples,
    mean_within,
    proves_broken,
    proves_kept,
    proves_kept_in_clusters,
    samples_for_verdict,
    swing,
)
from harness.plain_failures import doubt, only_times_in_doubt, plain
from harness.recorder import Recorder
from harness.tally import Tally, done_well, selected, tally, times
from harness.throughput import finished
from harness.verdict import Finding, Judgement, Level, ObjectiveResult, Verdict

__all__ = ["Finding", "Judgement", "Level", "ObjectiveResult", "Verdict", "assess", "judge"]

NOTABLE_EFFECT = 1.5
"""From which design effect on a sentence about too few samples speaks of it: without, 700 of them look like plenty."""

LEAST_FOR_POINT = 30
"""How many samples a mean or a maximum needs to pass: the usual size from which a mean behaves like one."""


def assess(recorder: Recorder, objective: Objective, spend: float = 1.0, *, levels: bool = True) -> ObjectiveResult:
    """Decide one objective; only a part of the doubt that it allows may be spent where it is looked at more than once.

    Without ``levels`` a percentile is judged by what was over its bound alone: for a search, whose levels bear each other out.
    """
    stricter = replace(objective, confidence=1 - (1 - objective.confidence) * spend) if spend < 1 else objective
    return replace(_assess(recorder, stricter, levels=levels), text=objective.text)


def _assess(recorder: Recorder, objective: Objective, *, levels: bool) -> ObjectiveResult:
    if objective.metric is Metric.RATE:
        return _rate(recorder, objective)
    if objective.metric is Metric.COUNT:
        return _count(recorder, objective)
    counted = tally(recorder, objective, levels=levels)
    if not counted.total:
        least = LEAST_FOR_POINT
        if 0 < objective.allowed < 1:
            least = fewest_samples(objective.allowed, objective.confidence)
        return _nothing(objective, least)
    if objective.statistic in (Statistic.MEAN, Statistic.MAX):
        return _point(recorder, objective, counted)
    if objective.allowed == 0:
        return _none_allowed(objective, counted)
    return _share(recorder, objective, counted)


def judge(
    recorder: Recorder, objectives: Sequence[Objective], findings: Sequence[Finding], spend: float = 1.0
) -> Judgement:
    """The verdict over a run: invalid outranks failed, failed outranks inconclusive, and only what is left has passed.

    One failure outranks invalid: where only times are in doubt, and failures that no lateness explains break an objective.
    """
    results = tuple(assess(recorder, objective, spend) for objective in objectives)
    invalid = [finding for finding in findings if finding.level is Level.INVALID]
    if invalid and only_times_in_doubt(recorder, invalid):
        left = _beyond_doubt(recorder, objectives, results, spend)
        verdict, reason = _end(left, ())
        if verdict is Verdict.FAILED:
            return Judgement(verdict, f"{reason} {doubt(invalid)}", left, tuple(findings))
    verdict, reason = _end(results, findings)
    return Judgement(verdict, reason, results, tuple(findings))


def _beyond_doubt(
    recorder: Recorder, objectives: Sequence[Objective], results: Sequence[ObjectiveResult], spend: float
) -> tuple[ObjectiveResult, ...]:
    """The results with only the failures that no lateness explains left in them; the others are not judged."""
    return tuple(
        result
        if result.verdict is Verdict.FAILED and _plainly_broken(recorder, objective, spend)
        else replace(result, verdict=Verdict.INVALID)
        for objective, result in zip(objectives, results, strict=True)
    )


def _plainly_broken(recorder: Recorder, objective: Objective, spend: float) -> bool:
    counted = plain(recorder, objective)
    if counted is None or not counted.over:
        return False
    if objective.allowed == 0:
        return True
    return share_verdict(counted, objective.allowed, (1 - objective.confidence) * spend)[0] is Verdict.FAILED


def _end(results: Sequence[ObjectiveResult], findings: Sequence[Finding]) -> tuple[Verdict, str]:
    invalid = [finding for finding in findings if finding.level is Level.INVALID]
    if invalid:
        more = f" (and {len(invalid) - 1} more reason{'s' * (len(invalid) > 2)})" if len(invalid) > 1 else ""  # noqa: PLR2004
        return Verdict.INVALID, f"The run cannot be trusted: {invalid[0].message}{more}."
    stopped = [finding for finding in findings if finding.level is Level.FAILED]
    if stopped:
        return Verdict.FAILED, f"{stopped[0].message[:1].upper()}{stopped[0].message[1:]}."
    if not results:
        return Verdict.INCONCLUSIVE, "Nothing was demanded of the shop, so there is nothing that it could have kept."
    undecided = [finding for finding in findings if finding.level is Level.INCONCLUSIVE]
    for verdict, was in ((Verdict.FAILED, "broken"), (Verdict.INCONCLUSIVE, "left undecided")):
        if verdict is Verdict.INCONCLUSIVE and undecided:
            return verdict, f"{undecided[0].message[:1].upper()}{undecided[0].message[1:]}."
        met = [result for result in results if result.verdict is verdict]
        if met:
            number = "The objective was" if len(results) == 1 else f"{len(met)} of {len(results)} objectives were"
            return verdict, f"{number} {was}: {met[0].sentence}."
    kept = "The objective was kept" if len(results) == 1 else f"All {len(results)} objectives were kept"
    return Verdict.PASSED, f"{kept}, and the samples suffice to say so."


def share_verdict(counted: Tally, allowed: float, doubt: float) -> tuple[Verdict, float]:
    """What a count proves about a share of which so much is allowed, and the design effect; ``doubt`` is 1 - confidence.

    Of a percentile, the count must bear two doubts. What is over the bound comes in clusters, as seen there; and the whole run may have
    fallen into a lull, which is seen in how its own middle levels swing. The second is borne as well by what lies nearer: where no more
    are over half of the bound than is allowed there (``_allowed_at``), the shop is far from it.
    """
    effect = design_effect(counted.slices)
    lull = 1.0
    kept = True
    at_worst = counted.over + counted.unknown
    if counted.levels or counted.nearer:
        effect = 1 + DOUBTED * (effect - 1)
        swings = swing(counted.levels)
        lull = effect_at(allowed, swings)
        near = [(1.0, counted.over), *counted.nearer]
        kept = any(
            proves_kept_in_clusters(counted.total, over + counted.unknown, share, doubt, effect_at(share, swings))
            for part, over in near
            for share in [_allowed_at(part, allowed)]
        )
    verdict = Verdict.INCONCLUSIVE
    if kept and proves_kept(counted.total / effect, at_worst / effect, allowed, doubt):
        verdict = Verdict.PASSED
    elif counted.over >= LEAST_EVIDENCE and proves_broken(
        counted.total / effect, counted.over / effect, allowed, doubt
    ):
        verdict = Verdict.FAILED
    return verdict, max(effect, lull)


def _allowed_at(part: float, allowed: float) -> float:
    """How many may be over this part of a bound, where so many may be over it: for times with a tail as heavy as exp(-√t)."""
    return math.pow(allowed, math.sqrt(part))


def _share(recorder: Recorder, objective: Objective, counted: Tally) -> ObjectiveResult:
    allowed, doubt = objective.allowed, 1 - objective.confidence
    verdict, effect = share_verdict(counted, allowed, doubt)
    worth = counted.total / effect
    measured = counted.over / counted.total
    if objective.metric.timed:
        measured = times(recorder, objective).quantile(objective.percentile)
    more = None
    why = ""
    if verdict is Verdict.FAILED:
        why = wording.too_many(objective, counted)
    elif verdict is Verdict.INCONCLUSIVE:
        if share_verdict(replace(counted, unknown=0), allowed, doubt)[0] is Verdict.PASSED:
            why = wording.cut_short(counted.unknown)
        else:
            at_worst = counted.over + counted.unknown
            needed = samples_for_verdict(counted.total, at_worst, allowed, objective.confidence, effect)
            more = None if needed is None else needed - counted.total
            why = wording.undecided(objective.confidence, more, worth if effect > NOTABLE_EFFECT else math.inf)
    if objective.metric is Metric.RESPONSE_TIME:
        service = times(recorder, replace(objective, metric=Metric.SERVICE_TIME)).quantile(objective.percentile)
        if part(measured, service):
            why = "; ".join(filter(None, (wording.from_sending(objective, service), why)))
    return _result(objective, verdict, measured, counted, why, more=more, effect=effect)


def _none_allowed(objective: Objective, counted: Tally) -> ObjectiveResult:
    verdict, why = Verdict.PASSED, ""
    if counted.over:
        verdict, why = Verdict.FAILED, "none is allowed"
    elif counted.unknown:
        verdict, why = Verdict.INCONCLUSIVE, wording.cut_short(counted.unknown)
    return _result(objective, verdict, counted.over / counted.total, counted, why)


def _point(recorder: Recorder, objective: Objective, counted: Tally) -> ObjectiveResult:
    histogram = times(recorder, objective)
    of_all = histogram.largest if objective.statistic is Statistic.MAX else histogram.mean
    measured = math.inf if histogram.infinite else of_all
    enough = counted.total >= LEAST_FOR_POINT
    more = None
    verdict, why = Verdict.PASSED, ""
    if not objective.operator.holds(measured, objective.bound) and (enough or objective.statistic is Statistic.MAX):
        verdict, why = Verdict.FAILED, ""
    elif not enough:
        more = LEAST_FOR_POINT - counted.total
        verdict, why = Verdict.INCONCLUSIVE, f"at least {LEAST_FOR_POINT} are needed to tell"
    elif counted.unknown:
        verdict, why = Verdict.INCONCLUSIVE, wording.cut_short(counted.unknown)
    return _result(objective, verdict, measured, counted, why, more=more)


def _count(recorder: Recorder, objective: Objective) -> ObjectiveResult:
    cells = list(selected(recorder, objective))
    looked_at = sum(cell.response.total for _, cell in cells)
    if not looked_at:
        return _nothing(objective, max(1, math.ceil(objective.bound)))
    number = sum(cell.response.total for key, cell in cells if done_well(objective, key))
    verdict = Verdict.PASSED if objective.operator.holds(number, objective.bound) else Verdict.FAILED
    return _result(objective, verdict, number, Tally(looked_at, 0), "")


def _rate(recorder: Recorder, objective: Objective) -> ObjectiveResult:
    looked_at = sum(cell.response.total for _, cell in selected(recorder, objective))
    if not looked_at:
        return _nothing(objective, None)
    counts, length = finished(recorder, objective)
    total = sum(counts)
    if len(counts) < 2:  # noqa: PLR2004  one stretch cannot vary
        return _result(
            objective,
            Verdict.INCONCLUSIVE,
            None,
            Tally(total, 0),
            "the steady part is too short to tell how much it varies",
        )
    rate, either_way = mean_within([count / length for count in counts], objective.confidence)
    surely = [objective.operator.holds(end, objective.bound) for end in (rate - either_way, rate + either_way)]
    more = None
    verdict, why = Verdict.PASSED if all(surely) else Verdict.FAILED, ""
    if any(surely) and not all(surely):
        verdict = Verdict.INCONCLUSIVE
        distance = abs(rate - objective.bound)
        # The interval narrows with the square root of the time.
        times_as_long = (either_way / distance) ** 2 if distance else math.inf
        if times_as_long < 1000:  # noqa: PLR2004  nobody waits for longer than that
            more = math.ceil(total * (times_as_long - 1)) or 1
        why = wording.undecided(objective.confidence, more)
    return _result(objective, verdict, rate, Tally(total, 0), why, more=more)


def _nothing(objective: Objective, needed: int | None) -> ObjectiveResult:
    sentence = f"there is no sample of {wording.whose(objective)} in the steady part of the run: nothing to judge"
    return ObjectiveResult(
        objective.text, Verdict.INCONCLUSIVE, None, objective.bound, objective.unit, 0, 0, sentence, needed
    )


def _result(
    objective: Objective,
    verdict: Verdict,
    measured: float | None,
    counted: Tally,
    why: str,
    *,
    more: int | None = None,
    effect: float = 1.0,
) -> ObjectiveResult:
    sentence = wording.sentence(objective, measured, counted) + (f"; {why}" if why else "")
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
