"""Tracks the state of each objective during a run, in small steps."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from harness.measurement.recorder import Recorder
from harness.metrics.run_metrics import ObjectiveStatus
from harness.objectives.live_status import LiveState, live_status
from harness.objectives.model import Objective
from harness.objectives.verdict import Judgement, ObjectiveResult, Verdict
from harness.shop_metrics.objective import AnyObjective
from harness.yield_to_load import YieldToLoad

_STATES = {
    LiveState.KEPT: "kept_so_far",
    LiveState.BROKEN: "broken_so_far",
    LiveState.NOT_YET: "broken_so_far",
    LiveState.NOTHING: "nothing",
}

NOT_JUDGED = "not_judged"
"""The state of an objective if the run is invalid, or if the times that it is about are in doubt."""


class ObjectiveStatusTracker:
    """The objectives of one run, with their states at the last update."""

    def __init__(self, objectives: Sequence[AnyObjective]) -> None:
        self.latest = [ObjectiveStatus(objective) for objective in objectives]

    def update(self, recorder: Recorder, steady: float, yield_to_load: YieldToLoad) -> None:
        """Update each objective, with a yield after each; ``steady`` is the number of steady seconds so far."""
        for place, one in enumerate(list(self.latest)):
            if not isinstance(one.objective, Objective):
                continue  # Prometheus is asked at the end
            now = live_status(recorder, one.objective, steady)
            measured = None if now.measured is None or isnan(now.measured) else now.measured
            self.latest[place] = ObjectiveStatus(one.objective, _STATES[now.standing], measured)
            yield_to_load()

    def final(self, judgement: Judgement) -> list[ObjectiveStatus]:
        """The final states; an objective without a verdict keeps its last state (a search may judge none)."""
        found = {result.text: result for result in judgement.objectives}
        return [
            ObjectiveStatus(one.objective, _end(judgement, result), result.measured)
            if (result := found.get(one.objective.text)) is not None
            else one
            for one in self.latest
        ]


def _end(judgement: Judgement, result: ObjectiveResult) -> str:
    return NOT_JUDGED if Verdict.INVALID in (judgement.verdict, result.verdict) else str(result.verdict)
