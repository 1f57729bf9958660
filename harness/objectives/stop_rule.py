"""Ends a run that overloads the shop: ``failures > 50% for 10s``.

A rule is a condition, written like an objective with the opposite operator, and the time for which it must hold. Rules watch all
phases, the warm-up too.
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

EXAMPLE = "failures > 50% for 10s"

LEAST_SAMPLES = 5
"""How many samples an interval needs before it is judged; until then it is extended."""

INTERVALS = 5
"""The number of intervals in the time of a rule; the condition must hold in each of them."""

_WINDOW = re.compile(r"\s+for\s+(?P<window>\S.*)$")


@dataclass(frozen=True, slots=True)
class StopRule:
    """A condition, and for how many seconds (``window``) it must hold to end the run."""

    condition: Objective
    window: float
    written: str

    @property
    def text(self) -> str:
        """The rule in its normal form."""
        return f"{self.condition.text} for {self.written}"

    def holds(self, total: int, over: int) -> bool:
        """Whether the condition holds for these numbers of samples and of samples over the bound."""
        return total > 0 and self.condition.operator.holds(over / total, self.condition.allowed)

    def counts(self, recorder: Recorder) -> tuple[int, int]:
        """The number of samples in the whole run so far, and of those over the bound."""
        counted = count_samples(recorder, self.condition, EVERY_PHASE, sliced=False)
        return counted.total, counted.over


def parse(text: str) -> StopRule:
    """The rule that a text states; ObjectiveError says what is wrong and what to write instead."""
    found = _WINDOW.search(text)
    if found is None:
        raise ObjectiveError(text, "it does not say for how long", f"write that at the end, such as: {EXAMPLE}")
    length = parse_duration(found["window"])
    if length is None or length.seconds <= 0:
        raise ObjectiveError(
            text,
            f'"{found["window"]}" is not a duration',
            f"write a number over 0 and one of {', '.join(DURATIONS)}, such as 10s",
        )
    try:
        condition = parse_condition(text[: found.start()])
    except ObjectiveError as error:
        raise ObjectiveError(text, error.problem, error.remedy) from None
    if condition.metric in (Metric.RATE, Metric.COUNT) or condition.statistic in (Statistic.MEAN, Statistic.MAX):
        what = condition.statistic or condition.metric
        raise ObjectiveError(
            text, f"a stop rule cannot use {what}", "write failures, dropped, or a percentile of a time"
        )
    return StopRule(condition, length.seconds, length.text)


@dataclass(slots=True)
class _RuleState:
    """The state of one rule: since when its condition holds, and the counts at the start of the current interval."""

    since: float | None = None
    at: float | None = None
    total: int = 0
    over: int = 0

    def check(self, rule: StopRule, now: float, total: int, over: int) -> str:
        if self.at is None:
            self.at, self.total, self.over = now, total, over
            return ""
        n, x = total - self.total, over - self.over
        # 1e-6 of slack: twenty steps of half a second do not always add up to ten.
        if n < LEAST_SAMPLES or now - self.at < rule.window / INTERVALS - 1e-6:
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
            f"at the end with {format_percent(x / n)} of {n:,} {objective_text.subject_text(rule.condition)}"
        )


class StopRuleMonitor:
    """Says when a rule has held for its whole time; it is called about once a second with the counts so far."""

    def __init__(self, rules: Sequence[StopRule]) -> None:
        self.rules = tuple(rules)
        self._states = [_RuleState() for _ in rules]

    def check(self, recorder: Recorder, now: float) -> str:
        """The reason to end the run now, as half a sentence, or ``""``; ``now`` is in seconds of any monotonic clock."""
        return self.check_counts([rule.counts(recorder) for rule in self.rules], now)

    def check_counts(self, counts: Sequence[tuple[int, int]], now: float) -> str:
        """Like ``check``, with the counts so far: for each rule the number of samples, and of those over its bound."""
        reasons = [
            state.check(rule, now, total, over)
            for state, rule, (total, over) in zip(self._states, self.rules, counts, strict=True)
        ]
        return next(filter(None, reasons), "")
