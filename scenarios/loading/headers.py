"""Checks and resolves the table ``[headers]``. Messages never show a header's value: it may be a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scenarios.schema.problems import HIDDEN_VALUE, Problem, one_of
from scenarios.schema.scenario_file import ScenarioDocument

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FRAMING = frozenset(
    {"host", "connection", "keep-alive", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect"}
)
_OURS = frozenset({"cookie", "x-csrftoken", "x-requested-with", "content-type", "accept-encoding", "traceparent"})


def resolve_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers, with each ``${NAME}`` replaced by that environment variable; a variable that is not set gives an empty text."""
    return {name: _VARIABLE.sub(lambda found: os.environ.get(found[1], ""), value) for name, value in headers.items()}


def header_problems(document: ScenarioDocument, _folder: Path) -> Iterator[Problem]:
    """Yield a problem for each name that cannot be sent, variable that is not set, and value that would break a request."""
    seen: dict[str, str] = {}
    for name, value in document.headers.items():
        key = f"headers.{name}"
        if not _NAME.fullmatch(name):
            # A wrong name is not shown: it may hold the value, as in "Name: value".
            yield Problem(
                "headers", HIDDEN_VALUE, "header names of letters, digits and hyphens", 'write Name = "value"'
            )
            continue
        if name.lower() in _FRAMING:
            yield Problem(key, HIDDEN_VALUE, "no header that frames a request", "leave it out: the client sets it")
        elif name.lower() in _OURS:
            yield Problem(
                key, HIDDEN_VALUE, "no header that changes with each request", "leave it out: the shopper sets it"
            )
        if (other := seen.setdefault(name.lower(), name)) != name:
            yield Problem(
                key, HIDDEN_VALUE, f"only one header of this name; {other} is another", "leave one of them out"
            )
        yield from _value_problems(key, value)


def _value_problems(key: str, value: str) -> Iterator[Problem]:
    names = _VARIABLE.findall(value)
    if "${" in _VARIABLE.sub("", value) or not all(map(_WORD.fullmatch, names)):
        yield Problem(
            key, HIDDEN_VALUE, "the name of an environment variable in ${...}", 'write for example "${STAGING_TOKEN}"'
        )
        return
    if missing := [name for name in names if not os.environ.get(name)]:
        which = "variable" if len(missing) == 1 else "variables"
        yield Problem(
            key,
            HIDDEN_VALUE,
            f"a value for the environment {which} {one_of(missing)}",
            f"set {one_of(missing)} before the run",
        )
        return
    text = resolve_headers({key: value})[key]
    if not text.strip():
        yield Problem(key, HIDDEN_VALUE, "a value that is not empty", "write a value, or leave the header out")
    elif not (text.isascii() and text.isprintable()) or text != text.strip():
        yield Problem(
            key,
            HIDDEN_VALUE,
            "printable ASCII, without line ends, and without blanks at its start or end",
            "look for a line end or a blank in its value",
        )
