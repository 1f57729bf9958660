"""Ends a run that only does harm: ``failures > 50% for 10s``.

A rule is written like a demand turned round, with the time for which the trouble must last. It knows no phases: a
shop that breaks down during the warm-up is spared as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness.measurement.recorder import Recorder
from harness.objectives import text as objective_text
from harness.objectives.counting import EVERY_PHASE, count_samples
from harness.objectives.model import Metric, Objective, ObjectiveError, Statistic
from harness.objectives.parser import parse_condition
from harness.units import DURATIONS, format_duration, format_percent, parse_duration

__all__ = ["ObjectiveError", "StopRule", "StopRuleMonitor", "parse"]

EXAMPLE = "failures > 50% for 10s"

LEAST_SAMPLES = 5
"""How many samples a stretch of time needs before it is judged; until then it is made longer."""

STRETCHES = 5
"""Into how many stretches the time of a rule is cut; the trouble must be there in each of them."""

_WINDOW = re.compile(r"\s+for\s+(?P<window>\S.*)$")


@dataclass(frozen=True, slots=True)
class StopRule:
    """A trouble, and for how many seconds it must last to end the run."""

    condition: Objective
    window: float
    written: str

    @property
    def text(self) -> str:
        """The rule as it is written when written neatly."""
        return f"{self.condition.text} for {self.written}"

    def holds(self, total: int, over: int) -> bool:
        """Whether the trouble is there among so many samples, of which so many were over the bound."""
        return total > 0 and self.condition.operator.holds(over / total, self.condition.allowed)

    def counts(self, recorder: Recorder) -> tuple[int, int]:
        """How many samples there were in the whole run so far, and how many of them over the bound."""
        counted = count_samples(recorder, self.condition, EVERY_PHASE, sliced=False)
        return counted.total, counted.over


def parse(text: str) -> StopRule:
    """The rule that a text states; ObjectiveError says what is wrong with it and what to write instead."""
    found = _WINDOW.search(text)
    if found is None:
        raise ObjectiveError(text, "it does not say for how long", f"write it at the end, such as: {EXAMPLE}")
    length = parse_duration(found["window"])
    if length is None or length.seconds <= 0:
        raise ObjectiveError(
            text,
            f'"{found["window"]}" is no length of time',
            f"write a number over 0 and one of {', '.join(DURATIONS)}, such as 10s",
        )
    try:
        condition = parse_condition(text[: found.start()])
    except ObjectiveError as error:
        raise ObjectiveError(text, error.problem, error.remedy) from None
    if condition.metric in (Metric.RATE, Metric.COUNT) or condition.statistic in (Statistic.MEAN, Statistic.MAX):
        what = condition.statistic or condition.metric
        raise ObjectiveError(
            text, f"a stop rule does not watch {what}", "write failures, dropped, or a percentile of a time"
        )
    return StopRule(condition, length.seconds, length.text)


@dataclass(slots=True)
class _RuleState:
    """One rule under watch: since when its trouble lasts, and the counts at the last look that was judged."""

    since: float | None = None
    at: float | None = None
    total: int = 0
    over: int = 0

    def check(self, rule: StopRule, now: float, total: int, over: int) -> str:
        if self.at is None:
            self.at, self.total, self.over = now, total, over
            return ""
        n, x = total - self.total, over - self.over
        # Compared with a grain of slack: half a second, twenty times, is not always ten.
        if n < LEAST_SAMPLES or now - self.at < rule.window / STRETCHES - 1e-6:
            return ""
        if not rule.holds(n, x):
            self.since = None
        elif self.since is None:
            self.since = self.at
        self.at, self.total, self.over = now, total, over
        if self.since is None or now - self.since < rule.window - 1e-6:
            return ""
        return (
            f'the stop rule "{rule.text}" held for {format_duration(now - self.since)}, '
            f"at last with {format_percent(x / n)} of {n:,} {objective_text.subject_text(rule.condition)}"
        )


class StopRuleMonitor:
    """Says when one of the rules has held for the whole of its time.

    It is fed the counts of the run so far, about each second, and compares them with those before.
    """

    def __init__(self, rules: Sequence[StopRule]) -> None:
        self.rules = tuple(rules)
        self._watched = [_RuleState() for _ in rules]

    def check(self, recorder: Recorder, now: float) -> str:
        """The reason to end the run now, in words, or ``""``; ``now`` in seconds of any steady clock."""
        return self.check_counts([rule.counts(recorder) for rule in self.rules], now)

    def check_counts(self, counts: Sequence[tuple[int, int]], now: float) -> str:
        """The same from counts of the run so far: for each rule how many samples, and how many over its bound."""
        reasons = [
            watched.check(rule, now, total, over)
            for watched, rule, (total, over) in zip(self._watched, self.rules, counts, strict=True)
        ]
        return next(filter(None, reasons), "")
