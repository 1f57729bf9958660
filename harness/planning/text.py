"""The plan in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.objectives.verdict import Verdict
from harness.planning.capacity_plan import CapacityPlan, FitProbability
from harness.planning.carried_capacity import CarriedCapacity, EvidenceGrade
from harness.planning.forecast import quantile
from harness.planning.scaling import MAX_EXTRAPOLATION
from harness.units import format_duration, format_percent

PEAK_INTERVAL = 0.9
"""The probability of the interval in which the forecast peak is given."""

POOR_FIT = 0.05
"""The typical residual above which the text says that the curve fits poorly."""

AT_ONCE = 0.05
"""Seconds that count as no time."""

VERDICT_LABELS = {
    Verdict.PASSED: "FITS",
    Verdict.FAILED: "DOES NOT FIT WITH THE WANTED CONFIDENCE",
    Verdict.INCONCLUSIVE: "CANNOT TELL",
    Verdict.INVALID: "INVALID (the results say nothing about the shop)",
}


def headline(plan: CapacityPlan) -> str:
    """The answer and the reason for it."""
    return f"{VERDICT_LABELS[plan.verdict]}: {_reason(plan)}"


def reason(plan: CapacityPlan) -> str:
    """The reason for the answer, as a sentence."""
    text = _reason(plan)
    return f"{text[:1].upper()}{text[1:]}"


def _reason(plan: CapacityPlan) -> str:
    return f"{plan.reason} (wanted confidence: {format_percent(plan.forecast.confidence)})."


def answer(plan: CapacityPlan) -> str:
    """The capacity, the forecast peak, and the probability that it fits."""
    low, high = (quantile(plan.need.orders, q) * 60 for q in ((1 - PEAK_INTERVAL) / 2, (1 + PEAK_INTERVAL) / 2))
    peak = f"the forecast peak of {three_digits(quantile(plan.need.orders, 0.5) * 60)} ({three_digits(low)} to {three_digits(high)})"
    if plan.carries is None or plan.fits is None:
        return f"The capacity of the shop is not known; {peak} may or may not fit."
    text = f"{carried(plan, plan.carries)}. {peak[0].upper()}{peak[1:]} fits with {probability_text(plan.fits)}"
    if plan.carries_lost is not None and plan.fits_lost is not None:
        text += f", with {instances(plan.forecast.lost)} lost with {probability_text(plan.fits_lost)}"
    elif plan.carries.likely > 0:
        text += f". There {is_are(plan.now)} at the peak: with {instances(plan.forecast.lost)} lost, none is left"
    return f"{text}."


def sentences(plan: CapacityPlan) -> Iterator[str]:
    """The answer and its consequences."""
    yield answer(plan)
    for name, why in plan.measured.refused:
        yield f"Not used: {name}, because {why}."
    if plan.carries is not None and plan.carries.why:
        yield f"The capacity search ended early: {plan.carries.why}."
    yield from _missing_measurements(plan)
    if plan.measured.gives_way:
        yield f"First to give way: {plan.measured.gives_way}."
    if plan.scale is None:
        return
    yield _headroom(plan)
    yield _instances_needed(plan)
    if plan.overloads and plan.patience:
        yield _overload(plan)


def carried(plan: CapacityPlan, one: CarriedCapacity) -> str:
    """The capacity in orders a minute, with its evidence."""
    likely, low, high = (three_digits(plan.orders(each)) for each in (one.likely, one.low, one.high))
    if one.grade is EvidenceGrade.MODEL and one.high == math.inf:
        return (
            f"With {instances(plan.now)} the shop should carry at least {low} orders a minute (a model, {one.source})"
        )
    match one.grade:
        case EvidenceGrade.CONFIRMED:
            return (
                f"The shop carries {likely} orders a minute, as a search found and a run of its own confirmed; "
                f"an objective breaks between {low} and {high}"
            )
        case EvidenceGrade.BRACKETED:
            return f"The shop carries {low} orders a minute, at which every objective held, but less than {high}, where one broke"
        case EvidenceGrade.AT_LEAST:
            return f"The shop carries at least {low} orders a minute, {'as a search confirmed' if one.why else 'the highest rate that was tried'}"
        case EvidenceGrade.BELOW:
            return f"The shop carries less than {high} orders a minute, the lowest rate that was tried, where an objective broke"
        case EvidenceGrade.MODEL:
            return f"With {instances(plan.now)} the shop should carry {likely} orders a minute ({low} to {high}; a model, {one.source})"


def probability_text(odds: FitProbability) -> str:
    """``92 % probability``, ``between 10 % and 95 % probability``."""
    low, high = percent(odds.low), percent(odds.high)
    if low == high:
        return f"{low} probability"
    return f"at least {low} probability" if odds.high >= 1 else f"a probability between {low} and {high}"


def percent(share: float) -> str:
    """A probability in whole per cent, never 0 or 100."""
    if share < 0.01:  # noqa: PLR2004  one per cent
        return "under 1 %"
    return "over 99 %" if share > 0.99 else f"{share:.0%}".replace("%", " %")  # noqa: PLR2004


def three_digits(number: float) -> str:
    """``2940.3`` is ``2,940``: three significant digits, because estimates are not more exact."""
    if not math.isfinite(number):
        return "any number of"
    if number < 10:  # noqa: PLR2004  a decimal matters for small numbers
        return f"{number:.2g}"
    step = 10 ** max(0, len(str(int(number))) - 3)
    return f"{round(number / step) * step:,}"


def instances(number: int) -> str:
    """``one instance``, ``3 instances``."""
    return "one instance" if number == 1 else f"{number} instances"


def is_are(number: int) -> str:
    """``is one instance``, ``are 3 instances``."""
    return f"{'is' if number == 1 else 'are'} {instances(number)}"


def weeks(number: float, *, at_least: bool) -> str:
    """How long growth can go on, as text."""
    if number > 520:  # noqa: PLR2004  ten years
        return "it lasts for more than ten years"
    duration = f"{number:.0f} weeks" if number >= 2 else f"{number * 7:.0f} days"  # noqa: PLR2004
    return f"it lasts at least {duration}" if at_least else f"it lasts {duration}"


def assumptions(plan: CapacityPlan) -> Iterator[str]:
    """The assumptions behind the figures; a wrong assumption makes the figures wrong."""
    forecast, need = plan.forecast, plan.need
    if not plan.measured.levels:
        return
    yield (
        f"Of the journeys begun, {format_percent(need.conversion)} end in an order "
        f"({'as the forecast says' if forecast.bought is not None else 'as in the results'}; Beta, drawn)."
    )
    if forecast.payments:
        yield (
            f"Shoppers pay as the forecast says (Dirichlet, drawn); a journey then takes {need.work:.2f} times the requests "
            "of a measured one, and every request is the same amount of work."
        )
    else:
        yield "Shoppers pay as they did in the results."
    if forecast.growth and forecast.weeks:
        yield f"Orders grow by {format_percent(forecast.growth)} a week for {forecast.weeks:g} weeks."
    if forecast.retries:
        yield f"{format_percent(forecast.retries)} of the shoppers start again."
    if plan.scale is not None and plan.scale.is_proportional:
        yield (
            "The capacity of other numbers of instances is proportional to the measured one, which is a model. To measure it, run "
            "with one instance more or less, and name the results under [instances.results]."
        )
    elif plan.scale is not None:
        yield (
            "The Universal Scalability Law connects the measured numbers of instances; beyond "
            f"{MAX_EXTRAPOLATION:g} times the largest it is a model."
        )
    if plan.curve is not None and plan.curve.error > POOR_FIT:
        yield (
            f"The curve fits poorly: a typical point is {format_percent(plan.curve.error)} away from it. A shop with many workers has a "
            "sharper knee than the law; the capacity and the probabilities do not depend on the curve."
        )
    if plan.overloads:
        yield (
            f"An overload is computed as a fluid queue: {_saturation(plan)}, the rest waits in the queue for "
            f"{format_duration(forecast.surge)}, no shopper gives up, and the shop refuses none."
        )
    if plan.wait is not None:
        yield (
            "The wait at the peak is computed as M/G/k (Allen and Cunneen), from constant service times to ones that vary as measured, "
            "at least as much as exponential ones."
        )
    yield f"{forecast.draws:,} draws, seed {forecast.seed}; intervals are 95 %, that of the peak {format_percent(PEAK_INTERVAL)}."
    yield (
        f"The capacity of one shop is assumed to differ between runs by {format_percent(forecast.run_effect)} "
        "(`run_effect` in the forecast)."
    )
    yield from plan.measured.notes


def _saturation(plan: CapacityPlan) -> str:
    most = f"{three_digits(plan.orders(plan.saturation))} orders a minute get done"
    if plan.carries is not None and plan.carries.high == math.inf:
        return f"{most} (no higher rate was tried; if the shop can do more, it lasts longer)"
    return f"{most} at most"


def _missing_measurements(plan: CapacityPlan) -> Iterator[str]:
    if plan.verdict is not Verdict.INCONCLUSIVE or plan.carries is None:
        return
    wanted = three_digits(quantile(plan.need.journeys, plan.forecast.confidence) * 60)
    if plan.carries.high == math.inf:
        yield (
            f"To know, measure at {wanted} journeys a minute (`locust --headless --scenario baseline --arrival-rate {wanted.replace(',', '')}/min`), "
            "or let the capacity search find the limit (`locust --headless --scenario capacity`)."
        )
    elif plan.carries.grade is EvidenceGrade.BRACKETED:
        low, high = (three_digits(each * 60) for each in (plan.carries.low, plan.carries.high))
        yield f"To know, measure between {low} and {high} journeys a minute."
    elif plan.carries.grade is EvidenceGrade.MODEL:
        yield f"To know, measure a shop of {instances(plan.now)}."


def _headroom(plan: CapacityPlan) -> str:
    at_least = plan.carries is not None and plan.carries.high == math.inf
    word = "at least " if at_least else ""
    if plan.headroom <= 0:
        return f"Headroom at the peak: none; the peak is {format_percent(-plan.headroom)} over the {'highest measured rate' if at_least else 'capacity'}."
    text = f"Headroom at the peak: {word}{format_percent(plan.headroom)}"
    if plan.forecast.growth:
        growth = f"should orders keep growing by {format_percent(plan.forecast.growth)} a week"
        return f"{text}; {growth}, {weeks(plan.weeks, at_least=at_least)}."
    return f"{text}."


def _instances_needed(plan: CapacityPlan) -> str:
    lost = instances(plan.forecast.lost)
    if plan.needed is None:
        return f"No number of instances carries the peak with {lost} lost: more instances do not help."
    known = plan.scale.of(plan.needed - plan.forecast.lost).grade if plan.scale else EvidenceGrade.MODEL
    model = " (a model)" if known is EvidenceGrade.MODEL else ""
    return f"To carry the peak with {lost} lost and the wanted confidence, it takes {instances(plan.needed)}{model}."


def time_to_break(seconds: float) -> str:
    """The time until an objective breaks, as text."""
    return (
        "at once" if seconds < AT_ONCE else f"after {format_duration(seconds)}" if math.isfinite(seconds) else "never"
    )


def _overload(plan: CapacityPlan) -> str:
    assert plan.patience is not None, "called only with a known patience"  # noqa: S101
    parts = [f"{time_to_break(one.breaks)} at {one.times:g} times" for one in plan.overloads]
    if all(one.breaks < AT_ONCE for one in plan.overloads):
        parts = ["at once"]
    last = plan.overloads[-1]
    after = (
        f"after {format_duration(plan.forecast.surge)} of that it takes {format_duration(last.recovers)} to recover"
        if math.isfinite(last.recovers)
        else "it does not recover by itself"
    )
    when = f"{', '.join(parts[:-1])} and {parts[-1]} that much" if len(parts) > 1 else parts[0]
    return f"In an overload, {plan.patience[0]} breaks {when}; {after}."
