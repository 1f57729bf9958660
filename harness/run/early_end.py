"""Checks whether a run must or may end early: dead shop, stop file, stop rule, ceiling, or certain verdict.

Pure, except for the stop file; moments come in as arguments.
"""

from __future__ import annotations

from pathlib import Path

from harness.measurement.recorder import Recorder
from harness.metrics.page_roles import PageRoles
from harness.objectives.stop_rule import StopRuleMonitor
from harness.run.ceilings import Ceilings
from harness.run.early_stopping import InterimAnalyses
from harness.run.lifecycle import EndCause, Ending
from harness.run.workload import Judging, LoadSchedule, Target
from harness.yield_to_load import YieldToLoad

NO_ROLES = PageRoles()


class StopFile:
    """A file that ends the run as soon as it exists: a stop button that needs no terminal."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def reason(self) -> str:
        """Why the run must end, as a sentence; empty while the file does not exist."""
        return f"the stop file {self._path} exists" if self._path.exists() else ""


class EarlyEndChecks:
    """Checks one run for reasons to end early."""

    def __init__(self, judging: Judging, schedule: LoadSchedule, page_roles: PageRoles = NO_ROLES) -> None:
        self._warm_up = schedule.warm_up
        self._ceilings = Ceilings(judging, schedule, page_roles)
        self._stop_rules = StopRuleMonitor(judging.stop_rules)
        self._analyses = _interim_analyses(judging, schedule) if judging.stop_when_certain else None

    @property
    def alpha_left(self) -> float:
        """The part of each objective's alpha that the final check may spend; the interim checks have spent the rest."""
        return 1.0 if self._analyses is None else self._analyses.alpha_left

    def forced_end(
        self, target: Target | None, stop_file: StopFile | None, recorder: Recorder, now: float
    ) -> Ending | None:
        """The ending of a run that must not go on; ``target`` is the embedded shop, ``now`` a moment of the recorder's clock."""
        if target is not None and not target.alive():
            return Ending(EndCause.TARGET_DIED, "the embedded shop ended during the run", drains=False)
        if stop_file is not None and (found := stop_file.reason()):
            return Ending(EndCause.STOP_FILE, found, interrupted_by="the stop file")
        if rule := self._stop_rules.check(recorder, now):
            return Ending(EndCause.STOP_RULE, rule)
        return None

    def ceiling_end(self, recorder: Recorder, elapsed: float, under_way: int, users: int = 0) -> Ending | None:
        """The ending of a run that has no room for more orders or SMS codes, ``elapsed`` seconds after the first arrival."""
        reason = self._ceilings.reason(recorder, elapsed, under_way, users)
        return Ending(EndCause.CEILING, reason, judged_until=max(elapsed, self._warm_up)) if reason else None

    def certain_end(self, recorder: Recorder, elapsed: float, yield_to_load: YieldToLoad) -> Ending | None:
        """The ending of a run with a certain verdict, ``elapsed`` seconds after the first arrival."""
        if self._analyses is None or not self._analyses.due(elapsed):
            return None
        reason = self._analyses.analyse(recorder, elapsed, yield_to_load)
        return Ending(EndCause.CERTAIN, reason, judged_until=elapsed) if reason else None


def _interim_analyses(judging: Judging, schedule: LoadSchedule) -> InterimAnalyses:
    return InterimAnalyses(
        judging.objectives,
        warm_up=schedule.warm_up,
        steady=schedule.steady,
        guaranteed=judging.planned_minimum,
        constant_rate=schedule.constant_rate,
        is_open=schedule.is_open,
    )
