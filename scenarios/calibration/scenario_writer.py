"""Writes what a log showed as a scenario file: beside every number stands where it came from."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scenarios.calibration.arrival_statistics import ArrivalStatistics
from scenarios.calibration.estimates import wilson
from scenarios.calibration.journey_counts import JourneyCounts
from scenarios.calibration.load_estimate import (
    LONG_JOURNEY_QUANTILE,
    WARM_UP_QUANTILE,
    ArrivalPattern,
    LoadShape,
    arrival_pattern,
    estimated_rate,
    warm_up_seconds,
)
from scenarios.calibration.think_times import FEWEST_THINK_TIMES, FIRST_PAGES_AFTER_BANK, LognormalFit, fit_lognormal
from scenarios.schema.names import JOURNEY_NAMES, PAYMENT_NAMES, SMS_NAMES
from shop.contract import Page

FEW_SAMPLES = 30
"""Cases that it takes to write down a share."""

_MINUTE = 60.0
_STAGE_MINUTES = 5
_STEADY_SECONDS = 300.0  # seconds after the warm-up
_DRAIN_FACTOR = 1.5  # shoppers of the scenario draw their pauses anew, and some walk more pages
_TENS = 10
_DRAIN = 30.0  # what [arrivals] drain is when nothing is said
_CEILING = 200.0  # what [target] highest_rate is when nothing is said


@dataclass(frozen=True, slots=True)
class LogPrecision:
    """Where the numbers come from, in words for the comments."""

    whole_seconds: bool
    untimed: bool
    by_address: bool


def scenario_text(tally: JourneyCounts, origin: LogPrecision, shape: LoadShape, trace: str = "") -> str:
    """The whole scenario file; ``trace`` is the name of a trace that was written beside it (empty: none)."""
    parts = (
        _header(tally),
        _arrivals(tally, shape, trace),
        _journeys(tally),
        _payments(tally),
        _sms(tally),
        _cards(tally),
        _think(tally, origin),
        _shop(tally),
    )
    written = ["\n".join(part) for part in parts]
    return "\n\n".join(part for part in written if part) + "\n"


def share_rows(counts: Mapping[str, int], order: tuple[str, ...], what: str) -> Iterator[str]:
    """One key for each name that occurs: its weight in per cent, with count and interval."""
    total = sum(counts.values())
    for name in order:
        if count := counts.get(name, 0):
            low, high = wilson(count, total)
            said = f"{count:,} of {total:,} {what}; 95 % interval {low:.1%} to {high:.1%} (Wilson)"
            yield f"{name} = {_number_text(100 * count / total)} # {said}"


def _header(tally: JourneyCounts) -> Iterator[str]:
    yield f'description = "As seen in an access log: {tally.total:,} journeys in {_duration_text(tally.arrivals.length)}."'
    yield "seed = 1"
    yield ""
    yield "# What is demanded is for you to say; a log does not know it."
    yield "objectives = ["
    yield '    "journey failures < 1%",'
    yield '    "page response_time p95 < 500ms",'
    yield '    "dropped < 0.5%",'
    yield "]"


def _arrivals(tally: JourneyCounts, shape: LoadShape, trace: str) -> Iterator[str]:
    comings = tally.arrivals
    yield "[arrivals]"
    yield from dispersion_comment(comings, trace)
    mean, length = comings.mean, comings.minutes * _MINUTE
    yield (
        f"# {comings.total:,} arrivals in {_duration_text(comings.length)}: {mean * _MINUTE:.1f} a minute on average, "
        f"{comings.most_a_minute} in the busiest minute."
    )
    if comings.is_cut:
        yield (
            f"# Rates are from the first {_duration_text(length)}: of later arrivals, journeys that were still under way are missing "
            f"({LONG_JOURNEY_QUANTILE:.1%} of journeys took less than {tally.length_quantile(LONG_JOURNEY_QUANTILE):.0f} s)."
        )
    yield from _drain(tally)
    if trace:
        yield f"trace = {json.dumps(trace, ensure_ascii=False)} # {comings.total:,} arrivals as they came; rate_scale and time_scale scale them"
        return
    yield f'process = "{"uniform" if arrival_pattern(comings) is ArrivalPattern.UNIFORM else "poisson"}"'
    if shape is LoadShape.HOUR:
        yield from _hour(tally)
        return
    rate, low, high, what = estimated_rate(comings, shape)
    warm_up = warm_up_seconds(tally)
    yield f'rate = "{_number_text(rate)}/min" # {what}; 95 % interval {low:.1f} to {high:.1f} (Poisson{_dispersion_note(comings)})'
    yield f'duration = "{math.ceil((_STEADY_SECONDS + warm_up) / _MINUTE)}m"'
    yield from _warm_up_line(tally, warm_up)
    yield from _highest_rate_line(rate / _MINUTE)


def _dispersion_note(comings: ArrivalStatistics) -> str:
    index = comings.widest_reliable.index
    return f", widened by the index of dispersion {index:.2f}" if index > 1 else ""


def _warm_up_line(tally: JourneyCounts, warm_up: float) -> Iterator[str]:
    yield f'warm_up = "{warm_up:.0f}s" # {WARM_UP_QUANTILE:.0%} of the journeys took less than {tally.length_quantile(WARM_UP_QUANTILE):.0f} s'


def dispersion_comment(comings: ArrivalStatistics, trace: str) -> Iterator[str]:
    """A comment on how they come; ``trace`` as for the whole file."""
    telling, process = comings.widest_reliable, arrival_pattern(comings)
    low, high = telling.poisson_interval
    verdict = {
        ArrivalPattern.POISSON: "shoppers come independently of each other (Poisson)",
        ArrivalPattern.UNIFORM: "they come more evenly than strangers do",
        ArrivalPattern.BURSTY: "they come in bursts",
        ArrivalPattern.UNKNOWN: "too few windows to tell, so independent shoppers (Poisson) are assumed",
    }[process]
    yield (
        f"# Index of dispersion in windows of {telling.width:g} s: {telling.index:.2f}, {telling.windows:,} windows; "
        f"Poisson would be {low:.2f} to {high:.2f}: {verdict}."
    )
    if process is ArrivalPattern.BURSTY and not trace:
        yield "# process has no bursts: replay the log's own arrivals, calibrate once more with --trace arrivals.csv."


def _drain(tally: JourneyCounts) -> Iterator[str]:
    """Time enough for those who come last: whoever is cut off in the middle of her thoughts would count as failed."""
    if not tally.lengths.count:
        return
    usual, long = tally.length_quantile(0.5), tally.length_quantile(LONG_JOURNEY_QUANTILE)
    drain = math.ceil(_DRAIN_FACTOR * long / _TENS) * _TENS
    if drain > _DRAIN:
        yield f'drain = "{drain:.0f}s" # journeys took {usual:.0f} s (median), {LONG_JOURNEY_QUANTILE:.1%} of them less than {long:.0f} s'


def _hour(tally: JourneyCounts) -> Iterator[str]:
    comings = tally.arrivals
    yield "# The busiest hour, in stages of five minutes; --run-time 10m plays it in ten minutes."
    yield "stages = ["
    counts = [
        sum(comings.best_hour[at : at + _STAGE_MINUTES]) for at in range(0, len(comings.best_hour), _STAGE_MINUTES)
    ]
    for count in counts:
        yield f'    {{ duration = "{_STAGE_MINUTES}m", rate = "{_number_text(count / _STAGE_MINUTES)}/min" }}, # {count:,} arrivals'
    yield "]"
    yield from _warm_up_line(tally, warm_up_seconds(tally))
    yield from _highest_rate_line(max(counts) / _STAGE_MINUTES / _MINUTE)


def _highest_rate_line(rate: float) -> Iterator[str]:
    if rate > _CEILING:
        yield ""
        yield "[target]"
        yield f'highest_rate = "{_number_text(rate * 1.5)}/s" # above the rate of the log; a guard against slips'


def _journeys(tally: JourneyCounts) -> Iterator[str]:
    yield "# A journey is what one session did up to its order, or until it fell silent; those that never came to the"
    yield "# checkout are none. abandoning: left before she chose a payment option. guest: gave an e-mail address."
    yield "# first_time: chose address or delivery without. returning: neither."
    yield "[journeys]"
    yield from share_rows(tally.journeys, JOURNEY_NAMES, "journeys")


def _payments(tally: JourneyCounts) -> Iterator[str]:
    if not tally.options:
        return
    yield "# Told by the pages of the option, as a log does not show what was posted."
    if tally.lost:
        total = tally.options.total()
        low, high = wilson(tally.lost, total)
        yield (
            f"# Of {total:,} who had chosen, {tally.lost:,} got no order ({tally.lost / total:.1%}; {low:.1%} to {high:.1%}): "
            "refused, locked out, failed or gone."
        )
    yield "[payments]"
    yield from share_rows(tally.options, PAYMENT_NAMES, "journeys that chose an option")


def _sms(tally: JourneyCounts) -> Iterator[str]:
    if not tally.asked:
        return
    total, asked = sum(tally.settled[option] for option in tally.asked), tally.asked.total()
    low, high = wilson(asked, total)
    yield "[sms]"
    yield (
        f"share = {min(1.0, asked / total):.4f} # {asked:,} of {total:,} journeys with an option that asks for codes; "
        f"95 % interval {low:.1%} to {high:.1%} (Wilson)"
    )
    if tally.sms.total() < FEW_SAMPLES:
        yield f"# {tally.sms.total()} journeys with a code are too few to say how shoppers deal with it; {FEW_SAMPLES} would do."
        return
    yield from share_rows(tally.sms, SMS_NAMES, "journeys with a code")


def _cards(tally: JourneyCounts) -> Iterator[str]:
    if tally.confirmed < FEW_SAMPLES:
        return
    yield "[cards]"
    for key, count, what in (
        ("three_d", tally.three_d, "were sent through 3-D Secure"),
        ("declined", tally.refused, "got no order: declined, or given up there"),
    ):
        low, high = wilson(count, tally.confirmed)
        yield (
            f"{key} = {count / tally.confirmed:.4f} # {count:,} of {tally.confirmed:,} cards confirmed {what}; "
            f"95 % interval {low:.1%} to {high:.1%} (Wilson)"
        )


def _think(tally: JourneyCounts, origin: LogPrecision) -> Iterator[str]:
    if tally.all_pauses.count < FEWEST_THINK_TIMES:
        return
    yield "# From the reply to the next request; lognormal with the median and the middle two thirds of what was seen."
    if origin.untimed:
        yield "# The log does not say how long requests took: the shop's own time is still in these."
    if origin.whole_seconds:
        yield "# The log's moments are whole seconds: medians below 2 s are not to be trusted."
    whole = fit_lognormal(tally.all_pauses)
    fits = {page: fit_lognormal(sample) for page, sample in tally.pauses.items() if sample.count >= FEWEST_THINK_TIMES}
    ordered = [(page, fits[page]) for page in Page if page in fits]
    yield "[think]"
    yield f'median = "{_duration(whole.median)}" # all pages, {_median(whole)}'
    yield f"sigma = {whole.sigma:.3f} # {_sigma(whole)}"
    if not ordered:
        return
    yield ""
    yield f"[think.pages] # medians of pages with at least {FEWEST_THINK_TIMES} pauses"
    if FIRST_PAGES_AFTER_BANK & fits.keys():
        yield f"{Page.BANK} = 0 # the time at the bank is in the page she comes back to"
    for page, one in ordered:
        yield f'{page} = "{_duration(one.median)}" # {_median(one)}'
    yield ""
    yield "[think.sigmas]"
    for page, one in ordered:
        if one.sigma > 0:
            yield f"{page} = {one.sigma:.3f} # {_sigma(one)}"


def _shop(tally: JourneyCounts) -> Iterator[str]:
    if not tally.asked:
        return
    yield "[shop.sms] # of the embedded shop only"
    listed = ", ".join(f'"{option}"' for option in PAYMENT_NAMES if option in tally.asked)
    yield f"options = [{listed}] # the options in whose journeys a code was typed"


def _median(one: LognormalFit) -> str:
    low, high = one.median_interval
    return f"{one.count:,} pauses; 95 % interval {_duration(low)} to {_duration(high)} (ranks)"


def _sigma(one: LognormalFit) -> str:
    low, high = one.sigma_interval
    return f"{one.count:,} pauses; 95 % interval {low:.3f} to {high:.3f} (16th to 84th percentile)"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms" if seconds < 10 else f"{seconds:.1f}s"  # noqa: PLR2004  ten seconds


def _duration_text(seconds: float) -> str:
    for unit, name in ((86_400.0, "days"), (3_600.0, "hours"), (_MINUTE, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} seconds"


def _number_text(number: float) -> str:
    return f"{number:.4g}" if number < 10_000 else f"{number:.0f}"  # noqa: PLR2004  no exponent
