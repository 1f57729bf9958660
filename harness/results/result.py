"""The finished run: what it was asked to do, its measurements, its verdict, and the versions it was made with.

``to_json`` and ``from_json`` convert it to and from the values of ``result.json``, whose form is ``result.schema.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from math import inf, isfinite
from typing import Any
from urllib.parse import urlsplit

from harness.capacity.answer import CapacityAnswer
from harness.exits import Exit
from harness.measurement.recorder import Recorder
from harness.measurement.summary import every_journey, every_page, option_rows, page_rows, verification_rows
from harness.measurement.totals import RunTotals
from harness.objectives.verdict import Finding, Judgement, ObjectiveResult, Severity, Verdict
from harness.shop_metrics.measurement import MetricMeasurement
from harness.validity.ledger import LedgerComparison, LedgerDifference

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What a run was asked to do; durations in seconds.

    ``scenario`` is the whole scenario as plain JSON values, ``overrides`` the options that changed it. ``target`` is kept
    without user, password and query. ``users`` is the number of virtual users. ``payment_options`` are those of the
    scenario.
    """

    scenario: Mapping[str, Any]
    seed: int
    target: str
    embedded: bool
    model: str = "open"
    users: int = 0
    warm_up: float = 0.0
    steady: float = 0.0
    drain: float = 0.0
    payment_options: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "target", without_secrets(self.target))
        object.__setattr__(self, "payment_options", tuple(self.payment_options))


FAILURE = "failure"
"""The result of a trace whose request failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowTrace:
    """A traced request: its page, ``success`` or ``failure``, its response time in seconds, its end in seconds since 1970."""

    page: str
    result: str
    trace_id: str
    seconds: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTrace:
    """The slowest traced request of a page with a payment option, with its response time in seconds."""

    page: str
    payment_option: str
    trace_id: str
    seconds: float


@dataclass(slots=True)
class SpanCounts:
    """How many spans were sent, and how many were dropped: the queue was full, or the receiver did not take them."""

    sent: int = 0
    dropped: int = 0

    def __add__(self, other: SpanCounts) -> SpanCounts:
        return SpanCounts(self.sent + other.sent, self.dropped + other.dropped)


@dataclass(frozen=True, slots=True, kw_only=True)
class SteeringChange:
    """A change that a person made while the run was on: ``at`` seconds after the start of the load, in words before and after."""

    at: float
    quantity: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished run.

    ``stopped`` says why it ended early (``""``: it did not). ``exit`` is the exit code of the process: that of the
    verdict, unless checkload crashed. ``ledger`` is None where the shop has no ledger that checkload may read.
    ``capacity`` is the answer of a search for the capacity. ``slowest_traces`` are requests that were traced: failed ones,
    then the slowest. ``cell_traces`` are the slowest of each page and payment option. ``spans`` counts those sent with
    ``--otlp`` (None: none).
    ``shop_metrics`` are the shop's own metrics that objectives are about.
    ``changes`` are what a person changed while the run was on.
    """

    run_id: str
    scenario: str
    asked: RunSettings
    started_at: datetime
    ended_at: datetime
    recorder: Recorder
    judgement: Judgement
    exit: Exit
    stopped: str = ""
    ledger: LedgerComparison | None = None
    capacity: CapacityAnswer | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    slowest_traces: tuple[SlowTrace, ...] = ()
    cell_traces: tuple[CellTrace, ...] = ()
    spans: SpanCounts | None = None
    shop_metrics: tuple[MetricMeasurement, ...] = ()
    changes: tuple[SteeringChange, ...] = ()

    @property
    def counts(self) -> RunTotals:
        """The totals of the whole run."""
        return RunTotals.of(self.recorder)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; totals and summary are for readers that do not know the histograms."""
        recorder = self.recorder
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "scenario": self.scenario,
            "exit_code": int(self.exit),
            "started_at": self.started_at.astimezone(UTC).isoformat(),
            "ended_at": self.ended_at.astimezone(UTC).isoformat(),
            "stopped": self.stopped,
            "judgement": judgement_to_json(self.judgement),
            "counts": asdict(self.counts),
            "summary": {
                "page": every_page(recorder).to_json(),
                "journey": every_journey(recorder).to_json(),
                "pages": [row.to_json() for row in page_rows(recorder)],
                "payment_options": [row.to_json() for row in option_rows(recorder, self.asked.payment_options)],
                "verifications": [row.to_json() for row in verification_rows(recorder)],
            },
            "ledger": None if self.ledger is None else {**asdict(self.ledger), "agrees": self.ledger.agrees},
            "capacity": None if self.capacity is None else self.capacity.to_json(),
            "slowest_traces": [asdict(one) for one in self.slowest_traces],
            "cell_traces": [asdict(one) for one in self.cell_traces],
            "spans": None if self.spans is None else asdict(self.spans),
            "shop_metrics": [one.to_json() for one in self.shop_metrics],
            "changes": [asdict(one) for one in self.changes],
            "asked": asdict(self.asked),
            "versions": dict(self.versions),
            "measured": recorder.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Result:
        """Read back what ``to_json`` wrote; KeyError, TypeError or ValueError for any other document."""
        result = cls(
            run_id=document["run_id"],
            scenario=document["scenario"],
            asked=RunSettings(**document["asked"]),
            started_at=datetime.fromisoformat(document["started_at"]),
            ended_at=datetime.fromisoformat(document["ended_at"]),
            recorder=Recorder.from_json(document["measured"]),
            judgement=judgement_from_json(document["judgement"]),
            exit=Exit(document["exit_code"]),
            stopped=document["stopped"],
            ledger=ledger_from_json(document["ledger"]),
            capacity=CapacityAnswer.from_json(found) if (found := document.get("capacity")) else None,
            versions=document["versions"],
            slowest_traces=tuple(SlowTrace(**one) for one in document.get("slowest_traces", ())),
            cell_traces=tuple(CellTrace(**one) for one in document.get("cell_traces", ())),
            spans=SpanCounts(**found) if (found := document.get("spans")) else None,
            shop_metrics=tuple(MetricMeasurement.from_json(one) for one in document.get("shop_metrics", ())),
            changes=tuple(SteeringChange(**one) for one in document.get("changes", ())),
        )
        if asdict(result.counts) != document["counts"]:
            raise ValueError("its totals do not agree with its measurements")
        _refuse_contradictions(result)
        return result


def without_secrets(url: str) -> str:
    """A URL without user, password, query and fragment."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _refuse_contradictions(result: Result) -> None:
    judgement = result.judgement
    if result.exit not in {judgement.verdict.exit, Exit.CRASHED}:
        raise ValueError("its exit code does not agree with its verdict")
    if judgement.verdict is not Verdict.PASSED:
        return
    if any(finding.level in {Severity.INVALID, Severity.FAILED} for finding in judgement.findings) or (
        result.capacity is None and any(one.verdict is not Verdict.PASSED for one in judgement.objectives)
    ):
        raise ValueError("its verdict is passed, but an objective or a finding contradicts it")


def judgement_to_json(judgement: Judgement) -> dict[str, Any]:
    """The judgement as JSON values; an infinite number is written as ``"inf"``."""
    document = asdict(judgement)
    for objective in document["objectives"]:
        measured = objective["measured"]
        if measured is not None and not isfinite(measured):
            objective["measured"] = "inf" if measured == inf else None
    return document


def judgement_from_json(document: Mapping[str, Any]) -> Judgement:
    """Read back what ``judgement_to_json`` wrote."""
    objectives = (
        ObjectiveResult(
            **{
                **objective,
                "verdict": Verdict(objective["verdict"]),
                "measured": inf if objective["measured"] == "inf" else objective["measured"],
            }
        )
        for objective in document["objectives"]
    )
    findings = (Finding(**{**finding, "level": Severity(finding["level"])}) for finding in document["findings"])
    return Judgement(Verdict(document["verdict"]), document["reason"], tuple(objectives), tuple(findings))


def ledger_from_json(document: Mapping[str, Any] | None) -> LedgerComparison | None:
    """Read back the comparison with the ledger from the JSON values of a result."""
    if document is None:
        return None
    fields = {name: value for name, value in document.items() if name != "agrees"}
    return LedgerComparison(
        **{**fields, "differences": tuple(LedgerDifference(**one) for one in document["differences"])}
    )
