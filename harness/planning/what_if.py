"""The effect of delays outside the shop: a slow bank or a slow SMS service.

Such a delay adds no load to the shop, but its shoppers stay longer: sessions, baskets and virtual users are held, and objectives on
whole journeys may break.
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
from harness.planning.forecast import quantile
from harness.results.result import Result
from harness.shop_metrics.objective import is_metric_objective


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayImpact:
    """The effect of a delay outside the shop: the share of affected journeys, and the mean delay of all journeys in seconds.

    ``broken`` are the objectives on journeys that would break, each with the value that would be measured.
    """

    share: float
    mean_delay: float
    broken: tuple[str, ...]


def delay_impact(result: Result, *, bank_delay: float, sms_delay: float, bank_pages: Collection[str]) -> DelayImpact:
    """The effect of these delays on the journeys of a run: each journey becomes longer by its delay.

    It is known which journeys waited for an SMS. For visits to a bank, only their number is known for each payment option, so
    these journeys count as long as the others of the option.
    """
    recorder = result.recorder
    visits = bank_visit_share(recorder, bank_pages)
    total = met = delay = 0.0
    for key, series in _steady(recorder):
        n = series.response.total
        at_bank = visits.get(key.payment_option, 0.0) if bank_delay else 0.0
        asked = 1.0 if sms_delay and key.verification else 0.0
        total += n
        met += n * (1 - (1 - at_bank) * (1 - asked))
        delay += n * (at_bank * bank_delay + asked * sms_delay)
    broken = []
    for one in result.judgement.objectives:
        if is_metric_objective(one.text):
            continue
        objective = parse(one.text)
        percentile = objective.subject is Subject.JOURNEY and objective.statistic is Statistic.PERCENTILE
        if not percentile or objective.metric is not Metric.RESPONSE_TIME or one.verdict == "failed":
            continue
        shifted = _shifted(recorder, objective, bank_delay, sms_delay, visits)
        would_be = quantile([value for value, _ in shifted], objective.percentile, [weight for _, weight in shifted])
        if would_be > objective.bound:
            broken.append(f"{one.text} (would be {would_be:.3g} s)")
    return DelayImpact(
        share=met / total if total else 0.0, mean_delay=delay / total if total else 0.0, broken=tuple(broken)
    )


def bank_visit_share(recorder: Recorder, bank_pages: Collection[str]) -> dict[str, float]:
    """The share of journeys that visited a bank, by payment option."""
    visits: dict[str, int] = {}
    journeys: dict[str, int] = {}
    for page, series in recorder.pages.items():
        if page.phase == Phase.STEADY and page.page in bank_pages:
            visits[page.payment_option] = visits.get(page.payment_option, 0) + series.response.total
    for key, series in _steady(recorder):
        journeys[key.payment_option] = journeys.get(key.payment_option, 0) + series.response.total
    return {option: min(1.0, visits.get(option, 0) / n) for option, n in journeys.items() if n}


def _shifted(
    recorder: Recorder, objective: Objective, bank: float, sms: float, visits: dict[str, float]
) -> list[tuple[float, float]]:
    values: list[tuple[float, float]] = []
    option, verification = objective.label("payment"), objective.label("verification")
    for key, series in _steady(recorder):
        asked = ((objective.name, key.journey), (option, key.payment_option), (verification, key.verification))
        if any(wanted not in ("", there) for wanted, there in asked):
            continue
        asked_for_code = sms if key.verification else 0.0
        share = visits.get(key.payment_option, 0.0)
        histogram = Histogram()
        if key.blame == Blame.SHOP:
            histogram.record(math.inf, series.response.total)
        else:
            histogram.add(series.response)
        for value, n in histogram.values():
            values.append((value + asked_for_code, n * (1 - share)))
            if share:
                values.append((value + asked_for_code + bank, n * share))
    return values


def _steady(recorder: Recorder) -> Iterable[tuple[JourneyKey, SampleSeries]]:
    return [
        (key, series)
        for key, series in recorder.journeys.items()
        if key.phase == Phase.STEADY and key.blame != Blame.HARNESS
    ]
