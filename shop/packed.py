"""Keeps documents as JSON text, in a third of the memory or less: a shop keeps thousands, and reads few of them again."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import orjson

_LONG = 500
"""Bytes of a text from which it is compressed, to a third or less."""


class PackedDocument:
    """One document; each reading makes a new object."""

    __slots__ = ("_text",)

    def __init__(self, document: Mapping[str, Any]) -> None:
        text = orjson.dumps(document)
        # A copy: orjson does not give back the space that it has reserved for a text, some kilobytes.
        self._text = zlib.compress(text, 1) if len(text) >= _LONG else bytes(memoryview(text))

    def read(self) -> dict[str, Any]:
        """The document."""
        text = self._text if self._text.startswith(b"{") else zlib.decompress(self._text)
        document: dict[str, Any] = orjson.loads(text)
        return document


class PackedDocuments(MutableMapping[str, dict[str, Any]]):
    """Documents by key; each reading makes a new object, so a changed document must be stored again."""

    __slots__ = ("_packed",)

    def __init__(self) -> None:
        self._packed: dict[str, PackedDocument] = {}

    def __getitem__(self, key: str) -> dict[str, Any]:
        return self._packed[key].read()

    def __setitem__(self, key: str, document: dict[str, Any]) -> None:
        self._packed[key] = PackedDocument(document)

    def __delitem__(self, key: str) -> None:
        del self._packed[key]

    def __contains__(self, key: object) -> bool:
        return key in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
