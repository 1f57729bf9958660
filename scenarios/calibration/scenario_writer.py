"""Writes a scenario file from the counts of a log. A comment next to each number says where it comes from."""

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
"""The fewest samples to write down a share."""

_MINUTE = 60.0
_STAGE_MINUTES = 5
_STEADY_SECONDS = 300.0  # seconds after the warm-up
_DRAIN_FACTOR = 1.5  # shoppers of the scenario draw new think times, and some see more pages
_TENS = 10
_DRAIN = 30.0  # the default of [arrivals] drain
_CEILING = 200.0  # the default of [target] highest_rate


@dataclass(frozen=True, slots=True)
class LogPrecision:
    """How precise the log is: what it lacks mostly."""

    whole_seconds: bool
    untimed: bool
    by_address: bool


def scenario_text(tally: JourneyCounts, origin: LogPrecision, shape: LoadShape, trace: str = "") -> str:
    """The whole scenario file; ``trace`` is the path of its arrival trace, empty without one."""
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
    """A line for each name with samples: its weight in percent, its count and its interval."""
    total = sum(counts.values())
    for name in order:
        if count := counts.get(name, 0):
            low, high = wilson(count, total)
            said = f"{count:,} of {total:,} {what}; 95 % interval {low:.1%} to {high:.1%} (Wilson)"
            yield f"{name} = {_number_text(100 * count / total)} # {said}"


def _header(tally: JourneyCounts) -> Iterator[str]:
    yield f'description = "Made from an access log: {tally.total:,} journeys in {_duration_text(tally.arrivals.length)}."'
    yield "seed = 1"
    yield ""
    yield "# Set your own objectives: a log does not show them."
    yield "objectives = ["
    yield '    "journey failures < 1%",'
    yield '    "page response_time p95 < 500ms",'
    yield '    "dropped < 0.5%",'
    yield "]"


def _arrivals(tally: JourneyCounts, shape: LoadShape, trace: str) -> Iterator[str]:
    arrivals = tally.arrivals
    yield "[arrivals]"
    yield from dispersion_comment(arrivals, trace)
    mean, length = arrivals.mean, arrivals.minutes * _MINUTE
    yield (
        f"# {arrivals.total:,} arrivals in {_duration_text(arrivals.length)}: {mean * _MINUTE:.1f} a minute on average, "
        f"{arrivals.most_a_minute} in the busiest minute."
    )
    if arrivals.is_cut:
        yield (
            f"# Rates are from the first {_duration_text(length)}: later journeys had not all ended at the end of the log "
            f"({LONG_JOURNEY_QUANTILE:.1%} of journeys took less than {tally.length_quantile(LONG_JOURNEY_QUANTILE):.0f} s)."
        )
    yield from _drain(tally)
    if trace:
        yield f"trace = {json.dumps(trace, ensure_ascii=False)} # {arrivals.total:,} recorded arrivals; rate_scale and time_scale change them"
        return
    yield f'process = "{"uniform" if arrival_pattern(arrivals) is ArrivalPattern.UNIFORM else "poisson"}"'
    if shape is LoadShape.HOUR:
        yield from _hour(tally)
        return
    rate, low, high, what = estimated_rate(arrivals, shape)
    warm_up = warm_up_seconds(tally)
    yield f'rate = "{_number_text(rate)}/min" # {what}; 95 % interval {low:.1f} to {high:.1f} (Poisson{_dispersion_note(arrivals)})'
    yield f'duration = "{math.ceil((_STEADY_SECONDS + warm_up) / _MINUTE)}m"'
    yield from _warm_up_line(tally, warm_up)
    yield from _highest_rate_line(rate / _MINUTE)


def _dispersion_note(arrivals: ArrivalStatistics) -> str:
    index = arrivals.widest_reliable.index
    return f", widened by the index of dispersion {index:.2f}" if index > 1 else ""


def _warm_up_line(tally: JourneyCounts, warm_up: float) -> Iterator[str]:
    yield f'warm_up = "{warm_up:.0f}s" # {WARM_UP_QUANTILE:.0%} of the journeys took less than {tally.length_quantile(WARM_UP_QUANTILE):.0f} s'


def dispersion_comment(arrivals: ArrivalStatistics, trace: str) -> Iterator[str]:
    """A comment on the arrival pattern; ``trace`` as for the whole file."""
    dispersion, process = arrivals.widest_reliable, arrival_pattern(arrivals)
    low, high = dispersion.poisson_interval
    verdict = {
        ArrivalPattern.POISSON: "arrivals are independent (Poisson)",
        ArrivalPattern.UNIFORM: "arrivals are more even than independent ones",
        ArrivalPattern.BURSTY: "arrivals come in bursts",
        ArrivalPattern.UNKNOWN: "too few windows to tell, so independent arrivals (Poisson) are assumed",
    }[process]
    yield (
        f"# Index of dispersion in windows of {dispersion.width:g} s: {dispersion.index:.2f}, {dispersion.windows:,} windows; "
        f"a Poisson process has {low:.2f} to {high:.2f}: {verdict}."
    )
    if process is ArrivalPattern.BURSTY and not trace:
        yield "# `process` cannot make bursts. To replay the recorded arrivals, calibrate again with --trace arrivals.csv."


def _drain(tally: JourneyCounts) -> Iterator[str]:
    """A drain that is long enough for the last arrivals; journeys that it cuts off count as failed."""
    if not tally.lengths.count:
        return
    usual, long = tally.length_quantile(0.5), tally.length_quantile(LONG_JOURNEY_QUANTILE)
    drain = math.ceil(_DRAIN_FACTOR * long / _TENS) * _TENS
    if drain > _DRAIN:
        yield f'drain = "{drain:.0f}s" # journeys took {usual:.0f} s (median), {LONG_JOURNEY_QUANTILE:.1%} of them less than {long:.0f} s'


def _hour(tally: JourneyCounts) -> Iterator[str]:
    arrivals = tally.arrivals
    yield "# The busiest hour, in stages of five minutes; --run-time 10m runs them in ten minutes."
    yield "stages = ["
    counts = [
        sum(arrivals.best_hour[at : at + _STAGE_MINUTES]) for at in range(0, len(arrivals.best_hour), _STAGE_MINUTES)
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
        yield f'highest_rate = "{_number_text(rate * 1.5)}/s" # above the rate of the log; it guards against typing errors'


def _journeys(tally: JourneyCounts) -> Iterator[str]:
    yield "# A journey is a session up to its order, or up to its last request. Sessions without the checkout do not count."
    yield "# abandoning: left before the payment option. guest: gave an e-mail address."
    yield "# first_time: signed in and chose an address or delivery. returning: did neither."
    yield "[journeys]"
    yield from share_rows(tally.journeys, JOURNEY_NAMES, "journeys")


def _payments(tally: JourneyCounts) -> Iterator[str]:
    if not tally.options:
        return
    yield "# A log does not show the posted fields: the payment option is known from its pages."
    if tally.lost:
        total = tally.options.total()
        low, high = wilson(tally.lost, total)
        yield (
            f"# Of {total:,} journeys with a payment option, {tally.lost:,} got no order ({tally.lost / total:.1%}; {low:.1%} to {high:.1%}): "
            "declined, locked out, failed or abandoned."
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
        yield f"# {tally.sms.total()} journeys with a code are too few for weights; {FEW_SAMPLES} are needed."
        return
    yield from share_rows(tally.sms, SMS_NAMES, "journeys with a code")


def _cards(tally: JourneyCounts) -> Iterator[str]:
    if tally.confirmed < FEW_SAMPLES:
        return
    yield "[cards]"
    for key, count, what in (
        ("three_d", tally.three_d, "went through 3-D Secure"),
        ("declined", tally.refused, "got no order: declined or abandoned"),
    ):
        low, high = wilson(count, tally.confirmed)
        yield (
            f"{key} = {count / tally.confirmed:.4f} # {count:,} of {tally.confirmed:,} confirmed cards {what}; "
            f"95 % interval {low:.1%} to {high:.1%} (Wilson)"
        )


def _think(tally: JourneyCounts, origin: LogPrecision) -> Iterator[str]:
    if tally.all_pauses.count < FEWEST_THINK_TIMES:
        return
    yield "# From a reply to the next request: a lognormal distribution with the median and the middle two thirds of the log."
    if origin.untimed:
        yield "# The log has no request durations, so these include the shop's own time."
    if origin.whole_seconds:
        yield "# The log has whole seconds, so medians below 2 s are unreliable."
    whole = fit_lognormal(tally.all_pauses)
    fits = {page: fit_lognormal(sample) for page, sample in tally.pauses.items() if sample.count >= FEWEST_THINK_TIMES}
    ordered = [(page, fits[page]) for page in Page if page in fits]
    yield "[think]"
    yield f'median = "{_duration(whole.median)}" # all pages, {_median(whole)}'
    yield f"sigma = {whole.sigma:.3f} # {_sigma(whole)}"
    if not ordered:
        return
    yield ""
    yield f"[think.pages] # medians of pages with at least {FEWEST_THINK_TIMES} think times"
    if FIRST_PAGES_AFTER_BANK & fits.keys():
        yield f"{Page.BANK} = 0 # the time at the bank is part of the page after it"
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
    yield "[shop.sms] # for the embedded shop only"
    listed = ", ".join(f'"{option}"' for option in PAYMENT_NAMES if option in tally.asked)
    yield f"options = [{listed}] # payment options of journeys with a code"


def _median(one: LognormalFit) -> str:
    low, high = one.median_interval
    return f"{one.count:,} think times; 95 % interval {_duration(low)} to {_duration(high)} (ranks)"


def _sigma(one: LognormalFit) -> str:
    low, high = one.sigma_interval
    return f"{one.count:,} think times; 95 % interval {low:.3f} to {high:.3f} (16th to 84th percentile)"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms" if seconds < 10 else f"{seconds:.1f}s"  # noqa: PLR2004  ten seconds


def _duration_text(seconds: float) -> str:
    for unit, name in ((86_400.0, "days"), (3_600.0, "hours"), (_MINUTE, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} seconds"


def _number_text(number: float) -> str:
    return f"{number:.4g}" if number < 10_000 else f"{number:.0f}"  # noqa: PLR2004  no exponent
