"""Makes the metrics of pages, journeys and arrivals from the recorder of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.measurement.outcomes import Blame
from harness.measurement.recorder import JourneyKey
from harness.measurement.series import REPEATED
from harness.metrics.family import Family, LabelValues, LimitLabel, family
from harness.metrics.run_families import run_families
from harness.metrics.run_metrics import RunMetrics
from harness.objectives.model import Objective, Subject
from harness.yield_to_load import YieldToLoad

_ABANDONED = "abandoned"
_DROP_REASON = "max_in_flight"  # the only reason: no virtual user was free in time
_APART = frozenset({"429", "503"})

_YIELD_EVERY = 10


def families(
    state: RunMetrics, limit_label: LimitLabel, yield_to_load: YieldToLoad, *, native: bool = False
) -> Iterator[Family]:
    """Every metric of a run, in the order of the catalogue.

    ``limit_label`` gets the name and the value of a label and returns the value to publish. ``yield_to_load`` is called in
    between, so that the load does not wait for a scrape. ``native`` also counts pages and journeys for native histograms.
    """
    yield from _pages(state, limit_label, yield_to_load, native=native)
    yield from _journeys(state, limit_label, yield_to_load, native=native)
    yield from _arrivals(state)
    yield from run_families(state, limit_label)


def code_class(status: str) -> str:
    """The published class of an HTTP status; ``none`` for 0, which means no reply."""
    if status in _APART:
        return status
    return f"{status[0]}xx" if len(status) == 3 and status[0] in "12345" else "none" if status == "0" else "other"  # noqa: PLR2004


def _bounds_of(state: RunMetrics, subject: Subject) -> frozenset[float]:
    """The bounds of objectives on times; with a bucket at each of them, no interpolation is needed."""
    objectives = [one.objective for one in state.objectives if isinstance(one.objective, Objective)]
    return frozenset(each.bound for each in objectives if each.subject is subject and each.metric.timed)


def _pages(state: RunMetrics, limit_label: LimitLabel, yield_to_load: YieldToLoad, *, native: bool) -> Iterator[Family]:
    extra = _bounds_of(state, Subject.PAGE)
    service = family("page_duration_seconds", extra=extra, native=native)
    response = family("page_response_seconds", extra=extra, native=native)
    responses, outcomes = family("page_responses_total"), family("page_outcomes_total")
    errors, received = family("page_errors_total"), family("page_received_bytes_total")
    challenges, verifications = family("threeds_challenges_total"), family("sms_verifications_total")
    requested, requesting = family("sms_requested_total"), family("requests_in_flight")
    repeats = family("page_repeats_total")
    run, roles = state.run_id, state.page_roles
    for key, cell in yield_to_load.every(_YIELD_EVERY, list(state.recorder.pages.items())):
        page, outcome = limit_label("page", key.page), limit_label("outcome", key.outcome)
        failed = key.blame == Blame.SHOP
        values = (run, page, "failure" if failed else "success")
        total = cell.response.total
        service.add_histogram(values, cell.service)
        response.add_histogram(values, cell.response)
        received.increment((run, page), cell.received)
        requesting.increment((run, page), 0)
        outcomes.increment((run, page, limit_label("payment_option", key.payment_option), outcome), total)
        counts = dict(cell.counts)
        repeats.increment((run, page), counts.pop(REPEATED, 0))
        for status, n in counts.items():
            responses.increment((run, page, code_class(status)), n)
        if failed:
            errors.increment((run, page, outcome), total)
        if key.page in roles.challenges:
            challenges.increment((run, outcome), total)
        if key.page in roles.codes:
            verifications.increment((run, outcome), total)
        if key.page in roles.resends:
            requested.increment((run, "resend"), total)
    _attach_exemplars(state, "service", service)
    _attach_exemplars(state, "response", response)
    for name, n in list(state.requesting.items()):
        requesting.increment((run, limit_label("page", name)), n)
    yield from (service, response, responses, outcomes, errors, received, repeats, requesting)
    yield from (challenges, verifications)
    for each, cell in list(state.recorder.journeys.items()):
        if each.verification:
            requested.increment((run, "order"), cell.response.total)
    yield requested


def _attach_exemplars(state: RunMetrics, kind: str, histogram: Family) -> None:
    for (_, page, result), buckets in histogram.times.items():
        buckets.exemplars = state.exemplars.for_bounds(page, result, kind, histogram.bounds)


def _journeys(
    state: RunMetrics, limit_label: LimitLabel, yield_to_load: YieldToLoad, *, native: bool
) -> Iterator[Family]:
    extra = _bounds_of(state, Subject.JOURNEY)
    completed, orders = family("journeys_completed_total"), family("orders_total")
    duration = family("journey_duration_seconds", extra=extra, native=native)
    response = family("journey_response_seconds", extra=extra, native=native)
    funnel, scripts = family("funnel_steps_total"), family("sms_journeys_total")
    reached = Counter[tuple[str, str]]()
    for key, cell in yield_to_load.every(_YIELD_EVERY, list(state.recorder.journeys.items())):
        option = limit_label("payment_option", key.payment_option)
        values = (state.run_id, state.scenario, option, _result(key))
        total = cell.response.total
        completed.increment((*values, limit_label("outcome", key.outcome)), total)
        duration.add_histogram(values, cell.service)
        response.add_histogram(values, cell.response)
        if key.ordered:
            orders.increment((state.run_id, option), total)
        if key.verification:
            scripts.increment((state.run_id, limit_label("verification", key.verification)), total)
        for step, n in list(cell.counts.items()):
            reached[option, step] += n
    for option in {option for option, _ in reached}:
        upto: float = 0
        for step in reversed(state.page_roles.steps):
            upto += reached[option, step]
            funnel.set_value((state.run_id, option, step), upto)
    flying = family("journeys_in_flight")
    for option, n in list(state.in_flight.items()):
        flying.increment((state.run_id, state.scenario, limit_label("payment_option", option)), n)
    yield from (completed, duration, response, flying, funnel, orders, scripts)


def _result(key: JourneyKey) -> str:
    if key.blame == Blame.SHOP:
        return "failed"
    if key.blame == Blame.HARNESS:
        return "aborted"
    return "abandoned" if key.outcome == _ABANDONED else "success"


def _arrivals(state: RunMetrics) -> Iterator[Family]:
    scheduled, started = family("arrivals_scheduled_total"), family("arrivals_started_total")
    dropped, waiting = family("arrivals_dropped_total"), family("arrivals_waiting")
    lag, wait = family("arrival_lag_seconds"), family("arrival_wait_seconds")
    where: LabelValues = (state.run_id, state.scenario)
    for arrivals in state.recorder.arrivals.values():
        scheduled.increment(where, arrivals.offered)
        started.increment(where, arrivals.started)
        dropped.increment((*where, _DROP_REASON), arrivals.dropped)
        waiting.increment(where, arrivals.waiting)
        lag.add_histogram(where, arrivals.lateness)
        wait.add_histogram(where, arrivals.waits)
    target = family("arrival_rate_target")
    target.set_value(where, state.rate_target)
    yield from (scheduled, started, dropped, waiting, lag, wait, target)
