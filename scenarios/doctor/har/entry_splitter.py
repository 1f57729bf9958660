"""Splits a HAR into its entries, in memory that does not grow with the file.

A HAR is one JSON object, ``{"log": {"entries": [...]}}``, and the entries are nearly all of it. Libraries that stream JSON keep each text
whole, and a recorded video is one text of any length. This scanner leaves such texts out, and gives each entry to orjson.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import orjson

LONGEST_TEXT = 4_000_000
"""A longer text, in bytes, is replaced by an empty one: no page of a checkout is that long."""
LARGEST_ENTRY = 32_000_000
"""An entry must have fewer bytes, without its long texts."""
DEEPEST = 60
"""The deepest nesting of objects and lists."""

_CHUNK = 1 << 20
_OUTSIDE = re.compile(rb'["{}\[\]]')
_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)  # up to its quotation mark, or to a chunk that ends in it
_BACKSLASH = ord("\\")
_BOM = b"\xef\xbb\xbf"
_ENTRIES_AT = 3  # containers around an entry: the file's object, the log, the list
_PATH = (b"log", b"entries")


class HarError(Exception):
    """A file that is no HAR; the message says what is wrong and where, and quotes nothing of the file."""


class RawEntry(NamedTuple):
    """One entry: its first byte in the file, and its JSON. ``shortened``: a long text was left out."""

    start: int
    text: bytes
    shortened: bool


def split_entries(file: BinaryIO) -> Iterator[RawEntry]:
    """Yield each entry; raises ``HarError`` at the end if the rest of the file is no JSON, or at once if it is no HAR."""
    scanner = _Scanner()
    start = file.read(len(_BOM))
    offset = len(_BOM) if start == _BOM else 0
    file.seek(offset)
    _refuse_other_kinds(file.read(_CHUNK))
    file.seek(offset)
    while chunk := file.read(_CHUNK):
        yield from scanner.feed(chunk, offset)
        offset += len(chunk)
    scanner.finish(offset)


def parse_entry(entry: RawEntry, number: int) -> Any:
    """The value of an entry; raises ``HarError`` with its number, counted from 1, and the place of the error."""
    try:
        return orjson.loads(entry.text)
    except orjson.JSONDecodeError as error:
        where = f"byte {entry.start + error.pos:,}" if not entry.shortened else f"after byte {entry.start:,}"
        raise HarError(f"{where}, in entry {number}: this is not JSON; record the checkout again") from None
    except RecursionError:
        raise HarError(f"after byte {entry.start:,}, in entry {number}: it is nested too deep") from None


def _refuse_other_kinds(start: bytes) -> None:
    if start.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise HarError("byte 0: this is a compressed file; unpack it first")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise HarError("byte 0: this is UTF-16; save the HAR as UTF-8")
    if not start.lstrip().startswith(b"{"):
        raise HarError("byte 0: a HAR begins with {; in the browser, use 'Save all as HAR with content'")


class _Scanner:
    """Follows texts, objects and lists, and nothing else of JSON; orjson checks the rest."""

    def __init__(self) -> None:
        self._stack = bytearray()  # the open brackets
        self._in_text = self._escaped = False
        self._text_from = 0  # where the current text began in the buffer
        self._text_length = 0
        self._buffer = bytearray()  # of the entry, or of the text outside of entries
        self._skeleton = bytearray()  # the file with a 0 in place of each entry
        self._places: list[tuple[int, int]] = [(0, 0)]  # places in the skeleton and in the file that belong together
        self._entry_from: int | None = None
        self._is_shortened = False
        self._keys = [b"", b"", b""]  # the last text at each depth: its key, once a container opens
        self._found = False

    def feed(self, chunk: bytes, offset: int) -> Iterator[RawEntry]:
        place = 0
        while place < len(chunk):
            if self._in_text:
                place = self._text(chunk, place)
                continue
            match = _OUTSIDE.search(chunk, place)
            end = len(chunk) if match is None else match.start()
            self._keep(chunk[place:end])
            if match is None:
                return
            place = end + 1
            letter = match[0]
            if letter == b'"':
                self._in_text, self._text_from, self._text_length = True, len(self._target), 0
                self._keep(letter)
            elif letter in b"{[":
                self._open(letter, offset + end)
            else:
                yield from self._close(letter, offset + end)

    def finish(self, length: int) -> None:
        if self._stack or self._in_text:
            where = "" if self._entry_from is None else f", in the entry that begins at byte {self._entry_from:,}"
            raise HarError(
                f"byte {length:,}: the file ends here, and it is not complete{where}; record the checkout again"
            )
        try:
            document = orjson.loads(self._skeleton)
        except orjson.JSONDecodeError as error:
            place = max(one for one in self._places if one[0] <= error.pos)
            raise HarError(
                f"after byte {place[1] + error.pos - place[0]:,}: this is not JSON; record the checkout again"
            ) from None
        if not self._found:
            kind = (
                "no log" if not isinstance(document, dict) or "log" not in document else "no list of entries in its log"
            )
            raise HarError(f"byte 0: this JSON file has {kind}, so it is no HAR; export the network log of a browser")

    @property
    def _target(self) -> bytearray:
        return self._skeleton if self._entry_from is None else self._buffer

    def _keep(self, piece: bytes) -> None:
        self._target.extend(piece)
        if len(self._target) > LARGEST_ENTRY:
            where = (
                "outside of the entries" if self._entry_from is None else f"in the entry at byte {self._entry_from:,}"
            )
            raise HarError(
                f"{where}: more than {LARGEST_ENTRY // 1_000_000} MB at one place; this is no HAR of a checkout"
            )

    def _text(self, chunk: bytes, place: int) -> int:
        """Go on in a text; returns the place behind it or behind the chunk."""
        if self._escaped:
            self._escaped = False
            self._add(chunk[place : place + 1])
            return place + 1
        match = _TEXT.match(chunk, place)
        assert match is not None  # noqa: S101 - it also matches nothing
        end = match.end()
        if end == len(chunk):
            self._add(chunk[place:])
            return end
        self._add(chunk[place : end + 1])
        if chunk[end] == _BACKSLASH:  # the last byte of the chunk
            self._escaped = True
        else:
            self._end_text()
        return end + 1

    def _add(self, piece: bytes) -> None:
        self._text_length += len(piece)
        if self._text_length <= LONGEST_TEXT:
            self._keep(piece)

    def _end_text(self) -> None:
        self._in_text = False
        target = self._target
        if self._text_length > LONGEST_TEXT:
            del target[self._text_from :]
            target.extend(b'""')
            self._is_shortened = True
        depth = len(self._stack)
        if depth < len(self._keys):
            self._keys[depth] = bytes(target[self._text_from + 1 : -1])[:20]

    def _open(self, letter: bytes, at: int) -> None:
        if self._entry_from is None and letter == b"{" and self._is_in_entries():
            self._entry_from, self._is_shortened = at, False
            self._buffer.clear()
        if len(self._stack) == _ENTRIES_AT - 1 and letter == b"[" and (self._keys[1], self._keys[2]) == _PATH:
            self._found = True
        self._stack += letter
        if len(self._stack) > DEEPEST:
            raise HarError(f"byte {at:,}: nested more than {DEEPEST} deep; this is no HAR of a browser")
        self._keep(letter)

    def _is_in_entries(self) -> bool:
        return bytes(self._stack) == b"{{[" and (self._keys[1], self._keys[2]) == _PATH

    def _close(self, letter: bytes, at: int) -> Iterator[RawEntry]:
        if bytes(self._stack[-1:]) != (b"{" if letter == b"}" else b"["):
            raise HarError(f"byte {at:,}: a bracket that does not belong here; the file is damaged")
        self._stack.pop()
        self._keep(letter)
        if self._entry_from is not None and len(self._stack) == _ENTRIES_AT:
            entry = RawEntry(self._entry_from, bytes(self._buffer), self._is_shortened)
            self._entry_from = None
            self._skeleton += b"0"
            self._places.append((len(self._skeleton), at + 1))
            self._buffer.clear()
            yield entry
