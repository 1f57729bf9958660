"""Whether as many journeys ended as came: a shop that falls behind is overloaded, however patient the demands are.

In the long run what comes in must go out. Where the load is level, the number under way may wander, but not grow: the
growth over the steady part is held against one part in a hundred of what came, and against what a shop that is just as
fast as its shoppers would show by chance alone (a random walk, two steps for each arrival).
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
from harness.validity.generator import more_users_remedy, shop_slow

MAX_GROWTH_SHARE = 0.01
"""Of those who came: as many may be left over, or the tail of a p99 is whoever was left over."""
FAILED_SIGMAS = 3.0
"""Standard deviations of a random walk: chance grows that much less than twice in a thousand runs at the very limit."""
INCONCLUSIVE_SIGMAS = 2.0
"""Likewise: from here on the run shows too little to say that the shop keeps up."""
EDGE_SHARE = 0.1
"""The part of the load from whose journeys it is read how long one takes while there is no backlog."""
LEAST_SAMPLES = 20
"""Journeys it takes to say how long one usually takes."""
SLOWDOWN_FACTOR = 2.0
"""How many times as long as the first ones the last ones may take before it is said."""
SLOWDOWN_SECONDS = 1.0
"""And by how many seconds."""


@dataclass(frozen=True, slots=True)
class JourneyFlow:
    """Who came and who went between two moments (seconds from the first arrival), and how many were there at each."""

    since: float
    until: float
    came: int
    ended: int
    before: int
    after: int

    @property
    def growth(self) -> int:
        """By how much the number under way grew."""
        return self.after - self.before

    def rate(self, number: int) -> float:
        """So many, a second."""
        return number / (self.until - self.since)


def backlog_growth(evidence: Evidence) -> Iterator[Finding]:
    """Whether journeys ended as fast as they came, given that they came at one rate; a closed load cannot fall behind."""
    conditions = evidence.conditions
    if not (conditions.constant_rate and conditions.expected_offered) or conditions.disturbed:
        return
    seen = journey_flow(evidence)
    if seen is None:
        return
    walk = math.sqrt(2 * seen.came)
    grown = seen.growth > MAX_GROWTH_SHARE * seen.came
    if not grown or seen.growth <= INCONCLUSIVE_SIGMAS * walk:
        yield Finding("balance", Severity.OK, "journeys ended as fast as they came")
        return
    message = (
        f"in the last {format_duration(seen.until - seen.since)} of the load {seen.came:,} journeys came and {seen.ended:,} "
        f"ended, so those under way grew from {seen.before:,} to {seen.after:,}"
    )
    if seen.growth <= FAILED_SIGMAS * walk:
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
            f"there were too few users for the load: {message}",
            more_users_remedy(evidence),
        )
    else:
        yield Finding(
            "balance",
            Severity.FAILED,
            f"the shop is over its capacity: {message}",
            f"it finishes {format_number(round(seen.rate(seen.ended), 1))} journeys/s of the "
            f"{format_number(round(seen.rate(seen.came), 1))}/s that come; lower the rate, or give it more capacity",
        )


def backlog_cleared(evidence: Evidence) -> Iterator[Finding]:
    """Whether those who came last were served as quickly as the first: a queue that is left over at the end is no pass."""
    conditions = evidence.conditions
    if not conditions.expected_offered or conditions.disturbed:
        return
    slices = by_slice(evidence.recorder, dropped=False)
    held = conditions.load_duration / evidence.recorder.slice_length
    first = _merged(slices, 0, EDGE_SHARE * held)
    last = _merged(slices, held * (1 - EDGE_SHARE), held)
    if min(first.total, last.total) < LEAST_SAMPLES:
        return
    usual, late = first.quantile(0.5), last.quantile(0.5)
    if late > SLOWDOWN_FACTOR * usual and late - usual > SLOWDOWN_SECONDS:
        yield Finding(
            "recovered",
            Severity.WARNING,
            f"the shop was left with a queue: half of those who came first took {format_duration(usual)} or less, "
            f"and of those who came last {format_duration(late)}",
            "let the load go on for longer after its peak, or lower the peak",
        )


def journey_flow(evidence: Evidence) -> JourneyFlow | None:
    """Who came and who went in the steady part, or in its second half where the first journeys of all were under way for so long.

    While the first ones are on their way nobody ends: the number under way grows, and nothing is wrong. None: the run is
    too short to see past that.
    """
    recorder, conditions = evidence.recorder, evidence.conditions
    window, length = recorder.window, recorder.slice_length
    slices = by_slice(recorder, dropped=not any(each.metric is Metric.DROPPED for each in evidence.objectives))
    begun = window.steady_from - window.start
    last = math.floor(round(min(window.steady_until - window.start, conditions.load_duration) / length, 6))
    beginning = _merged(by_slice(recorder, dropped=False), 0, max(1.0, EDGE_SHARE * last))
    if beginning.total < LEAST_SAMPLES:
        return None
    full = beginning.quantile(0.95)
    for since in (begun, (begun + last * length) / 2):
        first = math.ceil(round(since / length, 6))
        if full <= first * length and first < last:
            break
    else:
        return None
    came = sum(times.total for index, times in slices.items() if first <= index < last)
    before, after = _under_way(slices, first, length), _under_way(slices, last, length)
    return JourneyFlow(first * length, last * length, came, came - (after - before), before, after)


def by_slice(recorder: Recorder, *, dropped: bool) -> dict[int, Histogram]:
    """How long the journeys took that were due in each slice of time, whatever came of them; ``dropped``: for ever."""
    slices: dict[int, Histogram] = {}
    for cell in recorder.journeys.values():
        if cell.response.infinite == cell.response.total and not dropped:
            continue
        for index, times in cell.slices.items():
            slices.setdefault(index, Histogram()).add(times)
    return slices


def _under_way(slices: Mapping[int, Histogram], edge: int, length: float) -> int:
    """How many of those who were due before this edge had not ended by then, taken as due in the middle of their slice."""
    return sum(times.count_over((edge - index - 0.5) * length) for index, times in slices.items() if index < edge)


def _merged(slices: Mapping[int, Histogram], first: float, last: float) -> Histogram:
    whole = Histogram()
    for index, times in slices.items():
        if first <= index < last:
            whole.add(times)
    return whole


def _short_of_users(evidence: Evidence) -> bool:
    """Whether the backlog stood before our own door: many waited for a user although no answer was too slow."""
    arrivals = evidence.recorder.arrivals[Phase.STEADY]
    waited = arrivals.dropped + arrivals.waits.count_over(evidence.recorder.slice_length)
    return waited > MAX_GROWTH_SHARE * arrivals.offered and not shop_slow(evidence)
