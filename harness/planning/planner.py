"""Makes a plan: the probability that the forecast peak fits the measured shop, and the effect of instances, growth and overload."""

from __future__ import annotations

import math
import random
from collections.abc import Collection

from harness.objectives.verdict import Verdict
from harness.planning.capacity_plan import CapacityPlan, FitProbability, InstanceOption, Overload, WhatIfOutcome
from harness.planning.carried_capacity import CarriedCapacity, EvidenceGrade
from harness.planning.forecast import Forecast, Need, WhatIf, needs, quantile, work
from harness.planning.load_levels import LoadLevel
from harness.planning.queueing import mean_wait, until_broken, until_recovered, weeks_left
from harness.planning.scaling import MAX_EXTRAPOLATION, Scaling, fit_share, needed_instances, scaling, share_below
from harness.planning.shop_measurements import ShopMeasurements
from harness.planning.usl import Fit, fit
from harness.planning.what_if import delay_impact

OVERLOADS = (1.1, 1.5, 2.0)
MOST_INSTANCES = 64


def make_plan(measured: ShopMeasurements, forecast: Forecast, *, bank_pages: Collection[str] = ()) -> CapacityPlan:
    """The plan for a forecast, as far as the measurements allow."""
    need = needs(forecast, measured.mix)
    per_journey = need.conversion / need.work / (1 + forecast.retries)
    known = [one for one in measured.capacities if one.likely > 0]
    numbers = [one.instances or 1 for one in measured.capacities]
    now = forecast.instances or max(numbers, default=1)
    curve, curve_missing = _curve(measured, now, forecast.seed)
    beginning = {
        "forecast": forecast,
        "measured": measured,
        "need": need,
        "per_journey": per_journey,
        "now": now,
        "curve": curve,
        "curve_missing": curve_missing,
    }
    if not measured.levels:
        verdict = Verdict.INVALID if measured.refused else Verdict.INCONCLUSIVE
        return CapacityPlan(**beginning, verdict=verdict, reason="no result can be used")  # type: ignore[arg-type]
    if not known:
        return _nothing_held(beginning, measured, need, forecast)
    scale = scaling(known, seed=forecast.seed)
    carries = scale.of(now)
    fits = fit_probability(carries, need, forecast)
    lost = scale.of(now - forecast.lost) if now > forecast.lost else None
    verdict, reason = decide(carries, fits, forecast, scale)
    peak = quantile(need.journeys, 0.5)
    saturation = max(carries.likely, _saturation(measured, carries, curve))
    # If no higher rate was tried, the rate at which a queue begins to grow is unknown.
    saturation_known = carries.high < math.inf
    patience = _patience(measured.levels)
    needed = needed_instances(
        scale,
        need.journeys,
        lost=forecast.lost,
        confidence=forecast.confidence,
        run_effect=forecast.run_effect,
        most=MOST_INSTANCES,
    )
    return CapacityPlan(
        **beginning,  # type: ignore[arg-type]
        verdict=verdict,
        reason=reason,
        carries=carries,
        fits=fits,
        carries_lost=lost,
        fits_lost=fit_probability(lost, need, forecast) if lost else None,
        scale=scale,
        steps=_steps(scale, need, forecast, now, needed),
        needed=needed,
        headroom=1 - peak / carries.likely,
        weeks=weeks_left(carries.likely, peak, forecast.growth),
        patience=patience,
        saturation=saturation,
        overloads=_overloads(forecast, patience, saturation, per_journey),
        wait=_wait(measured, saturation, peak) if saturation_known else None,
        others=tuple(
            _other(one, measured, forecast, carries=carries, need=need, bank_pages=bank_pages)
            for one in forecast.what_ifs
        ),
    )


def fit_probability(carries: CarriedCapacity, need: Need, forecast: Forecast) -> FitProbability:
    """The probability that the capacity is enough; between two runs, the range from the lower to the upper one.

    If no higher rate was tried, the upper end is 1.
    """
    effect = forecast.run_effect
    if carries.grade in (EvidenceGrade.BRACKETED, EvidenceGrade.AT_LEAST, EvidenceGrade.BELOW):
        low, high = (
            share_below(end, need.journeys, random.Random(forecast.seed), effect) for end in (carries.low, carries.high)
        )
        return FitProbability(low, high)
    share = fit_share(carries, need.journeys, seed=forecast.seed, run_effect=effect)
    return FitProbability(share, 1.0 if carries.high == math.inf else share)


def decide(carries: CarriedCapacity, fits: FitProbability, forecast: Forecast, scale: Scaling) -> tuple[Verdict, str]:
    """Whether the peak fits with the wanted confidence; far from the measurements a model alone does not pass."""
    wanted = forecast.confidence
    if fits.low >= wanted:
        if carries.grade is EvidenceGrade.MODEL and not _near(scale, carries.instances or 1):
            return Verdict.INCONCLUSIVE, "only a model far from the measurements says that the peak fits"
        return Verdict.PASSED, "the forecast peak fits"
    if fits.high < wanted:
        return Verdict.FAILED, "the probability that the forecast peak fits is too small"
    if carries.high == math.inf:
        return Verdict.INCONCLUSIVE, "no rate as high as the peak was measured"
    return Verdict.INCONCLUSIVE, "the peak is between a rate that held and one that broke an objective"


def _nothing_held(
    beginning: dict[str, object], measured: ShopMeasurements, need: Need, forecast: Forecast
) -> CapacityPlan:
    ceiling = min((one.high for one in measured.capacities), default=math.inf)
    below = next((one for one in measured.capacities if one.high == ceiling), None)
    if below is None:
        return CapacityPlan(**beginning, verdict=Verdict.INCONCLUSIVE, reason="no run has a verdict")  # type: ignore[arg-type]
    fits = fit_probability(below, need, forecast)
    failed = fits.high < forecast.confidence
    return CapacityPlan(
        **beginning,  # type: ignore[arg-type]
        verdict=Verdict.FAILED if failed else Verdict.INCONCLUSIVE,
        reason="every rate that was tried broke an objective",
        carries=below,
        fits=fits,
    )


def _near(scale: Scaling, instances: int) -> bool:
    if scale.is_proportional:
        # Fewer instances than measured carry about their share. More instances may carry less than theirs.
        return instances <= max(scale.measured)
    return min(scale.measured) <= instances <= MAX_EXTRAPOLATION * max(scale.measured)


def _curve(measured: ShopMeasurements, now: int, seed: int) -> tuple[Fit | None, str]:
    levels = [level for level in measured.levels if level.steady and (level.instances or 1) == now]
    try:
        return fit([(level.in_shop, level.throughput) for level in levels], seed=seed), ""
    except ValueError as error:
        return None, (
            f"There is no throughput curve for {now} instance{'s' * (now != 1)}: {error}. Give more results that are valid, steady and "
            "at different rates, or run `locust --headless --scenario capacity`."
        )


def _saturation(measured: ShopMeasurements, carries: CarriedCapacity, curve: Fit | None) -> float:
    """The highest throughput: as measured, or from the curve if that is not far beyond the measurements."""
    seen = max(
        (level.throughput for level in measured.levels if level.steady and (level.instances or 1) == carries.instances),
        default=0.0,
    )
    if curve is not None and seen <= curve.law.most <= MAX_EXTRAPOLATION * seen:
        return curve.law.most
    return seen


def _patience(levels: Collection[LoadLevel]) -> tuple[str, float] | None:
    held = [level for level in levels if level.patience and level.kept]
    if not held:
        return None
    patience = max(held, key=lambda level: level.rate).patience
    first = min(patience, key=lambda text: patience[text])
    return first, patience[first]


def _overloads(
    forecast: Forecast, patience: tuple[str, float] | None, saturation: float, per_journey: float
) -> tuple[Overload, ...]:
    if patience is None:
        return ()
    usual = forecast.afterwards if forecast.afterwards is not None else forecast.peak.usual
    afterwards = usual / per_journey / saturation
    return tuple(
        Overload(
            times=times,
            breaks=until_broken(patience[1], times),
            recovers=until_recovered(times, forecast.surge, afterwards),
        )
        for times in OVERLOADS
    )


def _wait(measured: ShopMeasurements, saturation: float, peak: float) -> tuple[float, float] | None:
    """The mean wait of a request at the peak by the M/G/k formula: without variation, and with the measured variation."""
    calm = min(measured.levels, key=lambda level: level.rate)
    if not calm.throughput > 0 or not calm.page_time["mean"] > 0:
        return None
    per_journey = calm.pages / calm.throughput
    service = calm.page_time["mean"]
    servers = max(1, round(saturation * per_journey * service))
    service = servers / (saturation * per_journey)
    rate = peak * per_journey
    return (
        mean_wait(servers, service, rate, variation=0.0),
        mean_wait(servers, service, rate, variation=max(1.0, calm.variation)),
    )


def _steps(scale: Scaling, need: Need, forecast: Forecast, now: int, needed: int | None) -> tuple[InstanceOption, ...]:
    shown = {now, now + 1, *scale.measured}
    shown |= {needed - 1, needed, needed + 1} if needed else set()
    shown |= {now - forecast.lost}
    return tuple(
        InstanceOption(
            instances=number,
            carries=(carries := scale.of(number)),
            fits=fit_probability(carries, need, forecast),
            fits_lost=fit_probability(scale.of(number - forecast.lost), need, forecast)
            if number > forecast.lost
            else None,
        )
        for number in sorted(shown)
        if number >= 1
    )


def _other(
    one: WhatIf,
    measured: ShopMeasurements,
    forecast: Forecast,
    *,
    carries: CarriedCapacity,
    need: Need,
    bank_pages: Collection[str],
) -> WhatIfOutcome:
    # The draws stay the same. Only the number of requests per journey changes.
    heavier = work(one.payments, measured.mix) / need.work if one.payments else 1.0
    journeys = tuple(each * heavier for each in need.journeys)
    changed = Need(orders=need.orders, journeys=journeys, conversion=need.conversion, work=need.work * heavier)
    late = (
        delay_impact(measured.typical, bank_delay=one.bank_delay, sms_delay=one.sms_delay, bank_pages=bank_pages)
        if measured.typical is not None and (one.bank_delay or one.sms_delay)
        else None
    )
    # At the peak the same number of journeys starts. The delay only makes each of them longer.
    peak = quantile(need.orders, 0.5) / need.conversion * (1 + forecast.retries)
    held = [level for level in measured.levels if level.throughput > 0]
    longest = max((level.in_flight / level.throughput for level in held if level.kept), default=0.0) or max(
        (level.in_flight / level.throughput for level in held), default=0.0
    )
    return WhatIfOutcome(
        what_if=one,
        work=heavier,
        fits=fit_probability(carries, changed, forecast),
        in_flight=peak * (longest + (late.mean_delay if late else 0.0)),
        slower=late,
    )
