"""Says while a run is on that it will be invalid, once no later measurement can change that."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.locust_plugin.web.live.status import evidence_so_far
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.outcomes import Outcome
from harness.measurement.sample import Phase
from harness.objectives.verdict import Finding, Severity
from harness.run.lifecycle import EndCause
from harness.validity.user_supply import account_supply, user_supply
from harness.validity.workers import no_worker_lost

LASTING = (no_worker_lost, user_supply, account_supply)
"""The checks of the page "Live" whose findings last: a lost worker stays lost, and a dropped arrival stays dropped."""
KEPT = 1.9  # seconds that a finding is kept; several pages ask each second


class InvalidSoFar:
    """Looks at the latest run, at most once in two seconds however many pages ask."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._of: object = None
        self._until = 0.0
        self._found: Finding | None = None

    def __call__(self, state: UiState) -> Finding | None:
        """Why the run that is on will be invalid; None if that is not clear."""
        of = state.run and state.run.id
        if of != self._of or self._clock() >= self._until:
            self._of, self._until = of, self._clock() + KEPT
            self._found = invalid_so_far(state)
        return self._found


def invalid_so_far(state: UiState) -> Finding | None:
    """The first invalid finding that lasts, of a run that is on."""
    run, driver = state.run, state.driver
    if run is None or driver is None or not run.begun or run.ended:
        return None
    lost = run.ending.cause is EndCause.WORKER_LOST
    without_account = any(key.outcome == Outcome.NO_ACCOUNT for key in list(run.recorder.journeys))
    if not (lost or without_account or run.recorder.arrivals[Phase.STEADY].dropped):
        return None  # as in most runs, and the process that asks also makes the load
    evidence = evidence_so_far(run, driver)
    found = (finding for check in LASTING for finding in check(evidence))
    return next((one for one in found if one.level is Severity.INVALID), None)
