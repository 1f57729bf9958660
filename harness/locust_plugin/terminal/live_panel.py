"""Draws the panel of the current run once a second, beside the load."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence

import gevent

from harness.locust_plugin.terminal.screen import Screen
from harness.measurement.totals import RunTotals
from harness.metrics.run_metrics import ObjectiveStatus
from harness.objectives.live_status import LiveState
from harness.objectives.model import Metric, Objective
from harness.reporting.cause import failure_kinds
from harness.reporting.panel import HISTORY, ObjectiveLine, PanelState, panel
from harness.reporting.recent_times import RECENT, RecentServiceTimes, response_p95
from harness.run.driver import RunDriver
from harness.shop_metrics.objective import AnyObjective
from harness.units import format_number
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")

REFRESH = 1.0  # seconds
SERVICE_INTERVAL = 5.0  # seconds between two computations of the p95 of the service time, which read all series
YIELD_SECONDS = 0.002


class LivePanel:
    """The panel of one run.

    ``driver`` returns the driver of the run, ``objectives`` the states of its objectives. ``failed`` is called if the panel cannot be
    drawn; the run goes on without it.
    """

    def __init__(
        self,
        screen: Screen,
        driver: Callable[[], RunDriver | None],
        objectives: Callable[[], Sequence[ObjectiveStatus]],
        failed: Callable[[], object],
    ) -> None:
        self._screen = screen
        self._driver = driver
        self._objectives = objectives
        self._failed = failed
        self._service = RecentServiceTimes()
        self._service_p95: float | None = None
        self._next_service = 0.0
        self._p95: deque[float | None] = deque(maxlen=HISTORY)
        self._begun: deque[tuple[float, int]] = deque()  # seconds, and journeys begun until then
        self._yield_to_load = YieldToLoad(gevent.sleep, YIELD_SECONDS)
        self._greenlet = gevent.spawn(self._refresh)

    def close(self) -> None:
        """Remove the panel from the terminal, and stop."""
        if self._greenlet is not gevent.getcurrent():
            self._greenlet.kill()
        self._screen.release()

    def _refresh(self) -> None:
        try:
            while True:
                driver = self._driver()
                if driver is not None:
                    size = self._screen.size
                    self._screen.show(panel(self.state(driver), size.columns, size.lines))
                gevent.sleep(REFRESH)
        except Exception:
            self._screen.release()
            logger.exception("The panel could not be drawn. The run continues without it; please report this bug")
            self._failed()

    def state(self, driver: RunDriver) -> PanelState:
        """What the panel shows now."""
        run, load = driver.run, driver.load
        schedule, elapsed = run.workload.schedule, run.elapsed
        counts, arrivals = RunTotals.of(run.recorder), list(run.recorder.arrivals.values())
        self._yield_to_load()
        if run.begun:
            self._p95.append(response_p95(run.recorder, elapsed, self._yield_to_load))
        if elapsed >= self._next_service:
            self._next_service = elapsed + SERVICE_INTERVAL
            self._service_p95 = self._service.p95(run.recorder, elapsed, self._yield_to_load)
        dropped = sum(one.dropped for one in arrivals)
        stages = schedule.stage_number(run.length)
        return PanelState(
            name=run.workload.name,
            target=run.target.name if run.target.url else "",
            begun=run.begun,
            phase=run.phase,
            elapsed=elapsed,
            length=run.length,
            drain=run.grace,
            users=run.workload.population.users,
            stage=f"stage {schedule.stage_number(elapsed)} of {stages}" if stages and stages > 1 else "",
            level=level_text(driver),
            wanted=run.rate_target,
            served=self._served(elapsed, counts.journeys - dropped + load.under_way),
            ended=counts.journeys,
            orders=counts.orders,
            failed=counts.failed_journeys,
            under_way=load.under_way,
            waiting=sum(one.waiting for one in arrivals),
            dropped=dropped,
            p95=tuple(self._p95),
            service_p95=self._service_p95,
            failures=[(outcome, page, n) for (outcome, page), n in failure_kinds(run.recorder).most_common()],
            objectives=[_objective_line(one) for one in self._objectives()],
        )

    def _served(self, elapsed: float, begun: int) -> float | None:
        """How many journeys a second began in the last seconds; ``None`` at the start."""
        while len(self._begun) > 1 and self._begun[1][0] <= elapsed - RECENT:
            self._begun.popleft()
        since, before = self._begun[0] if self._begun else (0.0, 0)
        self._begun.append((elapsed, begun))
        return (begun - before) / (elapsed - since) if elapsed - since >= REFRESH / 2 else None


def level_text(driver: RunDriver) -> str:
    """The level of a capacity search that is in progress; empty for another run."""
    controller = None if driver.supervisor is None else driver.supervisor.controller
    if controller is None or driver.run.closing:
        return ""
    return f"{controller.level.purpose} at {format_number(round(controller.level.rate * 60))}/min"


def _objective_line(status: ObjectiveStatus) -> ObjectiveLine:
    objective = status.objective
    state = {"kept_so_far": LiveState.KEPT, "broken_so_far": LiveState.BROKEN}.get(status.state, LiveState.NOTHING)
    if state is LiveState.BROKEN and _may_still_be_reached(objective):
        state = LiveState.NOT_YET
    return ObjectiveLine(objective, state, status.measured)


def _may_still_be_reached(objective: AnyObjective) -> bool:
    return isinstance(objective, Objective) and objective.metric is Metric.COUNT and objective.operator.upward
