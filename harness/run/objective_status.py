"""Keeps an eye on where each demand stands while a run is on, a little at a time."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from harness.measurement.recorder import Recorder
from harness.metrics.run_metrics import ObjectiveStatus
from harness.objectives.live_status import LiveState, live_status
from harness.objectives.model import Objective
from harness.objectives.verdict import ObjectiveResult, Verdict
from harness.yield_to_load import YieldToLoad

_STATES = {
    LiveState.KEPT: "kept_so_far",
    LiveState.BROKEN: "broken_so_far",
    LiveState.NOT_YET: "broken_so_far",
    LiveState.NOTHING: "nothing",
}

_ENDS = {Verdict.INVALID: "inconclusive"}  # not judged, because times are in doubt


class ObjectiveStatusTracker:
    """Where the demands of one run stood when they were last looked at."""

    def __init__(self, objectives: Sequence[Objective]) -> None:
        self.demanded = [ObjectiveStatus(objective) for objective in objectives]

    def update(self, recorder: Recorder, steady: float, yield_to_load: YieldToLoad) -> None:
        """Look at every demand, with a ``pause`` after each; ``steady`` is how many seconds were steady so far."""
        for place, one in enumerate(list(self.demanded)):
            now = live_status(recorder, one.objective, steady)
            measured = None if now.measured is None or isnan(now.measured) else now.measured
            self.demanded[place] = ObjectiveStatus(one.objective, _STATES[now.standing], measured)
            yield_to_load()

    def final(self, results: Sequence[ObjectiveResult]) -> list[ObjectiveStatus]:
        """How the demands stood in the end; where none was judged, as a search that confirmed nothing judges none, how they stood last."""
        found = {result.text: result for result in results}
        return [
            ObjectiveStatus(one.objective, _ENDS.get(result.verdict, str(result.verdict)), result.measured)
            if (result := found.get(one.objective.text)) is not None
            else one
            for one in self.demanded
        ]
