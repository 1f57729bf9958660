"""A finished run on disk: what was asked, everything that was measured, the verdict, and what it was made with.

``result.json`` holds it all and can be read back; its form is ``result.schema.json``. ``summary.md`` and ``junit.xml`` are
renderings for people and pipelines.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import count, islice
from math import inf, isfinite
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from harness import files as user_files
from harness.capacity.answer import CapacityAnswer
from harness.exits import Exit
from harness.files import JsonError, UnreadableFile
from harness.measurement.outcomes import Blame
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Phase
from harness.measurement.summary import every_journey, every_page, option_rows, page_rows, verification_rows
from harness.measurement.totals import RunTotals
from harness.objectives.verdict import Finding, Judgement, ObjectiveResult, Severity, Verdict
from harness.results.json_schema import SchemaCheck, compile_schema
from harness.results.redact import Redactor
from harness.validity.ledger import LedgerComparison, LedgerDifference

logger = logging.getLogger("checkload")

SCHEMA_VERSION = 1
MAX_RESULT_BYTES = 500_000_000
"""Bytes of a result that is read."""
MAX_REPORTED_FAULTS = 5
"""Faults of a damaged result that are told."""
RESULT = "result.json"
_VOCABULARY = frozenset({*Verdict, *Severity, *Phase, *Blame, "open", "closed", "s", "share", "per_s", "count"})
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class ResultError(Exception):
    """A file that is no result that can be read; the message names it and says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What a run was asked to do.

    ``scenario`` is the whole scenario as plain JSON values, ``overrides`` what was chosen beside it. ``target`` is kept
    without user, password and query. ``users`` is the number of virtual users; ``payment_options`` are those
    that the scenario means to have walked. Durations are in seconds.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished run.

    ``stopped`` says why it ended before its time (``""``: it did not). ``exit`` is what the pipeline was told, which is
    the verdict's unless something else went wrong. ``ledger`` is ``None`` where the shop keeps none that we may read.
    ``capacity`` is the answer of a search for it.
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

    @property
    def counts(self) -> RunTotals:
        """The totals of the whole run."""
        return RunTotals.of(self.recorder)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values; the totals and the summary are there for readers that know no histograms."""
        recorder = self.recorder
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "scenario": self.scenario,
            "exit_code": int(self.exit),
            "started_at": self.started_at.astimezone(UTC).isoformat(),
            "ended_at": self.ended_at.astimezone(UTC).isoformat(),
            "stopped": self.stopped,
            "judgement": _judgement_to_json(self.judgement),
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
            "asked": asdict(self.asked),
            "versions": dict(self.versions),
            "measured": recorder.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Result:
        """Read back what ``to_json`` wrote; KeyError, TypeError or ValueError where that is not what it is."""
        result = cls(
            run_id=document["run_id"],
            scenario=document["scenario"],
            asked=RunSettings(**document["asked"]),
            started_at=datetime.fromisoformat(document["started_at"]),
            ended_at=datetime.fromisoformat(document["ended_at"]),
            recorder=Recorder.from_json(document["measured"]),
            judgement=_judgement_from_json(document["judgement"]),
            exit=Exit(document["exit_code"]),
            stopped=document["stopped"],
            ledger=_ledger_from_json(document["ledger"]),
            capacity=CapacityAnswer.from_json(found) if (found := document.get("capacity")) else None,
            versions=document["versions"],
        )
        if asdict(result.counts) != document["counts"]:
            raise ValueError("its totals are not the sum of its measurements")
        _refuse_contradictions(result)
        return result


class WrittenResult(NamedTuple):
    """Where a result was written, and the result as it stands there."""

    folder: Path
    result: Result


def without_secrets(url: str) -> str:
    """A URL without user, password, query and fragment."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def redacted(result: Result, secrets: Collection[str]) -> Result:
    """The result without any of these secrets or anything like a card number; a finding says if there were some."""
    redactor = Redactor(secrets, _VOCABULARY)
    clean = replace(
        result,
        run_id=redactor.redact_text(result.run_id),
        scenario=redactor.redact_text(result.scenario),
        stopped=redactor.redact_text(result.stopped),
        asked=replace(
            result.asked,
            scenario=redactor.redact_value(result.asked.scenario, foreign=True),
            overrides=redactor.redact_value(result.asked.overrides, foreign=True),
            target=redactor.redact_text(result.asked.target),
            payment_options=tuple(map(redactor.redact_text, result.asked.payment_options)),
        ),
        judgement=_judgement_from_json(redactor.redact_value(_judgement_to_json(result.judgement))),
        ledger=_ledger_from_json(redactor.redact_value(None if result.ledger is None else asdict(result.ledger))),
        versions=redactor.redact_value(dict(result.versions), foreign=True),
        recorder=result.recorder.with_renamed_labels(redactor.redact_text),
    )
    if not redactor.removed:
        return clean
    finding = Finding(
        "secrets",
        Severity.WARNING,
        f"what looked like a card number or a password was removed from the results in {redactor.removed} places",
        "tell the authors of checkload where it came from; it should not have got that far",
    )
    findings = (*clean.judgement.findings, finding)
    return replace(clean, judgement=replace(clean.judgement, findings=findings))


Rendering = Callable[[Result], bytes]
NO_RENDERINGS: Mapping[str, Rendering] = {}


def new_folder(base: Path, scenario: str, now: datetime) -> Path:
    """Make ``<base>/<scenario>-<UTC time>``, with ``-2``, ``-3``, … behind it rather than using one that is there."""
    name = _NOT_IN_A_NAME.sub("-", Path(scenario).stem).strip("-.") or "run"
    stem = f"{name}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    for number in count(1):
        folder = base / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise AssertionError("there is always another number")


def write(
    result: Result, folder: Path, secrets: Collection[str] = (), renderings: Mapping[str, Rendering] = NO_RENDERINGS
) -> WrittenResult:
    """Write ``result.json`` and each rendering, whole or not at all; OSError where there can be no result.

    No file holds any of the ``secrets`` or anything that looks like a card number. A rendering that cannot be written is
    said and costs nothing.
    """
    clean = redacted(result, secrets)
    folder.mkdir(parents=True, exist_ok=True)
    _write_atomically(folder / RESULT, _encoded(clean.to_json()) + b"\n")
    for name, render in renderings.items():
        try:
            _write_atomically(folder / name, render(clean))
        except OSError as error:
            logger.warning("%s cannot be written: %s", folder / name, error.strerror or error)
    return WrittenResult(folder, clean)


def _write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a link of that name is replaced, and what it points to left alone."""
    unfinished = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            file.write(content)
        unfinished.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def _encoded(document: Mapping[str, Any]) -> bytes:
    """As JSON; a value of a scenario that JSON has no word for is written as text rather than lose all the others."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, default=str).encode()


def read(place: Path) -> Result:
    """Read a result from its folder or its ``result.json``; ResultError says what is wrong with it."""
    path = place / RESULT if user_files.is_directory(place) else place
    try:
        document = user_files.parse_json(user_files.read_bytes(path, MAX_RESULT_BYTES))
    except JsonError as error:
        raise ResultError(f"{path}: {error}; was it cut off?") from None
    except UnreadableFile as error:
        raise ResultError(f"{path}: cannot be read ({error}); name a folder that a run has left") from None
    if not isinstance(document, dict) or "schema_version" not in document:
        raise ResultError(f"{path}: is not the result of a run; name a {RESULT} or the folder that holds one")
    if document["schema_version"] != SCHEMA_VERSION:
        raise ResultError(
            f"{path}: was written as version {str(document['schema_version'])[:20]}, and this checkload reads version "
            f"{SCHEMA_VERSION}; read it with the checkload that wrote it"
        )
    faults = list(islice(_faults(document), MAX_REPORTED_FAULTS + 1))
    if faults:
        more = " and more" if len(faults) > MAX_REPORTED_FAULTS else ""
        raise ResultError(f"{path}: is damaged: {'; '.join(faults[:MAX_REPORTED_FAULTS])}{more}")
    try:
        return Result.from_json(document)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResultError(f"{path}: is damaged: {str(error)[:200]}") from None


@cache
def _schema_check() -> SchemaCheck:
    return compile_schema(orjson.loads(files("harness.results").joinpath("result.schema.json").read_bytes()))


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    """Where a document is not what its schema says, each as half a sentence."""
    for fault in _schema_check()(document, ""):
        yield fault.lstrip(".")
    # The schema leaves open what a scenario is.
    if not user_files.is_shallow(document.get("asked")):
        yield "asked holds tables too deep in one another"


def _refuse_contradictions(result: Result) -> None:
    judgement = result.judgement
    if result.exit not in {judgement.verdict.exit, Exit.CRASHED}:
        raise ValueError("its exit code is not that of its verdict")
    if judgement.verdict is not Verdict.PASSED:
        return
    if any(finding.level in {Severity.INVALID, Severity.FAILED} for finding in judgement.findings) or (
        result.capacity is None and any(one.verdict is not Verdict.PASSED for one in judgement.objectives)
    ):
        raise ValueError("it has passed, and what it was judged by has not")


def _judgement_to_json(judgement: Judgement) -> dict[str, Any]:
    document = asdict(judgement)
    for objective in document["objectives"]:
        measured = objective["measured"]
        if measured is not None and not isfinite(measured):
            objective["measured"] = "inf" if measured == inf else None
    return document


def _judgement_from_json(document: Mapping[str, Any]) -> Judgement:
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


def _ledger_from_json(document: Mapping[str, Any] | None) -> LedgerComparison | None:
    if document is None:
        return None
    fields = {name: value for name, value in document.items() if name != "agrees"}
    return LedgerComparison(
        **{**fields, "differences": tuple(LedgerDifference(**one) for one in document["differences"])}
    )
