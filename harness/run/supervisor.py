"""Supervises a run: decides whether it ends early, and controls its search for capacity."""

from __future__ import annotations

from collections.abc import Sequence

from harness.capacity.answer import SEARCH_COMPLETE
from harness.capacity.controller import CapacityController
from harness.measurement.pending import PendingAge
from harness.measurement.recorder import Recorder
from harness.run.collaborators import NO_HOOKS, REAL_TIME, RunHooks, TimeSource
from harness.run.early_end import EarlyEndChecks
from harness.run.lifecycle import EndCause, Ending
from harness.run.load import Instrument, Load
from harness.run.run import Run
from harness.yield_to_load import YieldToLoad

YIELD_SECONDS = 0.002  # seconds for the load between two steps of longer work


class Supervisor:
    """Supervises one run while it is on; ``controller`` controls its capacity search, if it is one."""

    def __init__(
        self, run: Run, load: Load, instrument: Instrument, time: TimeSource = REAL_TIME, hooks: RunHooks = NO_HOOKS
    ) -> None:
        judging = run.workload.judging
        self.run = run
        self.load = load
        self.instrument = instrument
        self._stop_file = hooks.stop_file
        self._yield_to_load = YieldToLoad(time.sleep, YIELD_SECONDS)
        self._checks = EarlyEndChecks(judging, run.workload.schedule, run.workload.page_roles)
        self.controller = (
            CapacityController(
                judging.search, judging.objectives, SearchView(run, load, instrument, self._yield_to_load)
            )
            if judging.search is not None
            else None
        )

    @property
    def alpha_left(self) -> float:
        """The part of each objective's alpha that the final check may spend; the interim checks have spent the rest."""
        return self._checks.alpha_left

    def begin(self) -> None:
        """Start the search for capacity, if the run is one: the load starts."""
        if self.controller is not None:
            self.load.extend_schedule(*self.controller.begin())

    def check(self) -> None:
        """End the run if it must or may end early; else take the next step of the search."""
        run = self.run
        if run.closing:
            return
        end = self._checks.forced_end(run.target.shop, self._stop_file, run.recorder, run.clock())
        if end is None and run.begun:
            end = self._checks.ceiling_end(
                run.recorder, run.elapsed, self.load.under_way, run.spawned if run.changes else 0
            )
        if end is None and run.begun:
            if self.controller is not None:
                self._step_search(self.controller)
            elif not run.changes:  # nothing is certain about a load that a person changes
                end = self._checks.certain_end(run.recorder, run.elapsed, self._yield_to_load)
        if end is not None and not run.closing:
            run.close(end)

    def _step_search(self, controller: CapacityController) -> None:
        run = self.run
        for rate, seconds in controller.step(run.elapsed):
            self.load.extend_schedule(rate, seconds)
        if controller.found is not None and not run.closing:
            run.close(Ending(EndCause.CERTAIN, SEARCH_COMPLETE, judged_until=run.elapsed))


class SearchView:
    """What a capacity search reads from its run; see ``harness.capacity.run_view.RunView``."""

    def __init__(self, run: Run, load: Load, instrument: Instrument, yield_to_load: YieldToLoad) -> None:
        self._load = load
        self._instrument = instrument
        self.recorder: Recorder = run.recorder
        self.yield_to_load = yield_to_load
        self.due_between = run.due_between
        self.labels_of = run.labels_of

    @property
    def under_way(self) -> int:
        """The number of journeys under way."""
        return self._load.under_way

    @property
    def processor_share(self) -> float:
        """The share of a core that the load generator uses."""
        return self._instrument.processor_share

    @property
    def waiting(self) -> Sequence[PendingAge]:
        """The requests that wait for their reply, and how long they have been due."""
        return self._load.waiting
