"""Reads the orders that a shop has exported as CSV, as spreadsheets and back offices write it.

It understands comma, semicolon, tab and bar between cells, a byte order mark, UTF-16 with one, Excel's line ``sep=;``, decimal
commas, currency signs, and further rows of an order without an amount. No message quotes a cell: it may hold an address.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from harness.errors import UsageError
from harness.files import UnreadableFile, open_regular
from harness.units import closest_name, format_count

MAX_EXPORT_BYTES = 300_000_000
"""The size of the largest export that is read."""
DELIMITERS = ",;\t|"

_MOST_PROBLEMS = 5
_MOST_NAMES = 20
_LONGEST_NAME = 40
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_FORMULA = re.compile(r'="(?P<value>[^"]*)"')
_PRIVATE = re.compile(r"@|\d{6}")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class ExportColumns(NamedTuple):
    """The names of the columns, as the command line gives them; ``option`` may be empty."""

    number: str
    amount: str
    option: str = ""


class ExportedRow(NamedTuple):
    """One row of the export: its line, its order number, and amount and option as they are written."""

    line: int
    number: str
    amount: str
    option: str


def read_export(path: Path, columns: ExportColumns, encoding: str = "") -> list[ExportedRow]:
    """Read an export; raises ``UsageError`` with what is wrong with it and its lines. ``encoding``: empty to detect it."""
    try:
        with open_regular(path, MAX_EXPORT_BYTES) as file:
            start = file.read(4)
            file.seek(0)
            if start.startswith(_WORKBOOKS):
                raise UsageError(f"--orders {path}: this is an Excel workbook; save it as CSV UTF-8")
            with _text(file, start, encoding) as text:
                return _read(path, text, columns)
    except UnreadableFile as error:
        raise UsageError(f"--orders {path}: {error}; give the CSV file with the orders of the shop") from None
    except OSError as error:
        raise UsageError(f"--orders {path}: {error.strerror or 'it cannot be read'}") from None


def _text(file: BinaryIO, start: bytes, encoding: str) -> TextIO:
    detected = next((name for bom, name in _BOMS if start.startswith(bom)), "utf-8")
    return io.TextIOWrapper(file, encoding=encoding or detected, newline="")


def _read(path: Path, text: TextIO, columns: ExportColumns) -> list[ExportedRow]:
    lines = 0

    def counted() -> Iterator[str]:
        nonlocal lines
        for line in text:
            lines += 1
            yield line

    source = counted()
    try:
        header, delimiter = _header(path, source, columns)
        places = _places(path, header, columns)
        rows, problems = list[ExportedRow](), []
        before = lines
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        for row in reader:
            problem = _take(rows, before + reader.line_num, row, len(header), places)
            if problem:
                problems.append(problem)
    except UnicodeError:
        raise UsageError(
            f"--orders {path}, after line {lines}: the text is not {text.encoding}; save it as CSV UTF-8, "
            "or name its encoding, such as --encoding windows-1254"
        ) from None
    except csv.Error:
        raise UsageError(
            f"--orders {path}, line {lines}: this is not CSV; is a quotation mark missing, or is the file cut off?"
        ) from None
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        listed = [f"--orders {path}, {one}" for one in problems[:_MOST_PROBLEMS]]
        raise UsageError("\n".join(listed + ([f"and {format_count(more, 'more line')}"] if more > 0 else [])))
    return rows


def _header(path: Path, source: Iterator[str], columns: ExportColumns) -> tuple[list[str], str]:
    """The cells of the header and the delimiter: the one with which most of the wanted columns are there."""
    first = next((line for line in source if line.strip()), "")
    if first.lower().startswith("sep=") and len(first.strip()) in (4, 5):
        delimiter = first[4]
        header = next(csv.reader(source, delimiter=delimiter, strict=True), [])
        return header, delimiter
    if "\0" in first:
        raise UsageError(f"--orders {path}: this looks like UTF-16; say so with --encoding utf-16")
    if not first:
        raise UsageError(f"--orders {path}: it has no header; give the CSV file with the orders of the shop")
    best: tuple[tuple[int, int], list[str], str] | None = None
    for delimiter in DELIMITERS:
        try:
            cells = next(csv.reader([first], delimiter=delimiter, strict=True))
        except csv.Error:
            continue
        key = (sum(bool(_found(cells, name)) for name in columns if name), len(cells))
        if best is None or key > best[0]:
            best = key, cells, delimiter
    if best is None:
        raise UsageError(f"--orders {path}, line 1: the header is not CSV; is a quotation mark missing?")
    return best[1], best[2]


def _found(header: Sequence[str], name: str) -> list[int]:
    """The places of a column: by its exact name, or else by its name in upper or lower case."""
    exact = [place for place, cell in enumerate(header) if cell.strip() == name.strip()]
    lowered = name.strip().casefold()
    return exact or [place for place, cell in enumerate(header) if cell.strip().casefold() == lowered]


def _places(path: Path, header: Sequence[str], columns: ExportColumns) -> list[int | None]:
    problems, places = [], list[int | None]()
    for option, name in zip(("--number-column", "--amount-column", "--option-column"), columns, strict=True):
        found = _found(header, name) if name else []
        places.append(found[0] if found else None)
        if len(found) > 1:
            where = " and ".join(str(place + 1) for place in found)
            problems.append(f"{option} {name}: columns {where} have this name; rename one of them in the file")
        elif name and not found:
            problems.append(f"{option} {name}: no such column in {path}; {_names(header, name)}")
    if problems:
        raise UsageError("\n".join(problems))
    return places


def _names(header: Sequence[str], wanted: str) -> str:
    names = [cell.strip()[:_LONGEST_NAME] for cell in header if cell.strip() and not _PRIVATE.search(cell)]
    if close := closest_name(wanted, names):
        return f"did you mean {close}?"
    if not names:
        return "its first line is no header"
    listed = ", ".join(islice(names, _MOST_NAMES))
    return f"its columns are {listed}{', …' if len(names) > _MOST_NAMES else ''}"


def _take(rows: list[ExportedRow], line: int, row: list[str], width: int, places: Sequence[int | None]) -> str:
    """Take one row; returns what is wrong with it, or an empty text."""
    if not any(cell.strip() for cell in row):
        return ""
    if any(cell.strip() for cell in row[width:]):
        return f"line {line}: {len(row)} cells, but the header has {width}; is a decimal comma without quotation marks?"
    number, amount, option = (row[place].strip() if place is not None and place < len(row) else "" for place in places)
    number = _unquoted(number)
    if not number:
        if not amount:
            return ""
        return f"line {line}: an amount without an order number; remove sums from the file"
    if _ROUNDED.fullmatch(number):
        return f"line {line}: a spreadsheet has rounded the order number; export the column as text"
    rows.append(ExportedRow(line, number, amount, option))
    return ""


def _unquoted(number: str) -> str:
    """The order number without what a spreadsheet needs to keep it a text: ``="0012"`` or ``'0012``."""
    match = _FORMULA.fullmatch(number)
    return match["value"].strip() if match else number.removeprefix("'")
