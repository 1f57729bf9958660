"""Writes a result into its folder and reads it back.

``result.json`` holds the whole result. Beside it stand renderings for people and pipelines, such as ``summary.md`` and
``junit.xml``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import count, islice
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple

import orjson

from harness import files as user_files
from harness.files import JsonError, UnreadableFile
from harness.measurement.outcomes import Blame
from harness.measurement.sample import Phase
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.results.compact import decompressed
from harness.results.json_schema import SchemaCheck, compile_schema
from harness.results.orders_file import ORDERS, ORDERS_COMPRESSED
from harness.results.redact import Redactor
from harness.results.result import SCHEMA_VERSION, Result, judgement_from_json, judgement_to_json, ledger_from_json
from harness.shop_metrics.measurement import MetricMeasurement
from harness.units import format_count

logger = logging.getLogger("checkload")

RESULT = "result.json"
MAX_RESULT_BYTES = 500_000_000
"""The size of the largest result that is read."""
MAX_NAMED_RUNS = 3
"""Runs in a folder that an error names."""
MAX_REPORTED_FAULTS = 5
"""Faults of a damaged result that an error names."""
_VOCABULARY = frozenset(
    {*Verdict, *Severity, *Phase, *Blame, "open", "closed", "s", "share", "per_s", "count", "value"}
)
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")

Rendering = Callable[[Result], bytes]
NO_RENDERINGS: Mapping[str, Rendering] = {}


class ResultError(Exception):
    """A file that cannot be read as a result; the message names the file and the reason."""


class WrittenResult(NamedTuple):
    """The folder of a written result, and the result as it was written."""

    folder: Path
    result: Result


def new_folder(base: Path, scenario: str, now: datetime) -> Path:
    """Make the folder ``<base>/<scenario>-<UTC time>``, with ``-2``, ``-3``, … at the end if it exists already."""
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


def run_folder(place: Path) -> Path:
    """The folder of a run: this folder, or the only run in it, or the folder of this file; ResultError if it holds several runs."""
    if not user_files.is_directory(place):
        return place.parent
    if _is_run(place):
        return place
    runs = sorted(one for one in place.iterdir() if one.is_dir() and _is_run(one))
    if len(runs) > 1:
        names = ", ".join(one.name for one in runs[-MAX_NAMED_RUNS:])
        raise ResultError(f"{place}: holds {len(runs)} runs; name one of them, such as {names}")
    return runs[0] if runs else place


def _is_run(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in (RESULT, ORDERS, ORDERS_COMPRESSED))


def write(
    result: Result, folder: Path, secrets: Collection[str] = (), renderings: Mapping[str, Rendering] = NO_RENDERINGS
) -> WrittenResult:
    """Write ``result.json`` and each rendering, each of them whole or not at all; OSError if ``result.json`` cannot be written.

    No file contains any of the ``secrets``, or a text that looks like a card number. If a rendering cannot be written,
    the log says so, and the result is complete all the same.
    """
    clean = redacted(result, secrets)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / RESULT, _encoded(clean.to_json()) + b"\n")
    for name, render in renderings.items():
        try:
            write_atomically(folder / name, render(clean))
        except OSError as error:
            logger.warning("%s cannot be written: %s", folder / name, error.strerror or error)
    return WrittenResult(folder, clean)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; replaces a symbolic link of that name, and leaves its target alone."""
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
    """The document as JSON; a value of a scenario that JSON does not know is written as text."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, default=str).encode()


def read(place: Path) -> Result:
    """Read a result from its folder, its ``result.json`` or a stored baseline; ResultError says what is wrong with it."""
    path = run_folder(place) / RESULT if user_files.is_directory(place) else place
    try:
        content = decompressed(user_files.read_bytes(path, MAX_RESULT_BYTES), MAX_RESULT_BYTES)
        document = user_files.parse_json(content)
    except JsonError as error:
        raise ResultError(f"{path}: {error}; it may have been cut off") from None
    except (UnreadableFile, ValueError) as error:
        raise ResultError(f"{path}: cannot be read ({error}); give the results folder of a run") from None
    if not isinstance(document, dict) or "schema_version" not in document:
        raise ResultError(f"{path}: is not the result of a run; give a {RESULT} or its folder")
    if document["schema_version"] != SCHEMA_VERSION:
        raise ResultError(
            f"{path}: has version {str(document['schema_version'])[:20]}, but this checkload reads version "
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
    """What is wrong with a document by its schema, each as half a sentence."""
    for fault in _schema_check()(document, ""):
        yield fault.lstrip(".")
    # The schema leaves the scenario open, so its depth is checked here.
    if not user_files.is_shallow(document.get("asked")):
        yield "asked holds tables that are nested too deeply"


def redacted(result: Result, secrets: Collection[str]) -> Result:
    """The result without these secrets and without card numbers; a finding says whether there were any."""
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
        judgement=judgement_from_json(redactor.redact_value(judgement_to_json(result.judgement))),
        ledger=ledger_from_json(redactor.redact_value(None if result.ledger is None else asdict(result.ledger))),
        versions=redactor.redact_value(dict(result.versions), foreign=True),
        recorder=result.recorder.with_renamed_labels(redactor.redact_text),
        slowest_traces=tuple(replace(one, page=redactor.redact_text(one.page)) for one in result.slowest_traces),
        cell_traces=tuple(
            replace(
                one,
                page=redactor.redact_text(one.page),
                payment_option=redactor.redact_text(one.payment_option),
            )
            for one in result.cell_traces
        ),
        shop_metrics=tuple(
            MetricMeasurement.from_json(redactor.redact_value(one.to_json())) for one in result.shop_metrics
        ),
        changes=tuple(
            replace(one, before=redactor.redact_text(one.before), after=redactor.redact_text(one.after))
            for one in result.changes
        ),
    )
    if not redactor.removed:
        return clean
    finding = Finding(
        "secrets",
        Severity.WARNING,
        f"what looked like a card number or a password was removed from the results in "
        f"{format_count(redactor.removed, 'place')}",
        "report this bug of checkload, and say where the secret came from",
    )
    findings = (*clean.judgement.findings, finding)
    return replace(clean, judgement=replace(clean.judgement, findings=findings))
