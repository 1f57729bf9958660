"""Parses the text of an objective: ``subject[.name][label=value] metric [statistic] operator bound [confidence N%]``.

Examples: ``page response_time p99 < 1s`` · ``journey[payment=masterpass] failures < 0.5%`` · ``orders rate > 20/s`` ·
``journey response_time mean < 2s`` · ``orders count >= 5`` · ``dropped < 0.1% confidence 99%``.
"""

from __future__ import annotations

import re
from typing import NoReturn

from harness.objectives.model import (
    DEFAULT_CONFIDENCE,
    LABELS,
    METRICS,
    Metric,
    Objective,
    ObjectiveError,
    Operator,
    Statistic,
    Subject,
)
from harness.units import DURATIONS, RATES, did_you_mean, parse_duration, quantity

EXAMPLE = "page.BinNumberPage response_time p95 < 300ms"

_OPERATOR = re.compile(r"[<>=!≤≥]+")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_CONFIDENCE = re.compile(r"\bconfidence\b(?P<level>.*)$")
_LEFT = re.compile(
    r"(?P<subject>[^\s.\[\]]+)(?:\.(?P<name>[^\s\[\]]+))?\s*(?:\[(?P<labels>[^\[\]]*)\])?(?P<words>(?:\s.*)?)"
)
_PERCENTILE = re.compile(r"p(?P<percent>\d+(\.\d+)?)")


def parse(text: str) -> Objective:
    """The objective that a text states; ObjectiveError says what is wrong and what to write instead."""
    return _Reader(text, condition=False).objective()


def parse_condition(text: str) -> Objective:
    """The condition of a stop rule: written like an objective with the opposite operator (``failures > 50%``)."""
    return _Reader(text, condition=True).objective()


class _Reader:
    """Parses one text, part by part."""

    def __init__(self, text: str, *, condition: bool) -> None:
        self.text = " ".join(text.split())
        self.condition = condition

    def fail(self, problem: str, remedy: str) -> NoReturn:
        raise ObjectiveError(self.text, problem, remedy)

    def objective(self) -> Objective:
        body, confidence = self.confidence()
        left, operator, right = self.comparison(body)
        subject, name, labels, words = self.subject(left)
        metric, words = self.metric(subject, words)
        statistic, percentile = self.statistic(metric, words)
        self.direction(metric, operator)
        bound, limit = self.bound(metric, operator, right)
        return Objective(
            subject, metric, operator, bound, limit, name, labels, statistic, percentile, confidence=confidence
        )

    def confidence(self) -> tuple[str, float]:
        found = _CONFIDENCE.search(self.text)
        if found is None:
            return self.text, DEFAULT_CONFIDENCE
        level = quantity(found["level"])
        if level is None or level[1] != "%" or not 50 <= level[0] < 100:  # noqa: PLR2004  per cent
            self.fail(
                f'"{found["level"].strip()}" is not a confidence',
                "write one from 50% to below 100%, such as: confidence 99%",
            )
        return self.text[: found.start()], round(level[0] / 100, 12)

    def comparison(self, body: str) -> tuple[str, Operator, str]:
        # Brackets are masked, because they hold a = of their own.
        found = _OPERATOR.search(_BRACKETS.sub(lambda brackets: "·" * len(brackets[0]), body))
        if found is None:
            self.fail("it has no comparison", f"write <, <=, > or >= and a bound, such as: {EXAMPLE}")
        sign = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}.get(found[0], found[0])
        if "[" in _BRACKETS.sub("", body):
            self.fail("a bracket is not closed", "close it, such as: journey[payment=gpay] failures < 1%")
        if sign not in list(Operator):
            self.fail(f'"{found[0]}" is not a comparison', "write <, <=, > or >=")
        return body[: found.start()].strip(), Operator(sign), body[found.end() :].strip()

    def subject(self, left: str) -> tuple[Subject, str, tuple[tuple[str, str], ...], list[str]]:
        if left.split(" ", maxsplit=1)[0] == Metric.FAILURES:
            left = f"{Subject.JOURNEY} {left}"
        found = _LEFT.fullmatch(left)
        if found is None:
            self.fail(f'"{left}" cannot be read', f"write it like this: {EXAMPLE}")
        if found["subject"] not in list(Subject):
            self.fail(
                f"there is no subject {found['subject']}",
                did_you_mean(found["subject"], [s.value for s in Subject]),
            )
        subject = Subject(found["subject"])
        name = found["name"] or ""
        if subject is Subject.ARRIVALS and name:
            self.fail("dropped counts all arrivals and takes no name", "write: dropped < 0.1%")
        return subject, name, self.labels(subject, found["labels"]), found["words"].split()

    def labels(self, subject: Subject, written: str | None) -> tuple[tuple[str, str], ...]:
        if written is None:
            return ()
        known = LABELS[subject]
        values: dict[str, str] = {}
        for pair in written.split(","):
            label, equals, value = (part.strip() for part in pair.partition("="))
            if not (label and equals and value):
                self.fail(f'"{pair.strip()}" is not a label with a value', "write label=value, such as: [payment=gpay]")
            if label not in known:
                self.fail(f"{subject} has no label {label}", did_you_mean(label, known))
            if label in values:
                self.fail(f"{label} is given twice", "write one objective for each value")
            values[label] = value
        return tuple((label, values[label]) for label in known if label in values)

    def metric(self, subject: Subject, words: list[str]) -> tuple[Metric, list[str]]:
        known = METRICS[subject]
        if subject is Subject.ARRIVALS:
            return Metric.DROPPED, words
        names = [metric.value for metric in known]
        if not words or _PERCENTILE.fullmatch(words[0]) or words[0] in list(Statistic):
            self.fail(f"the metric of {subject} is missing", f"write one of {', '.join(names)} after {subject}")
        if words[0] not in names:
            self.fail(f"{subject} has no metric {words[0]}", did_you_mean(words[0], names))
        return Metric(words[0]), words[1:]

    def statistic(self, metric: Metric, words: list[str]) -> tuple[Statistic | None, float]:
        if not metric.timed:
            if words:
                self.fail(f'{metric} has no statistic, but "{" ".join(words)}" is given', "leave it out")
            return None, 0.0
        if len(words) != 1:
            self.fail(f"{metric} needs one statistic, not {len(words)}", "write p95 (any percentile), mean or max")
        if words[0] in (Statistic.MEAN, Statistic.MAX):
            return Statistic(words[0]), 0.0
        found = _PERCENTILE.fullmatch(words[0])
        if found is None:
            self.fail(
                f'"{words[0]}" is not a statistic',
                {"median": "write p50", "med": "write p50", "avg": "write mean", "average": "write mean"}.get(
                    words[0], "write p95 (any percentile), mean or max"
                ),
            )
        percent = float(found["percent"])
        if percent >= 100:  # noqa: PLR2004  per cent
            self.fail(f"{words[0]} is not a percentile", "write max for the slowest of all, or p99.9")
        if percent == 0:
            self.fail("p0 is not a percentile", "write one over 0, such as p50")
        return Statistic.PERCENTILE, round(percent / 100, 12)

    def direction(self, metric: Metric, operator: Operator) -> None:
        if metric in (Metric.RATE, Metric.COUNT):
            return
        if operator.upward and not self.condition:
            right = "<" if operator is Operator.MORE else "<="
            self.fail(f"{metric} must be below its bound, not above it", f"write {right}")
        if self.condition and not operator.upward:
            right = ">" if operator is Operator.LESS else ">="
            self.fail(f"a stop rule needs {metric} above its bound, not below it", f"write {right}")

    def bound(self, metric: Metric, operator: Operator, right: str) -> tuple[float, str]:
        duration = parse_duration(right) if metric.timed else None
        if duration is not None and duration.seconds > 0:
            return duration
        read = quantity(right)
        if read is None:
            self.fail(f'"{right}" is not a bound', f"write a number with its unit, such as {_example(metric)}")
        number, unit = read
        limit = f"{number:.12g}{unit}"
        if metric.timed:
            self.fail_time(number, unit, limit, metric)
        if metric is Metric.RATE:
            return self.rate(number, unit, limit), limit
        if metric is Metric.COUNT:
            return self.count(number, unit, limit), limit
        if unit != "%":
            self.wrong_unit(unit, ["%"], metric)
        self.possible(operator, number, limit)
        return round(number / 100, 15), limit

    def fail_time(self, number: float, unit: str, limit: str, metric: Metric) -> NoReturn:
        if unit not in DURATIONS or number > 0:
            self.wrong_unit(unit, list(DURATIONS), metric)
        self.fail(f"a time cannot be below {limit}", f"write a time over 0, such as {_example(metric)}")

    def rate(self, number: float, unit: str, limit: str) -> float:
        if unit not in RATES:
            self.wrong_unit(unit, list(RATES), Metric.RATE)
        if number < 0:
            self.fail(f"{limit} is not a rate", "write one of 0 or more, such as 20/s")
        return number / RATES[unit]

    def count(self, number: float, unit: str, limit: str) -> float:
        if unit:
            self.fail(f'a count has no unit, but "{unit}" is given', f"write {number:.12g}")
        if number < 0 or number != int(number):
            self.fail(f"{limit} is not a count", "write a whole number of 0 or more")
        return number

    def wrong_unit(self, unit: str, known: list[str], metric: Metric) -> NoReturn:
        problem = f'"{unit}" is not a unit of {metric}' if unit else "the bound has no unit"
        self.fail(problem, f"write {' or '.join(known)} after the number, such as {_example(metric)}")

    def possible(self, operator: Operator, percent: float, limit: str) -> None:
        if not 0 <= percent <= 100:  # noqa: PLR2004  per cent
            self.fail(f"{limit} is not a share", "write one from 0% to 100%")
        if percent == 0 and operator is Operator.LESS:
            self.fail("a share cannot be below 0%", "write <= 0% to allow none at all")
        if operator is Operator.AT_LEAST and percent == 0:
            self.fail("every share is at least 0%", "write > 0%")
        if percent == 100:  # noqa: PLR2004  per cent
            self.fail(f"{operator} 100% is always true", "write a bound below 100%")


def _example(metric: Metric) -> str:
    if metric.timed:
        return "300ms"
    return {Metric.RATE: "20/s", Metric.COUNT: "5"}.get(metric, "0.5%")
