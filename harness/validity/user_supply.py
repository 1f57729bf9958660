"""Checks whether there were enough virtual users and test accounts for the load."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import replace

from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame, Outcome
from harness.measurement.sample import Phase
from harness.objectives.counting import EVERY_PHASE, STEADY, count_samples, matching_series, times
from harness.objectives.model import Metric, Objective, Statistic
from harness.objectives.statistics import LEAST_EVIDENCE, proves_broken
from harness.objectives.verdict import Finding, Severity
from harness.schedule.arrivals import users_needed
from harness.units import format_count, format_duration, format_number
from harness.validity.evidence import Evidence
from harness.validity.generator import LATE_SHARE, allowed_lateness, share_exceeded

USERS_KEY = "arrivals.users (option -u)"
"""Where a person says the number of users; a closed load cannot be short of users."""
OR_LESS_LOAD = "or lower the arrival rate"
LEAST_SERVED = 30
"""The least number of samples whose mean shows whether the shop was slow; the usual size for a mean."""


def user_supply(evidence: Evidence) -> Iterator[Finding]:
    """Whether there were enough virtual users; an arrival that waits for one makes a fast shop look slow.

    Users run out for two reasons. If the shop is slow, it keeps them busy: then service times prove that an objective
    on a time is broken, and the run speaks against the shop. Otherwise there are too few users, and checkload caused
    every dropped arrival and every objective that was broken by waiting. Stop rules look at all phases, so this check
    does too when a stop rule ended the run.
    """
    phases = _judged_phases(evidence)
    arrivals = [evidence.recorder.arrivals[phase] for phase in Phase if phase in phases]
    # While the run is on, some arrivals still wait for a user.
    settled, dropped = sum(each.settled for each in arrivals), sum(each.dropped for each in arrivals)
    waits = Histogram()
    for each in arrivals:
        waits.add(each.waits)
    long_waits = share_exceeded(waits, allowed_lateness(evidence), LATE_SHARE)
    if not (dropped or long_waits) or shop_slow(evidence):
        return
    timed = [each for each in evidence.objectives if each.metric.timed]
    spoilt = dropped or any(_broken_by_response_times(evidence, each) for each in timed)
    parts = []
    if dropped:
        parts.append(f"{dropped:,} of {format_count(settled, 'arrival')} were dropped")
    if long_waits and dropped <= LATE_SHARE * settled:
        parts.append(f"1 % of the arrivals waited for {format_duration(waits.quantile(0.99))} or longer")
    shop = "the shop was fast" if timed else "no objective on a time shows whether the shop was slow"
    yield Finding(
        "users",
        Severity.INVALID if spoilt else Severity.WARNING,
        f"{' and '.join(parts)}, because no virtual user was free; {shop}",
        more_users_remedy(evidence),
    )


def account_supply(evidence: Evidence) -> Iterator[Finding]:
    """Whether there was a free account for every journey that needed one."""
    journeys = evidence.recorder.journeys.items()
    recorded = sum(cell.response.total for key, cell in journeys if key.outcome == Outcome.NO_ACCOUNT)
    if number := max(evidence.conditions.delivery.journeys_without_account, recorded):
        yield Finding(
            "accounts",
            Severity.INVALID,
            f"{format_count(number, 'journey')} found no free account",
            f"put at least {number:,} more accounts into the pool, or run fewer journeys at once",
        )


def too_few_users(evidence: Evidence) -> bool:
    """Whether the run is invalid, because checkload had too few virtual users."""
    return any(finding.level is Severity.INVALID for finding in user_supply(evidence))


def short_of_users(evidence: Evidence) -> bool:
    """Whether most failed journeys were never served because checkload had too few virtual users."""
    if not too_few_users(evidence):
        return False
    failed = [cell.response for key, cell in evidence.recorder.journeys.items() if key.blame == Blame.SHOP]
    return 2 * sum(each.infinite for each in failed) > sum(each.total for each in failed)


def shop_slow(evidence: Evidence) -> bool:
    """Whether service times prove that an objective on a time is broken; they contain no waiting for a user.

    A few slow journeys prove nothing: where users are few, few journeys are served.
    """
    return any(_proven_slow(evidence, each) for each in evidence.objectives if each.metric.timed)


def more_users_remedy(evidence: Evidence) -> str:
    """How many virtual users are needed, by Little's law for each journey: every journey has users of its own."""
    window, phases, now = evidence.recorder.window, _judged_phases(evidence), evidence.conditions.delivery.users
    since = window.steady_from if phases == STEADY else window.start
    length = min(window.steady_until, window.start + evidence.conditions.delivery.load_duration) - since
    journeys: dict[str, tuple[int, Histogram]] = {}
    for key, cell in evidence.recorder.journeys.items():
        if key.phase in phases:
            number, service = journeys.setdefault(key.journey, (0, Histogram()))
            service.add(cell.service)
            journeys[key.journey] = (number + cell.response.total, service)
    if not (0 < length < math.inf and any(service.total for _, service in journeys.values())):
        return f"raise {USERS_KEY} above {now:,}, {OR_LESS_LOAD}"
    needed = sum(users_needed(n / length, service.mean) for n, service in journeys.values() if service.total)
    if needed <= now:
        return f"raise {USERS_KEY} above {now:,}, {OR_LESS_LOAD}: arrivals came in bursts"
    served = Histogram.merged(service for _, service in journeys.values())
    rate = sum(number for number, _ in journeys.values()) / length
    return (
        f"raise {USERS_KEY} from {now:,} to about {_rounded_up(needed):,} ({format_number(round(rate, 0 if rate >= 10 else 1))} journeys "  # noqa: PLR2004
        f"are due each second and last about {format_duration(float(f'{served.mean:.2g}'))}; the rest is a reserve), {OR_LESS_LOAD}"
    )


def _rounded_up(number: int) -> int:
    """The next number with two digits that count."""
    unit = int(10 ** max(0, len(str(number)) - 2))
    return math.ceil(number / unit) * unit


def _proven_slow(evidence: Evidence, objective: Objective) -> bool:
    served, phases = replace(objective, metric=Metric.SERVICE_TIME), _judged_phases(evidence)
    if served.statistic is Statistic.MEAN:
        service = Histogram()
        for _, cell in matching_series(evidence.recorder, served, phases):
            service.add(cell.service)
        return service.total >= LEAST_SERVED and service.mean > served.bound
    counted = count_samples(evidence.recorder, served, phases, sliced=False)
    if counted.over < LEAST_EVIDENCE:
        return False
    return served.allowed == 0 or proves_broken(counted.total, counted.over, served.allowed, 1 - served.confidence)


def _broken_by_response_times(evidence: Evidence, objective: Objective) -> bool:
    """Whether response times exceed the objective's bound, without a test for chance."""
    waited = replace(objective, metric=Metric.RESPONSE_TIME)
    if waited.statistic is Statistic.MEAN:
        return times(evidence.recorder, waited).mean > waited.bound
    counted = count_samples(evidence.recorder, waited, STEADY, sliced=False)
    return counted.total > 0 and counted.over > waited.allowed * counted.total


def _judged_phases(evidence: Evidence) -> Collection[str]:
    """The phases in which a lack of users counts."""
    return EVERY_PHASE if evidence.conditions.end.stop_rule else STEADY
