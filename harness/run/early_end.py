"""Why a run ends before its time: its shop is dead, it was called off, a rule says so, or its verdict is certain.

Pure but for the stop file, which it looks for; moments come in as arguments.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.measurement.recorder import Recorder
from harness.objectives.stop_rule import StopRuleMonitor
from harness.run.early_stopping import InterimAnalyses
from harness.run.lifecycle import EndCause, Ending
from harness.run.workload import Target, Workload
from harness.yield_to_load import YieldToLoad


class StopFile:
    """A kill switch that needs no terminal: the run ends as soon as this file exists."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def reason(self) -> str:
        """Why the run must end now, as a sentence; empty while the file does not exist."""
        return f"the stop file {self._path} exists" if self._path.exists() else ""


class EarlyEndChecks:
    """Looks for reasons to end one run early."""

    def __init__(self, workload: Workload[Any]) -> None:
        self._stop_rules = StopRuleMonitor(workload.stop_rules)
        self._analyses = _interim_analyses(workload) if workload.stop_when_certain else None

    @property
    def alpha_left(self) -> float:
        """The part of each demand's doubt that the verdict may spend; the looks at the run have spent the rest."""
        return 1.0 if self._analyses is None else self._analyses.alpha_left

    def forced_end(
        self, target: Target | None, stop_file: StopFile | None, recorder: Recorder, now: float
    ) -> Ending | None:
        """Why the run must not go on; ``target`` is the shop if it was started for this run, ``now`` a moment of the recorder's clock."""
        if target is not None and not target.alive():
            return Ending(EndCause.TARGET_DIED, "the embedded shop ended in the middle of the run", drains=False)
        if stop_file is not None and (found := stop_file.reason()):
            return Ending(EndCause.STOP_FILE, found, interrupted_by="the stop file")
        if rule := self._stop_rules.check(recorder, now):
            return Ending(EndCause.STOP_RULE, rule)
        return None

    def certain_end(self, recorder: Recorder, elapsed: float, yield_to_load: YieldToLoad) -> Ending | None:
        """Why it need not go on, ``elapsed`` seconds after the first arrival; ``yield_to_load`` lets the load go on between two steps."""
        if self._analyses is None or not self._analyses.due(elapsed):
            return None
        reason = self._analyses.analyse(recorder, elapsed, yield_to_load)
        return Ending(EndCause.CERTAIN, reason, judged_until=elapsed) if reason else None


def _interim_analyses(workload: Workload[Any]) -> InterimAnalyses:
    return InterimAnalyses(
        workload.objectives,
        warm_up=workload.warm_up,
        steady=workload.steady,
        guaranteed=workload.planned_minimum,
        constant_rate=workload.constant_rate,
        is_open=workload.is_open,
    )
