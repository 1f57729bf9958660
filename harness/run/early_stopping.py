"""Ends a run as soon as its verdict is certain, without more wrong verdicts.

Repeated tests of one hypothesis add up their errors. So there are only three interim checks, at moments fixed in advance.
Each of them spends 10 % of an objective's alpha; the final check gets 70 %. (This is a union bound: it holds however
correlated the checks are.) An interim check only decides whether to end the load. The verdict comes after the drain: it
judges all arrivals until that moment, with the alpha of that check.

Counts and maxima are no hypothesis tests. They decide only when they cannot change any more: a count that is reached, a
maximum that is exceeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from harness import special_functions
from harness.measurement.histogram import Histogram
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.objectives.counting import STEADY, count_samples, matching_series, succeeded, times
from harness.objectives.model import Metric, Objective, Statistic
from harness.objectives.share_verdict import share_verdict
from harness.objectives.verdict import Severity, Verdict
from harness.units import format_duration
from harness.validity.backlog import backlog_growth
from harness.validity.evidence import Conditions, DeliveryFacts, Evidence
from harness.validity.stationarity import stationary
from harness.yield_to_load import NEVER, YieldToLoad

ANALYSIS_POINTS = (0.25, 0.5, 0.75)
"""When to check, as parts of the time to be judged."""
ALPHA_PER_ANALYSIS = 0.1
"""The part of an objective's alpha that each interim check spends."""
MARGIN = 0.5
"""A check ends the load at this part of its alpha, so that journeys under way can hardly change the verdict."""

_MIN_SLICES = 3
"""Fewest slices of settled journeys: with fewer their variance is unknown."""


class InterimAnalyses:
    """The interim checks of one run.

    ``warm_up`` and ``steady`` are its planned seconds; ``guaranteed`` is the minimum number of journeys by payment option.
    ``constant_rate`` says that the arrival rate is the same throughout.
    """

    def __init__(
        self,
        objectives: Sequence[Objective],
        *,
        warm_up: float,
        steady: float,
        guaranteed: Mapping[str, int] | None = None,
        constant_rate: bool | None = None,
        is_open: bool = True,
    ) -> None:
        special_functions.load()  # an interim check under load must not wait for it
        self.objectives = tuple(objectives)
        self._warm_up, self._steady = warm_up, steady
        self._guaranteed = dict(guaranteed or {})
        self._constant_rate, self._open = constant_rate, is_open
        self._done = 0
        self._decided = False

    @property
    def alpha_left(self) -> float:
        """The part of each objective's alpha that the final check may spend."""
        return ALPHA_PER_ANALYSIS if self._decided else 1 - ALPHA_PER_ANALYSIS * len(ANALYSIS_POINTS)

    def due(self, elapsed: float) -> bool:
        """Whether the next check is due, so many seconds after the first arrival."""
        return (
            self._done < len(ANALYSIS_POINTS)
            and elapsed >= self._warm_up + ANALYSIS_POINTS[self._done] * self._steady - 1e-6
        )

    def analyse(self, recorder: Recorder, elapsed: float, yield_to_load: YieldToLoad = NEVER) -> str:
        """Make the check that is due; returns why the load can end now, as a sentence, or ``""``."""
        self._done += 1
        before = first_unsettled_slice(recorder, elapsed)
        verdicts = []
        for objective in self.objectives:
            verdicts.append(early_verdict(recorder, objective, before, self._steady))
            yield_to_load()
        failed = Verdict.FAILED in verdicts
        if not failed and not (self._all_passed(verdicts, recorder) and self._no_findings(recorder, elapsed)):
            return ""
        self._decided = True
        judged = format_duration(max(0.0, elapsed - self._warm_up))
        return (
            f"the verdict was certain after {judged} of the {format_duration(self._steady)} to be judged "
            f"(check {self._done} of {len(ANALYSIS_POINTS)})"
        )

    def _all_passed(self, verdicts: Sequence[Verdict], recorder: Recorder) -> bool:
        return bool(verdicts) and all(each is Verdict.PASSED for each in verdicts) and self._minimums_reached(recorder)

    def _minimums_reached(self, recorder: Recorder) -> bool:
        """Whether each payment option has had its minimum number of journeys."""
        left = dict(self._guaranteed)
        for key, cell in list(recorder.journeys.items()):
            if key.payment_option in left and key.blame != Blame.HARNESS:
                left[key.payment_option] -= cell.response.total - cell.response.infinite
        return all(number <= 0 for number in left.values())

    def _no_findings(self, recorder: Recorder, elapsed: float) -> bool:
        """Whether the checks of backlog and stationarity find nothing that a longer run would show more clearly."""
        window = recorder.window
        view = recorder.with_window(replace(window, steady_until=window.start + elapsed))
        planned = DeliveryFacts(
            constant_rate=self._constant_rate, expected_offered=1 if self._open else None, load_duration=elapsed
        )
        evidence = Evidence(view, Conditions(delivery=planned), self.objectives)
        found = [*backlog_growth(evidence), *stationary(evidence)]
        return all(finding.level in (Severity.OK, Severity.WARNING) for finding in found)


def early_verdict(recorder: Recorder, objective: Objective, before: float, length: float) -> Verdict:
    """The verdict on an objective that is already certain; ``INCONCLUSIVE`` if none is.

    All journeys of slices before ``before`` are over; ``length`` is the number of seconds to be judged.
    """
    if objective.metric in (Metric.COUNT, Metric.RATE):
        number = sum(
            cell.response.total for key, cell in matching_series(recorder, objective) if succeeded(objective, key)
        )
        reached = objective.operator.holds(number / (length if objective.metric is Metric.RATE else 1), objective.bound)
        if objective.operator.upward:
            return Verdict.PASSED if reached else Verdict.INCONCLUSIVE
        return Verdict.INCONCLUSIVE if reached else Verdict.FAILED
    if objective.statistic in (Statistic.MEAN, Statistic.MAX):
        seen = times(recorder, objective)
        exceeded = objective.statistic is Statistic.MAX and not objective.operator.holds(seen.largest, objective.bound)
        return Verdict.FAILED if seen.total and (seen.infinite or exceeded) else Verdict.INCONCLUSIVE
    if objective.allowed == 0:
        return Verdict.FAILED if count_samples(recorder, objective, sliced=False).over else Verdict.INCONCLUSIVE
    counted = count_samples(recorder, objective, with_middle=True, before=before)
    if len(counted.slices) < _MIN_SLICES:
        return Verdict.INCONCLUSIVE
    verdict, _ = share_verdict(counted, objective.allowed, (1 - objective.confidence) * ALPHA_PER_ANALYSIS * MARGIN)
    return verdict


def first_unsettled_slice(recorder: Recorder, elapsed: float) -> float:
    """The first slice whose journeys may still be under way: it is as old as the p99 duration of ended journeys."""
    took = Histogram()
    for key, cell in list(recorder.journeys.items()):
        if key.phase in STEADY or key.phase == Phase.WARM_UP:
            took.add(cell.service)
    usual = took.quantile(0.99) if took.total else 0.0
    return (elapsed - usual) / recorder.slice_length
