"""Reads a file that the user named: a regular file of bounded size, and JSON or TOML of bounded depth in it; and writes one.

It opens nothing else for reading: a FIFO or a device can block forever, and a file of ``/proc`` is the state of a process. It limits
a text before it parses it, because a parser may use unlimited time or stack. No error repeats the content of a file.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from harness.errors import UsageError

MAX_TOML_BYTES = 1_000_000
"""The largest scenario or forecast in bytes."""

MAX_CSV_BYTES = 100_000_000
"""The largest CSV file in bytes: accounts, or recorded arrivals."""

MAX_DEPTH = 32
"""The deepest nesting of tables and lists; files of checkload have at most eight levels."""

MAX_TOKEN_LENGTH = 64
"""The longest number or unquoted key in TOML, in characters."""

MAX_DOTS = 500
"""The most dots outside strings on a line of TOML; a dotted key takes time that grows with the square of its dots."""

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
# In messages of tomllib, the text after these words comes from the file.
_QUOTES = re.compile(
    r"^(Cannot (?:declare|mutate immutable namespace|redefine namespace)|Duplicate inline table key|(?:Illegal|Found invalid) character)\b.*",
    re.DOTALL,
)


class UnreadableFile(ValueError):
    """A file that cannot be read; the message completes a sentence that names the file."""


class TomlError(UnreadableFile):
    """A text that is not valid TOML or too large; ``place`` is line and column, empty for the end of the file."""

    def __init__(self, what: str, place: str = "") -> None:
        super().__init__(f"{place}: {what}" if place else what)
        self.what = what
        self.place = place


class JsonError(UnreadableFile):
    """A text that is not valid JSON."""


def open_regular(path: Path, most: int) -> BinaryIO:
    """Open a regular file of at most ``most`` bytes for reading; raises ``UnreadableFile``."""
    try:
        # It checks before it opens the file, because opening some devices has effects, and again after, because the file may change.
        _require_regular_file(path.stat(), most)
        file = open(path, "rb", opener=_open)  # noqa: SIM115 - the caller closes it
        try:
            _require_regular_file(os.fstat(file.fileno()), most)
        except UnreadableFile:
            file.close()
            raise
    except OSError as error:
        raise UnreadableFile(error.strerror or "it cannot be read") from None
    except ValueError as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile("its name has a character that is not allowed") from None
    return file


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a regular file of at most ``most`` bytes; raises ``UnreadableFile``."""
    with open_regular(path, most) as file:
        try:
            found = file.read(most + 1)
        except OSError as error:
            raise UnreadableFile(error.strerror or "it cannot be read") from None
    if len(found) > most:
        raise UnreadableFile(_too_large(most))
    return found


def is_directory(path: Path) -> bool:
    """Whether the path is a folder."""
    return stat.S_ISDIR(_kind(path))


def is_file(path: Path) -> bool:
    """Whether the path is a regular file."""
    return stat.S_ISREG(_kind(path))


def is_fifo(path: Path) -> bool:
    """Whether the path is a FIFO."""
    return stat.S_ISFIFO(_kind(path))


def _kind(path: Path) -> int:
    """The file mode of a path; 0 if there is nothing, or if the name is not possible."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def write_file(option: str, path: Path, content: bytes) -> None:
    """Write a file that the user named with this option; ``UsageError`` if that fails, and no incomplete file is left."""
    opened = False
    try:
        with path.open("wb") as file:
            opened = True
            file.write(content)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "its name has a character that is not allowed"
        with suppress(OSError, ValueError):
            if opened and path.is_file():  # a file that could not be opened stays
                path.unlink()
        raise UsageError(
            f"{option} {path}: cannot be written ({why}); name a file in a folder that exists, with room for it"
        ) from None


def read_text(path: Path, most: int) -> str:
    """The content of a file as UTF-8, with or without a byte order mark; raises ``UnreadableFile``."""
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile("it is not UTF-8") from None


def parse_toml(source: str) -> dict[str, Any]:
    """The tables of a TOML text; raises ``TomlError``, which repeats nothing of the text."""
    _check_bounds(source)
    try:
        tables = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(str(error)) from None
    except (ValueError, RecursionError, OverflowError):
        raise TomlError("a number or a date cannot be read, or tables are nested too deep") from None
    if not is_shallow(tables):
        raise TomlError(f"tables are nested more than {MAX_DEPTH} deep")
    return tables


def parse_json(source: bytes) -> Any:
    """The value of a JSON text; raises ``JsonError``."""
    try:
        return orjson.loads(source)
    except (orjson.JSONDecodeError, RecursionError):
        raise JsonError("is not a complete JSON file") from None


def is_shallow(value: Any) -> bool:
    """Whether tables and lists are nested at most ``MAX_DEPTH`` deep."""
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
        raise UnreadableFile("it is not a regular file")
    if state.st_size == 0:  # every file of /proc has size 0, even if it has content
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
                raise TomlError(f"a number or a key has more than {MAX_TOKEN_LENGTH} characters", f"line {line}")
        if depth > MAX_DEPTH:
            raise TomlError(f"tables and lists are nested more than {MAX_DEPTH} deep", f"line {line}")
        if dots > MAX_DOTS:
            raise TomlError(f"more than {MAX_DOTS} dots", f"line {line}")


def _toml_error(message: str) -> TomlError:
    match = _AT.match(message)
    what = _QUOTES.sub(r"\1", match["what"] if match else message)
    return TomlError(what, f"line {match['line']}, column {match['column']}" if match and match["line"] else "")
