"""What would change if shoppers paid otherwise, or somebody outside the shop were slow.

A slow bank or SMS service loads the shop with nothing, but its shoppers stay on their way for longer: sessions, baskets and
virtual users are held, and demands on whole journeys break.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey, Recorder
from harness.measurement.sample import Phase
from harness.measurement.series import SampleSeries
from harness.objectives.model import Metric, Objective, Statistic, Subject
from harness.objectives.parser import parse
from harness.results.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayImpact:
    """What a delay outside the shop does: the share of journeys it meets, and the mean delay over all, in seconds.

    ``broken`` are the demands on journeys that would no longer be kept, each with what would be measured.
    """

    share: float
    mean_delay: float
    broken: tuple[str, ...]


def delay_impact(result: Result, *, bank_delay: float, sms_delay: float, bank_pages: Collection[str]) -> DelayImpact:
    """What these delays would have done to the journeys of a run: each is as long as it was, and the delay.

    Who waits for an SMS is known of each journey; of visits to a bank only how many journeys of each payment option made
    one, so that they are taken to be as long as the others of the option.
    """
    recorder = result.recorder
    visits = bank_visit_share(recorder, bank_pages)
    total = met = delay = 0.0
    for key, cell in _steady(recorder):
        n = cell.response.total
        at_bank = visits.get(key.payment_option, 0.0) if bank_delay else 0.0
        asked = 1.0 if sms_delay and key.verification else 0.0
        total += n
        met += n * (1 - (1 - at_bank) * (1 - asked))
        delay += n * (at_bank * bank_delay + asked * sms_delay)
    broken = []
    for one in result.judgement.objectives:
        objective = parse(one.text)
        percentile = objective.subject is Subject.JOURNEY and objective.statistic is Statistic.PERCENTILE
        if not percentile or objective.metric is not Metric.RESPONSE_TIME or one.verdict == "failed":
            continue
        shifted = _shifted(recorder, objective, bank_delay, sms_delay, visits)
        would_be = weighted_quantile(shifted, objective.percentile)
        if would_be > objective.bound:
            broken.append(f"{one.text} (would be {would_be:.3g} s)")
    return DelayImpact(
        share=met / total if total else 0.0, mean_delay=delay / total if total else 0.0, broken=tuple(broken)
    )


def bank_visit_share(recorder: Recorder, bank_pages: Collection[str]) -> dict[str, float]:
    """The share of the journeys with each payment option that visited a bank."""
    visits: dict[str, int] = {}
    journeys: dict[str, int] = {}
    for page, cell in recorder.pages.items():
        if page.phase == Phase.STEADY and page.page in bank_pages:
            visits[page.payment_option] = visits.get(page.payment_option, 0) + cell.response.total
    for key, cell in _steady(recorder):
        journeys[key.payment_option] = journeys.get(key.payment_option, 0) + cell.response.total
    return {option: min(1.0, visits.get(option, 0) / n) for option, n in journeys.items() if n}


def weighted_quantile(values: Iterable[tuple[float, float]], q: float) -> float:
    """The time that a share ``q`` of the weight does not exceed; NaN without any weight."""
    ranked = sorted(values)
    total = math.fsum(weight for _, weight in ranked)
    seen = 0.0
    for value, weight in ranked:
        seen += weight
        if seen >= q * total * (1 - 1e-12):
            return value
    return math.nan


def _shifted(
    recorder: Recorder, objective: Objective, bank: float, sms: float, visits: dict[str, float]
) -> list[tuple[float, float]]:
    values: list[tuple[float, float]] = []
    option, verification = objective.label("payment"), objective.label("verification")
    for key, cell in _steady(recorder):
        asked = ((objective.name, key.journey), (option, key.payment_option), (verification, key.verification))
        if any(wanted not in ("", there) for wanted, there in asked):
            continue
        asked_for_code = sms if key.verification else 0.0
        share = visits.get(key.payment_option, 0.0)
        histogram = Histogram()
        if key.blame == Blame.SHOP:
            histogram.record(math.inf, cell.response.total)
        else:
            histogram.add(cell.response)
        for value, n in histogram.values():
            values.append((value + asked_for_code, n * (1 - share)))
            if share:
                values.append((value + asked_for_code + bank, n * share))
    return values


def _steady(recorder: Recorder) -> Iterable[tuple[JourneyKey, SampleSeries]]:
    return [
        (key, cell)
        for key, cell in recorder.journeys.items()
        if key.phase == Phase.STEADY and key.blame != Blame.HARNESS
    ]
