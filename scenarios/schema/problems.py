"""The errors of scenario and forecast files: which key, its value, what is expected, and the remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.units import closest_name

ABSENT: Any = object()
"""The value of a missing key."""

HIDDEN_VALUE: Any = object()
"""Stands for a value that is not shown: it may hold a secret, or it belongs to an unknown key."""

_SECRET = re.compile(r"password|passwd|secret|token|card_number|cvv|code$", re.IGNORECASE)
_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True)
class Problem:
    """One error: the key, its value, what is expected there, and a remedy.

    ``key`` is a dotted path (``payments.credit_cart``, ``arrivals.stages[1].rate``) or an option (``--payment-mix``).
    ``value`` may be ``ABSENT`` or ``HIDDEN_VALUE``.
    """

    key: str
    value: Any
    expected: str
    remedy: str = ""
    expected_names_fault: bool = False
    """Whether ``expected`` names the error instead, as for objectives and stop rules."""

    def __str__(self) -> str:
        lines = [self._head, f"  {'problem: ' if self.expected_names_fault else 'expected:'} {self.expected}"]
        if self.remedy:
            lines.append(f"  remedy:   {self.remedy}")
        return "\n".join(lines)

    @property
    def _head(self) -> str:
        # A key may be any text, also one with control characters for a terminal.
        key = _shortened("".join(letter if letter.isprintable() else "?" for letter in self.key))
        if self.value is ABSENT:
            return f"{key} is missing"
        return key if self.value is HIDDEN_VALUE else f"{key} = {display_value(self.key, self.value)}"


class ScenarioError(ValueError):
    """A file or choice that cannot be used, with all its errors at once."""

    def __init__(self, subject: str, problems: Sequence[Problem]) -> None:
        self.subject = subject
        self.problems = tuple({str(problem): problem for problem in problems}.values())
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        body = "\n\n".join(str(problem) for problem in self.problems)
        super().__init__(f"{subject} cannot be used: {count}\n\n{_indented(body)}")


def display_value(key: str, value: Any) -> str:
    """The value as it is written in the file, shortened; hidden if the key may hold a secret."""
    if _SECRET.search(key):
        return "(hidden)"
    return _shortened(json.dumps(value, default=str, ensure_ascii=False))


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean `credit_card`?`` when a known name is spelled much like it, else an empty text."""
    close = closest_name(name, known)
    return f"did you mean `{close}`?" if close else ""


def one_of(names: Iterable[str]) -> str:
    """The names as a list in a sentence: ``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in text.splitlines())
