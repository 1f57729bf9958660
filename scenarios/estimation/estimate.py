"""Turns a walk of sample journeys into what the whole run will send, need and prove."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import stdev

import orjson

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.counting import count_samples, matching_series, succeeded
from harness.objectives.model import Metric, Objective, Operator
from harness.objectives.sample_size import samples_needed
from harness.schedule.arrivals import users_needed
from scenarios.estimation.walk import Walk, WalkedJourney
from scenarios.runtime.workload import ScenarioWorkload
from shop.contract import OUTSIDE_PAGES, Page

COST_OF_HTTP = 2.0
"""Processor time of a whole request over that of the walk, which has no sockets: 1.5 in the benchmarks, with a reserve."""
MOST_SPREAD = 5000
"""Journeys that are recorded to find the size of the results; more add little."""
BUSIEST = 0.6
"""The share of a core that one process should use at most, so that it starts arrivals on time."""
STEPS = 500
"""Moments at which the arrival rate is read."""
_STEADY = 0.5


@dataclass(frozen=True, slots=True)
class ObjectiveNeed:
    """The samples that an objective gets in the steady part and needs for a pass, and the shortest steady part in seconds.

    ``needed`` is None if a pass does not depend on the number of samples. ``shortest`` is None if no length is enough.
    """

    text: str
    expected: float
    needed: int | None
    shortest: float | None

    @property
    def decidable(self) -> bool:
        """Whether this run can pass the objective."""
        return self.expected > 0 and (self.needed is None or round(self.expected) >= self.needed)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will do. Times are in seconds, rates per second; ``orders`` counts by payment option.

    ``requests_error`` is the half-width of the 95 % interval of ``requests``, because a sample was walked. ``at_most`` says that all
    counts are upper bounds: a search for the capacity chooses its rates itself. ``result_bytes`` is the size of ``result.json``.
    ``cores`` is the processor time per second at the peak, ``processes`` the processes that carry it on this machine.
    ``unexpected`` counts walked journeys that failed, by outcome.
    """

    scenario: str
    warm_up: float
    steady: float
    drain: float
    arrivals: float
    requests: float
    requests_error: float
    at_most: bool
    orders: dict[str, float]
    sms_codes: float
    outside_requests: float
    journey_seconds: float
    peak_rate: float
    peak_requests: float
    users_needed: int
    users: int
    cores: float
    processes: int
    result_bytes: int
    objectives: tuple[ObjectiveNeed, ...]
    unexpected: dict[str, int]


def planned_arrivals(workload: ScenarioWorkload, journey_seconds: float = 0.0) -> float:
    """The arrivals of the whole run; for a search, the most that it may cause.

    For a closed load, the journeys that its users finish at ``journey_seconds`` each.
    """
    due = workload.schedule.due_times()
    if due is not None:
        return due.min_count
    length = workload.schedule.warm_up + workload.schedule.steady
    if workload.schedule.is_open:
        return workload.schedule.rate(0.0) * length
    return workload.population.users * length / journey_seconds if journey_seconds else workload.population.users


def estimate(workload: ScenarioWorkload, walked: Walk) -> Estimate:
    """What the run of this workload will do, from the journeys that were walked."""
    schedule, journeys = workload.schedule, walked.journeys
    number = len(journeys)
    journey_seconds = math.fsum(each.journey.done for each in journeys) / number
    arrivals = planned_arrivals(workload, journey_seconds)
    per_walked = arrivals / number
    pages = Counter(page.page for each in journeys for page in each.pages)
    outside = sum(count for page, count in pages.items() if page in OUTSIDE_PAGES)
    per_journey = pages.total() / number
    peak = _peak_rate(workload, arrivals)
    cores = peak * per_journey * walked.seconds_per_request * COST_OF_HTTP
    return Estimate(
        scenario=workload.name,
        warm_up=schedule.warm_up,
        steady=schedule.steady,
        drain=schedule.drain,
        arrivals=arrivals,
        requests=pages.total() * per_walked,
        requests_error=_half_width([len(each.pages) for each in journeys], arrivals),
        at_most=workload.judging.search is not None,
        orders={
            option: count * per_walked
            for option, count in Counter(one.journey.payment_option for one in journeys if one.journey.ordered).items()
        },
        sms_codes=sum(_codes(each) for each in journeys) * per_walked,
        outside_requests=outside * per_walked,
        journey_seconds=journey_seconds,
        peak_rate=peak,
        peak_requests=peak * per_journey,
        users_needed=users_needed(peak, journey_seconds) if schedule.is_open else workload.population.users,
        users=workload.population.users,
        cores=cores,
        processes=max(1, math.ceil(cores / BUSIEST)),
        result_bytes=_result_bytes(schedule.warm_up + schedule.steady, journeys, arrivals),
        objectives=tuple(_needs(workload, journeys, _steady_arrivals(workload, arrivals))),
        unexpected=unexpected_ends(journeys),
    )


def _half_width(counts: Sequence[int], arrivals: float) -> float:
    """Half the 95 % interval of the pages of ``arrivals`` journeys, if these are the pages of a sample of them."""
    unseen = max(0.0, 1 - len(counts) / arrivals)
    return 1.96 * arrivals * stdev(counts) * math.sqrt(unseen / len(counts)) if len(counts) > 1 else 0.0


def _result_bytes(length: float, walked: Sequence[WalkedJourney], arrivals: float) -> int:
    """The size of ``result.json``: most of it are measurements by time, which a recorder with spread journeys shows."""
    recorder, number = Recorder(Window(0.0, 0.0, length)), math.ceil(min(arrivals, MOST_SPREAD))
    for index in range(number):
        each, start = walked[index % len(walked)], length * index / number
        recorder.offered(start)
        recorder.started(start, 0.0, 0.0)
        recorder.journey(_moved(each.journey, start))
        for page in each.pages:
            recorder.page(page._replace(due=page.due + start, sent=page.sent + start, done=page.done + start))
    return len(orjson.dumps(recorder.to_json()))


def _moved(sample: JourneySample, start: float) -> JourneySample:
    return sample._replace(due=start, started=start, done=sample.done + start)


def unexpected_ends(journeys: Sequence[WalkedJourney]) -> dict[str, int]:
    """How many journeys ended with a failure, by outcome: the scenario does not fit the embedded shop."""
    return dict(Counter(one.journey.outcome for one in journeys if one.journey.blame in {"shop", "harness"}))


def _codes(walked: WalkedJourney) -> int:
    """The SMS codes that the shop sends for one journey: one when it asks, and one for each request for a new one."""
    asked = 1 if walked.journey.verification else 0
    return asked + sum(page.page == Page.SEND_SMS for page in walked.pages)


def _rates(workload: ScenarioWorkload) -> list[float]:
    """The arrival rate at ``STEPS`` moments of the steady part and the warm-up, with the same distance."""
    schedule = workload.schedule
    length = schedule.warm_up + schedule.steady
    return [schedule.rate(length * (step + 0.5) / STEPS) for step in range(STEPS)]


def _peak_rate(workload: ScenarioWorkload, arrivals: float) -> float:
    schedule = workload.schedule
    if schedule.is_open:
        return max(_rates(workload))
    return arrivals / (schedule.warm_up + schedule.steady)


def _steady_arrivals(workload: ScenarioWorkload, arrivals: float) -> float:
    """The arrivals of the steady part."""
    schedule = workload.schedule
    length = schedule.warm_up + schedule.steady
    if not schedule.is_open:
        return arrivals * schedule.steady / length
    rates = _rates(workload)
    first = round(STEPS * schedule.warm_up / length)
    return arrivals * math.fsum(rates[first:]) / max(math.fsum(rates), 1e-9)


def _needs(workload: ScenarioWorkload, walked: Sequence[WalkedJourney], arrivals: float) -> Iterator[ObjectiveNeed]:
    """The samples that each objective gets, counted as the run counts them."""
    recorder = Recorder(Window(0.0, 0.0, 1.0))
    for each in walked:
        recorder.offered(_STEADY)
        recorder.started(_STEADY, 0.0, 0.0)
        recorder.journey(_at_once(each.journey))
        for page in each.pages:
            recorder.page(_page_at_once(page))
    for objective in workload.judging.objectives:
        expected = _samples(recorder, objective) * arrivals / len(walked)
        needed, seconds = samples_needed(objective), workload.schedule.steady
        if objective.metric is Metric.COUNT and objective.operator.upward:
            needed = math.floor(objective.bound) + (objective.operator is Operator.MORE)
        shortest = None
        if expected:
            shortest = 0.0 if needed is None else seconds * needed / expected
        yield ObjectiveNeed(objective.text, expected, needed, shortest)


def _samples(recorder: Recorder, objective: Objective) -> int:
    if objective.metric in {Metric.RATE, Metric.COUNT}:
        matching = matching_series(recorder, objective)
        return sum(series.response.total for key, series in matching if succeeded(objective, key))
    return count_samples(recorder, objective, sliced=False).total


def _at_once(sample: JourneySample) -> JourneySample:
    return sample._replace(due=_STEADY, started=_STEADY, done=_STEADY)


def _page_at_once(sample: PageSample) -> PageSample:
    return sample._replace(due=_STEADY, sent=_STEADY, done=_STEADY)
