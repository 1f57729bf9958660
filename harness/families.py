"""The catalogue of metrics: what is published under which name, with which labels.

Names begin with ``checkout_load_`` and durations are in seconds. A failure is what the shop is to blame for; the
shopper's luck (a declined card, a wrong code) is a success of the page and stays visible as its outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from harness.buckets import JOURNEY, LATENESS, PAGE_RESPONSE, PAGE_SERVICE
from harness.histogram import Histogram
from harness.recorder import JourneyKey, Recorder
from harness.sample import Blame, Phase

PREFIX = "checkout_load_"
VERDICTS = ("pending", "passed", "failed", "invalid", "inconclusive")
_ABANDONED = "abandoned"
_DROP_REASON = "max_in_flight"  # an arrival is dropped for one reason only: no user was free in time

_PAUSE_EVERY = 20

Values = tuple[str, ...]
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class RunState:
    """What is published of a run, at the moment of a scrape.

    ``target`` is ``"embedded"`` or a host, never a whole URL. ``users`` counts virtual users by class,
    ``in_flight`` journeys under way by payment option (``""`` where that is not known). ``rate_target`` is in journeys
    per second, ``None`` for a closed load; ``started_at`` in seconds since 1970. ``verdict`` stays ``pending`` until
    the run is judged.
    """

    recorder: Recorder
    run_id: str
    scenario: str
    phase: str = Phase.WARM_UP
    model: str = "open"
    target: str = "embedded"
    version: str = ""
    verdict: str = "pending"
    started_at: float = 0.0
    rate_target: float | None = None
    users: Mapping[str, int] = field(default_factory=dict)
    in_flight: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Buckets:
    """Times counted between the bounds of a metric (the last count: over all bounds), and the sum of the finite ones."""

    counts: list[int]
    sum: float = 0.0


@dataclass(slots=True)
class Family:
    """One metric with all its series; ``kind`` is ``counter`` or ``gauge``, or ``histogram`` for one with ``bounds``."""

    name: str
    kind: str
    help: str
    labels: Values
    bounds: tuple[float, ...] = ()
    numbers: dict[Values, float] = field(default_factory=dict)
    times: dict[Values, Buckets] = field(default_factory=dict)

    def count(self, values: Values, n: float) -> None:
        """Add a number to the series with these label values."""
        self.numbers[values] = self.numbers.get(values, 0) + n

    def time(self, values: Values, histogram: Histogram) -> None:
        """Add times to the series with these label values."""
        buckets = self.times.get(values)
        if buckets is None:
            buckets = self.times[values] = Buckets([0] * (len(self.bounds) + 1))
        histogram.spread(self.bounds, buckets.counts)
        buckets.sum += histogram.sum


def families(state: RunState, bounded: Callable[[str, str], str], pause: Callable[[], None]) -> Iterator[Family]:
    """Every metric of a run.

    ``bounded`` is given a label's name and value and returns the value to publish. ``pause`` is called every now and
    then: whoever is just measuring the shop in the same process must not wait for all of this.
    """
    yield from _pages(state, bounded, pause)
    yield from _journeys(state, bounded, pause)
    yield from _arrivals(state)
    yield from _run(state, bounded)


def _family(name: str, kind: str, text: str, *labels: str, bounds: tuple[float, ...] = ()) -> Family:
    return Family(PREFIX + name, kind, text, ("run_id", *labels), bounds)


def _now_and_then(things: Iterable[Thing], pause: Callable[[], None]) -> Iterator[Thing]:
    for number, thing in enumerate(things):
        if number % _PAUSE_EVERY == 0:
            pause()
        yield thing


def _pages(state: RunState, bounded: Callable[[str, str], str], pause: Callable[[], None]) -> Iterator[Family]:
    labels = ("page", "payment_option", "result", "outcome")
    service = _family(
        "page_duration_seconds",
        "histogram",
        "Service time of pages, from the first byte sent to the last received.",
        *labels,
        bounds=PAGE_SERVICE,
    )
    response = _family(
        "page_response_seconds",
        "histogram",
        "Response time of pages, from the moment the shopper would have sent it to the last byte received.",
        *labels,
        bounds=PAGE_RESPONSE,
    )
    received = _family("page_received_bytes_total", "counter", "Bytes received in replies, by page.", "page")
    errors = _family("page_errors_total", "counter", "Pages that the shop failed, by kind of failure.", "page", "kind")
    for key, cell in _now_and_then(list(state.recorder.pages.items()), pause):
        page, outcome = bounded("page", key.page), bounded("outcome", key.outcome)
        failed = key.blame == Blame.SHOP
        option = bounded("payment_option", key.payment_option)
        values = (state.run_id, page, option, "failure" if failed else "success", outcome)
        service.time(values, cell.service)
        response.time(values, cell.response)
        received.count((state.run_id, page), cell.received)
        if failed:
            errors.count((state.run_id, page, outcome), cell.response.total)
    yield from (service, response, received, errors)


def _journeys(state: RunState, bounded: Callable[[str, str], str], pause: Callable[[], None]) -> Iterator[Family]:
    labels = ("scenario", "payment_option", "result")
    completed = _family(
        "journeys_completed_total",
        "counter",
        "Journeys that ended, however they ended; arrivals that were dropped included.",
        *labels,
        "outcome",
    )
    duration = _family(
        "journey_duration_seconds",
        "histogram",
        "Time from the start of a journey to its end; dropped arrivals never started.",
        *labels,
        bounds=JOURNEY,
    )
    response = _family(
        "journey_response_seconds",
        "histogram",
        "Time from the moment a journey was due to its end; dropped arrivals are counted over every bound.",
        *labels,
        bounds=JOURNEY,
    )
    orders = _family("orders_total", "counter", "Orders placed, by payment option.", "payment_option")
    sms = _family(
        "sms_verifications_total", "counter", "Journeys that were asked for an SMS code, by how that went.", "result"
    )
    for key, cell in _now_and_then(list(state.recorder.journeys.items()), pause):
        option = bounded("payment_option", key.payment_option)
        values = (state.run_id, state.scenario, option, _result(key))
        completed.count((*values, bounded("outcome", key.outcome)), cell.response.total)
        duration.time(values, cell.service)
        response.time(values, cell.response)
        if key.ordered:
            orders.count((state.run_id, option), cell.response.total)
        if key.verification:
            sms.count((state.run_id, bounded("verification", key.verification)), cell.response.total)
    flying = _family("journeys_in_flight", "gauge", "Journeys under way.", "scenario", "payment_option")
    for option, n in state.in_flight.items():
        flying.count((state.run_id, state.scenario, bounded("payment_option", option)), n)
    yield from (completed, duration, response, orders, sms, flying)


def _result(key: JourneyKey) -> str:
    if key.blame == Blame.SHOP:
        return "failed"
    if key.blame == Blame.HARNESS:
        return "aborted"
    return "abandoned" if key.outcome == _ABANDONED else "success"


def _arrivals(state: RunState) -> Iterator[Family]:
    scheduled = _family("arrivals_scheduled_total", "counter", "Arrivals that became due.", "scenario")
    started = _family("arrivals_started_total", "counter", "Arrivals that a virtual user took.", "scenario")
    dropped = _family("arrivals_dropped_total", "counter", "Arrivals that nobody served.", "scenario", "reason")
    waiting = _family("arrivals_waiting", "gauge", "Arrivals that are due and wait for a free user.", "scenario")
    lag = _family(
        "arrival_lag_seconds",
        "histogram",
        "How late arrivals were taken for reasons of the harness's own.",
        "scenario",
        bounds=LATENESS,
    )
    wait = _family(
        "arrival_wait_seconds",
        "histogram",
        "How long arrivals waited because no virtual user was free.",
        "scenario",
        bounds=LATENESS,
    )
    where = (state.run_id, state.scenario)
    for arrivals in state.recorder.arrivals.values():
        scheduled.count(where, arrivals.offered)
        started.count(where, arrivals.started)
        dropped.count((*where, _DROP_REASON), arrivals.dropped)
        waiting.count(where, arrivals.waiting)
        lag.time(where, arrivals.lateness)
        wait.time(where, arrivals.waits)
    target = _family("arrival_rate_target", "gauge", "Journeys per second that the scenario asks for now.", "scenario")
    if state.rate_target is not None:
        target.count(where, state.rate_target)
    yield from (scheduled, started, dropped, waiting, lag, wait, target)


def _run(state: RunState, bounded: Callable[[str, str], str]) -> Iterator[Family]:
    run = (state.run_id,)
    users = _family("users", "gauge", "Virtual users, by class.", "user_class")
    for user_class, n in state.users.items():
        users.count((*run, bounded("user_class", user_class)), n)
    about = _family("run_info", "gauge", "Always 1; what is being run.", "scenario", "model", "target", "version")
    about.count((*run, state.scenario, state.model, state.target, state.version), 1)
    phases = _family("run_phase", "gauge", "1 for the phase that the run is in.", "phase")
    for phase in Phase:
        phases.count((*run, phase.value), int(phase == state.phase))
    valid = _family("run_valid", "gauge", "1 once a verdict was given that can be trusted; 0 until then.")
    valid.count(run, int(state.verdict not in {"pending", "invalid"}))
    verdicts = _family("run_verdict", "gauge", "1 for the verdict of the run.", "verdict")
    for verdict in VERDICTS:
        verdicts.count((*run, verdict), int(verdict == state.verdict))
    began = _family("run_start_timestamp_seconds", "gauge", "When the run was started, in seconds since 1970.")
    began.count(run, state.started_at)
    yield from (users, about, phases, valid, verdicts, began)
