"""An objective on one of the shop's own metrics, such as ``prometheus: rate(pg_deadlocks_total[1m]) < 0.1``.

The text before the last comparison is PromQL, the query language of Prometheus; checkload does not read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from harness.objectives.model import Objective, ObjectiveError, Operator

PREFIX = "prometheus:"
EXAMPLE = "prometheus: rate(pg_deadlocks_total[1m]) < 0.1"
UNIT = "value"
"""The unit of a result whose unit only the query knows."""

_LAST_COMPARISON = re.compile(r"(?P<query>.*[^<>=!≤≥]|)(?P<sign>[<>=!≤≥]+)(?P<bound>[^<>=!≤≥]*)")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_STARTS_WITH_NUMBER = re.compile(r"[-+]?\.?\d")


@dataclass(frozen=True, slots=True)
class MetricObjective:
    """Each value of ``query`` in the steady part must compare with ``bound`` as ``operator`` says; ``limit`` is the bound as written."""

    query: str
    operator: Operator
    bound: float
    limit: str

    @property
    def text(self) -> str:
        """The objective in its normal form; parsing it gives the same objective."""
        return f"{PREFIX} {self.query} {self.operator} {self.limit}"

    @property
    def unit(self) -> str:
        """The unit of the bound, which only the query knows."""
        return UNIT


AnyObjective: TypeAlias = Objective | MetricObjective


def is_metric_objective(text: str) -> bool:
    """Whether the text of an objective is about a metric of the shop."""
    return text.lstrip().startswith(PREFIX)


def parse_metric_objective(text: str) -> MetricObjective:
    """The objective that a text states; ObjectiveError says what is wrong and what to write instead."""
    body = text.strip().removeprefix(PREFIX).strip()
    if not body.isprintable():
        raise ObjectiveError(text, "it has a line end or another control character", "write it on one line")
    found = _LAST_COMPARISON.fullmatch(body)
    limit = "" if found is None else found["bound"].strip()
    if found is None or not _STARTS_WITH_NUMBER.match(limit):
        raise ObjectiveError(
            text, "it does not end with a comparison", f"end it with <, <=, > or >= and a number, such as: {EXAMPLE}"
        )
    if not _NUMBER.fullmatch(limit):
        raise ObjectiveError(
            text,
            f'"{limit}" is not a number: a metric has no unit that checkload knows',
            "write only a number, in the unit of the query, such as 0.3 for 300 ms in seconds",
        )
    sign = {"≤": "<=", "≥": ">=", "=<": "<=", "=>": ">="}.get(found["sign"], found["sign"])
    if sign not in list(Operator):
        raise ObjectiveError(text, f'"{found["sign"]}" is not a comparison of objectives', "write <, <=, > or >=")
    query = found["query"].strip()
    if not query:
        raise ObjectiveError(text, "it has no query", f"write PromQL before the comparison, such as: {EXAMPLE}")
    return MetricObjective(query, Operator(sign), float(limit), limit)
