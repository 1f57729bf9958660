"""Runs all checks of validity: each looks for one way in which checkload itself may have spoilt the measurement.

A run is *invalid* when checkload failed, and *failed* when the shop did. To add a check, write a function in one of the
modules of this package and give it a row in ``CHECKS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from harness.measurement.recorder import Recorder
from harness.objectives.model import Objective
from harness.objectives.verdict import Finding
from harness.validity.accounting import (
    aborted_journeys,
    arrivals_accounted_for,
    guaranteed_journeys,
    ledger_agreement,
)
from harness.validity.backlog import backlog_cleared, backlog_growth
from harness.validity.delivery import arrivals_delivered, littles_law_holds, unique_order_numbers
from harness.validity.evidence import Conditions, Evidence
from harness.validity.generator import arrival_lateness, cpu_usage, event_loop_lag
from harness.validity.host import (
    busy_seconds,
    cpu_contention,
    cpu_steal,
    descriptors_and_ports,
    gc_pauses,
    missing_readings,
    resource_exhaustion,
)
from harness.validity.mix import mix_as_planned
from harness.validity.run_end import (
    crashed,
    harness_errors,
    ran_to_its_end,
    requests,
    shop_alive,
    target_reachable,
)
from harness.validity.shop_refusals import (
    content_type,
    failure_messages,
    options_available,
    payment_options_offered,
    products_available,
)
from harness.validity.stationarity import stationary
from harness.validity.user_supply import account_supply, user_supply
from harness.validity.workers import (
    clock_drift,
    clock_offsets,
    foreign_messages,
    no_worker_lost,
    report_gaps,
    same_version_and_scenario,
    worker_lag,
)


class Check(NamedTuple):
    """One check of validity: ``find`` yields its findings, and none where the check does not apply.

    The docstring of ``find`` says what the check asks. ``in_search`` is false for a check that a search for capacity
    breaks on purpose: the search overloads the shop, and holds each of its levels to these checks itself.
    """

    find: Callable[[Evidence], Iterator[Finding]]
    in_search: bool = True


CHECKS = (
    Check(crashed),
    Check(same_version_and_scenario),
    Check(clock_offsets),
    Check(no_worker_lost),
    Check(shop_alive),
    Check(resource_exhaustion),
    Check(descriptors_and_ports),
    Check(target_reachable),
    Check(ran_to_its_end),
    Check(requests),
    Check(harness_errors),
    Check(account_supply),
    Check(products_available),
    Check(payment_options_offered),
    Check(options_available),
    Check(clock_drift),
    Check(cpu_steal),
    Check(cpu_contention),
    Check(gc_pauses),
    Check(busy_seconds, in_search=False),
    Check(cpu_usage, in_search=False),
    Check(event_loop_lag, in_search=False),
    Check(arrival_lateness, in_search=False),
    Check(worker_lag, in_search=False),
    Check(report_gaps),
    Check(foreign_messages),
    Check(user_supply, in_search=False),
    Check(unique_order_numbers),
    Check(backlog_growth, in_search=False),
    Check(arrivals_accounted_for),
    Check(arrivals_delivered),
    Check(littles_law_holds),
    Check(ledger_agreement),
    Check(guaranteed_journeys),
    Check(mix_as_planned),
    Check(aborted_journeys),
    Check(content_type),
    Check(failure_messages),
    Check(backlog_cleared, in_search=False),
    Check(stationary, in_search=False),
    Check(missing_readings),
)
"""Every check, causes before effects: the first check that finds the run invalid gives the reason of the verdict."""

TIMING_CHECKS = frozenset(
    {"busy", "collector", "cpu", "crowded", "lateness", "loop", "pressure", "steal", "users", "worker_lag"}
)
"""The names of the findings that make only times, and the number of served arrivals, doubtful."""


def check(recorder: Recorder, conditions: Conditions, objectives: Sequence[Objective] = ()) -> tuple[Finding, ...]:
    """Run all checks; ``objectives`` decide how exact the measurement had to be."""
    evidence = Evidence(recorder, conditions, tuple(objectives))
    applicable = [each for each in CHECKS if each.in_search or not conditions.delivery.capacity_search]
    return tuple(finding for each in applicable for finding in each.find(evidence))
