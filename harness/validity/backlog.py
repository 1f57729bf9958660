"""Checks whether journeys ended as fast as they arrived: a shop that falls behind is overloaded, whatever its response times.

In the long run, as many journeys must end as arrive. At a constant rate the number in progress may vary, but must not
grow. Its growth over the steady part is compared with two limits: 1 % of the arrivals, and the growth that chance alone
would show in a shop that is just fast enough (a random walk with two steps for each arrival).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.model import Metric
from harness.objectives.verdict import Finding, Severity
from harness.units import format_duration, format_number
from harness.validity.evidence import Evidence
from harness.validity.user_supply import more_users_remedy, shop_slow

MAX_GROWTH_SHARE = 0.01
"""The share of the arrivals by which the number in progress may grow; more would be the tail of a p99."""
FAILED_SIGMAS = 3.0
"""Standard deviations of the random walk: at the very limit, chance alone exceeds them in less than 2 of 1,000 runs."""
INCONCLUSIVE_SIGMAS = 2.0
"""Standard deviations from which the run is too short to say that the shop keeps up."""
EDGE_SHARE = 0.1
"""The part of the load at its beginning that shows how long journeys take without a backlog."""
LEAST_SAMPLES = 20
"""The least number of journeys that shows how long a journey takes."""
SLOWDOWN_FACTOR = 2.0
"""A queue at the end is reported if the last journeys took this many times as long as the first ones …"""
SLOWDOWN_SECONDS = 1.0
"""… and at least this many seconds longer."""


@dataclass(frozen=True, slots=True)
class JourneyFlow:
    """How many journeys arrived and ended between two moments, and how many were in progress at each of them.

    The moments are seconds from the first arrival.
    """

    since: float
    until: float
    came: int
    ended: int
    before: int
    after: int

    @property
    def growth(self) -> int:
        """By how much the number in progress grew."""
        return self.after - self.before

    def rate(self, number: int) -> float:
        """A number of journeys as a rate per second."""
        return number / (self.until - self.since)


def backlog_growth(evidence: Evidence) -> Iterator[Finding]:
    """Whether journeys ended as fast as they arrived.

    This applies to a constant rate only: a closed load cannot fall behind.
    """
    conditions = evidence.conditions
    if not (conditions.delivery.constant_rate and conditions.delivery.expected_offered) or conditions.disturbed:
        return
    flow = journey_flow(evidence)
    if flow is None:
        return
    walk = math.sqrt(2 * flow.came)
    grown = flow.growth > MAX_GROWTH_SHARE * flow.came
    if not grown or flow.growth <= INCONCLUSIVE_SIGMAS * walk:
        if _short_of_users(evidence):
            return  # the journeys that were served say nothing about those that were not
        yield Finding("balance", Severity.OK, "journeys ended as fast as they arrived")
        return
    message = (
        f"in the last {format_duration(flow.until - flow.since)} of the load, {flow.came:,} journeys arrived and "
        f"{flow.ended:,} ended; those in progress grew from {flow.before:,} to {flow.after:,}"
    )
    if flow.growth <= FAILED_SIGMAS * walk:
        yield Finding(
            "balance",
            Severity.INCONCLUSIVE,
            f"the shop may be falling behind: {message}",
            "lengthen the run, or lower the rate",
        )
    elif _short_of_users(evidence):
        yield Finding(
            "balance",
            Severity.INVALID,
            f"there were too few virtual users for the load: {message}",
            more_users_remedy(evidence),
        )
    else:
        yield Finding(
            "balance",
            Severity.FAILED,
            f"the load is above the shop's capacity: {message}",
            f"the shop finishes {format_number(round(flow.rate(flow.ended), 1))} of the "
            f"{format_number(round(flow.rate(flow.came), 1))} journeys/s that arrive; lower the rate, or give the shop "
            "more capacity",
        )


def backlog_cleared(evidence: Evidence) -> Iterator[Finding]:
    """Whether the last journeys were as fast as the first; a queue at the end is no pass."""
    conditions = evidence.conditions
    if not conditions.delivery.expected_offered or conditions.disturbed:
        return
    slices = by_slice(evidence.recorder, dropped=False)
    slices_of_load = conditions.delivery.load_duration / evidence.recorder.slice_length
    first = _merged(slices, 0, EDGE_SHARE * slices_of_load)
    last = _merged(slices, slices_of_load * (1 - EDGE_SHARE), slices_of_load)
    if min(first.total, last.total) < LEAST_SAMPLES:
        return
    usual, late = first.quantile(0.5), last.quantile(0.5)
    if late > SLOWDOWN_FACTOR * usual and late - usual > SLOWDOWN_SECONDS:
        yield Finding(
            "recovered",
            Severity.WARNING,
            f"the shop still had a queue at the end: the median of the first journeys was {format_duration(usual)}, "
            f"that of the last {format_duration(late)}",
            "continue the load for longer after its peak, or lower the peak",
        )


def journey_flow(evidence: Evidence) -> JourneyFlow | None:
    """How many journeys arrived and ended in the steady part, or in its second half; None if the run is too short.

    While the first journeys are in progress, none ends: the number in progress grows, and nothing is wrong. Where the
    first ones last into the steady part, only its second half counts.
    """
    recorder, conditions = evidence.recorder, evidence.conditions
    window, length = recorder.window, recorder.slice_length
    slices = by_slice(recorder, dropped=not any(each.metric is Metric.DROPPED for each in evidence.objectives))
    begun = window.steady_from - window.start
    last = math.floor(round(min(window.steady_until - window.start, conditions.delivery.load_duration) / length, 6))
    beginning = _merged(by_slice(recorder, dropped=False), 0, max(1.0, EDGE_SHARE * last))
    if beginning.total < LEAST_SAMPLES:
        return None
    journey_length = beginning.quantile(0.95)
    for since in (begun, (begun + last * length) / 2):
        first = math.ceil(round(since / length, 6))
        if journey_length <= first * length and first < last:
            break
    else:
        return None
    came = sum(times.total for index, times in slices.items() if first <= index < last)
    before, after = _in_progress(slices, first, length), _in_progress(slices, last, length)
    return JourneyFlow(first * length, last * length, came, came - (after - before), before, after)


def by_slice(recorder: Recorder, *, dropped: bool) -> dict[int, Histogram]:
    """The response times of all journeys by the time slice in which they were due; dropped ones last for ever if included."""
    slices: dict[int, Histogram] = {}
    for cell in recorder.journeys.values():
        if cell.response.infinite == cell.response.total and not dropped:
            continue
        for index, times in cell.slices.items():
            slices.setdefault(index, Histogram()).add(times)
    return slices


def _in_progress(slices: Mapping[int, Histogram], edge: int, length: float) -> int:
    """How many journeys due before a slice were in progress when it began; each counts as due in the middle of its slice."""
    return sum(times.count_over((edge - index - 0.5) * length) for index, times in slices.items() if index < edge)


def _merged(slices: Mapping[int, Histogram], first: float, last: float) -> Histogram:
    whole = Histogram()
    for index, times in slices.items():
        if first <= index < last:
            whole.add(times)
    return whole


def _short_of_users(evidence: Evidence) -> bool:
    """Whether the queue was in front of checkload: many arrivals waited for a virtual user, and the shop was not slow."""
    arrivals = evidence.recorder.arrivals[Phase.STEADY]
    waited = arrivals.dropped + arrivals.waits.count_over(evidence.recorder.slice_length)
    return waited > MAX_GROWTH_SHARE * arrivals.offered and not shop_slow(evidence)
