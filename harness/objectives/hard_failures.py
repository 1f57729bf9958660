"""Finds the failures of the shop that no lateness of ours explains: an HTTP 5xx or a wrong page is wrong at any time.

A check of the instrument may find that our clocks, our processor or our pool of users were over a limit. Times are then
in doubt, and so is what follows from times. The other failures are not, as long as the load did not come in clumps.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.objectives.counting import STEADY, SampleCounts, matching_series
from harness.objectives.model import Metric, Objective, Statistic
from harness.objectives.verdict import Finding, Severity

TIMING_CHECKS = frozenset(
    {"busy", "collector", "cpu", "crowded", "lateness", "loop", "pressure", "steal", "users", "worker_lag"}
)
"""The checks whose finding says that times, or the number of arrivals served, may be our own doing; nothing else is in doubt."""
LATENESS_OUTCOMES = frozenset(
    {"code_expired", "connection", "dropped", "session_lost", "sms_lost", "throttled", "timeout", "unfinished"}
)
"""The outcomes that a late shopper, or an arrival without a free user, may bring about."""
MAX_STANDSTILL = 1.0
"""Seconds: after a standstill this long, arrivals come in a clump, and a shop may answer that with errors."""


def only_times_in_doubt(recorder: Recorder, invalid: Iterable[Finding]) -> bool:
    """Whether all of these findings cast doubt on times only, and no standstill of ours made arrivals come in a clump."""
    return recorder.lateness.largest < MAX_STANDSTILL and all(one.check in TIMING_CHECKS for one in invalid)


def hard_failures(recorder: Recorder, objective: Objective) -> SampleCounts | None:
    """How many samples an objective speaks of, and how many failed plainly; None: it is not about failures or a percentile."""
    if objective.metric is not Metric.FAILURES and objective.statistic is not Statistic.PERCENTILE:
        return None
    named = objective.label("outcome") if objective.metric is Metric.FAILURES else ""
    total = failed = 0
    slices: dict[int, tuple[int, int]] = {}
    for key, cell in matching_series(recorder, objective, STEADY):
        wrong = key.blame == Blame.SHOP and key.outcome not in LATENESS_OUTCOMES and named in {"", key.outcome}
        total += cell.response.total
        failed += cell.response.total if wrong else 0
        for index, times in list(cell.slices.items()):
            n, x = slices.get(index, (0, 0))
            slices[index] = (n + times.total, x + (times.total if wrong else 0))
    first, last = min(slices, default=0), max(slices, default=-1)
    return SampleCounts(total, failed, 0, tuple(slices.get(index, (0, 0)) for index in range(first, last + 1)))


def times_in_doubt_sentence(invalid: Iterable[Finding]) -> str:
    """What is in doubt beside such a failure, as a sentence."""
    causes = [one.message for one in invalid if one.level is Severity.INVALID]
    return f"Times are in doubt: {'; '.join(causes)}."
