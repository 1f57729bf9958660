"""Reads a file that the user named: a regular file of bounded size, and JSON or TOML of bounded depth in it; and writes one.

Nothing else is opened for reading: a FIFO or a device can block for ever, and a file of ``/proc`` is the state of a process. What the
parser is given is bounded first, because a parser may take time or stack for ever. No error repeats what a file holds.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from harness.errors import UsageError

MAX_TOML_BYTES = 1_000_000
"""Bytes of a scenario or a forecast."""

MAX_CSV_BYTES = 100_000_000
"""Bytes of a CSV file: accounts, or recorded arrivals."""

MAX_DEPTH = 32
"""Tables and lists in one another; what checkload reads and writes has eight at most."""

MAX_TOKEN_LENGTH = 64
"""Characters of a number or of a key without quotes in TOML."""

MAX_DOTS = 500
"""Dots outside texts on a line of TOML: those of a dotted key take time by their square."""

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*"
    rf"|[\[\]{{}}.\n]|[0-9A-Za-z_+-]{{{MAX_TOKEN_LENGTH + 1},}}",
    re.DOTALL,
)
_AT = re.compile(r"^(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$", re.DOTALL)
# What follows these words in a message of tomllib stands in the file.
_QUOTES = re.compile(
    r"^(Cannot (?:declare|mutate immutable namespace|redefine namespace)|Duplicate inline table key|(?:Illegal|Found invalid) character)\b.*",
    re.DOTALL,
)


class UnreadableFile(ValueError):
    """A file that is not read; the message says why, as the end of a sentence that names the file."""


class TomlError(UnreadableFile):
    """A text that is no TOML, or too much of it; ``place`` is line and column, empty for the end of the file."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.what = what
        self.place = place


class JsonError(UnreadableFile):
    """A text that is no JSON."""


def read_bytes(path: Path, most: int) -> bytes:
    """Everything in a regular file of at most so many bytes; raises ``UnreadableFile``."""
    try:
        # Asked before it is opened, as opening alone has effects on some devices, and again after: it may have changed.
        _require_regular_file(path.stat(), most)
        with open(path, "rb", opener=_open) as file:
            _require_regular_file(os.fstat(file.fileno()), most)
            found = file.read(most + 1)
    except OSError as error:
        raise UnreadableFile(error.strerror or "it cannot be read") from None
    except ValueError as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile("its name holds a character that no name may hold") from None
    if len(found) > most:
        raise UnreadableFile(_too_large(most))
    return found


def is_directory(path: Path) -> bool:
    """Whether a folder is there."""
    return stat.S_ISDIR(_kind(path))


def is_file(path: Path) -> bool:
    """Whether a regular file is there."""
    return stat.S_ISREG(_kind(path))


def is_fifo(path: Path) -> bool:
    """Whether a FIFO is there."""
    return stat.S_ISFIFO(_kind(path))


def _kind(path: Path) -> int:
    """What is there, as the system says it; 0 for nothing, and for a name that no file can have."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def write_file(option: str, path: Path, content: bytes) -> None:
    """Write a file that the user named with this option; ``UsageError`` if it cannot be written, and no half of it is left."""
    opened = False
    try:
        with path.open("wb") as file:
            opened = True
            file.write(content)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its name holds a character that no name may hold"
        with suppress(OSError, ValueError):
            if opened and path.is_file():  # one that may not be written to is left alone
                path.unlink()
        raise UsageError(
            f"{option} {path}: cannot be written ({why}); name a file in a folder that exists, with room for it"
        ) from None


def read_text(path: Path, most: int) -> str:
    """What ``content`` reads, as UTF-8 with or without a mark at its start; raises ``UnreadableFile``."""
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile("it is not UTF-8") from None


def parse_toml(source: str) -> dict[str, Any]:
    """The tables of a text; raises ``TomlError``, which repeats nothing of it."""
    _check_bounds(source)
    try:
        tables = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(str(error)) from None
    except (ValueError, RecursionError, OverflowError):
        raise TomlError("a number or a date that cannot be read, or tables too deep in one another") from None
    if not is_shallow(tables):
        raise TomlError(f"tables more than {MAX_DEPTH} deep in one another")
    return tables


def parse_json(source: bytes) -> Any:
    """The value that a text of JSON is; raises ``JsonError``."""
    try:
        return orjson.loads(source)
    except (orjson.JSONDecodeError, RecursionError):
        raise JsonError("is no whole JSON file") from None


def is_shallow(value: Any) -> bool:
    """Whether no table or list in it lies deeper than ``MAX_DEPTH``."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return True
    return False


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _require_regular_file(state: os.stat_result, most: int) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise UnreadableFile("it is a folder")
    if not stat.S_ISREG(state.st_mode):
        raise UnreadableFile("it is no regular file")
    if state.st_size == 0:  # as every file of /proc says of itself, whatever can be read from it
        raise UnreadableFile("it is empty")
    if state.st_size > most:
        raise UnreadableFile(_too_large(most))


def _too_large(most: int) -> str:
    return f"it is larger than {most / 1e6:,.0f} MB"


def _check_bounds(source: str) -> None:
    line, depth, dots = 1, 0, 0
    for found in _TOKEN.finditer(source):
        token = found[0]
        match token[0]:
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case ".":
                dots += 1
            case "\n":
                line, dots = line + 1, 0
            case '"' | "'":
                line += token.count("\n")
            case "#":
                pass
            case _:
                raise TomlError(f"a number or a key of more than {MAX_TOKEN_LENGTH} characters", f"line {line}")
        if depth > MAX_DEPTH:
            raise TomlError(f"tables and lists more than {MAX_DEPTH} deep in one another", f"line {line}")
        if dots > MAX_DOTS:
            raise TomlError(f"more than {MAX_DOTS} dots", f"line {line}")


def _toml_error(message: str) -> TomlError:
    match = _AT.match(message)
    what = _QUOTES.sub(r"\1", match["what"] if match else message)
    return TomlError(what, f"line {match['line']}, column {match['column']}" if match and match["line"] else "")
