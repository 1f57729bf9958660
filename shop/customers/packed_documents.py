"""Keeps documents as JSON text, in a third of the memory: a shop keeps thousands of addresses, and reads few of them again."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import orjson


class PackedDocuments(MutableMapping[str, dict[str, Any]]):
    """Documents by key; each reading makes a new object, so a changed document must be stored again."""

    __slots__ = ("_packed",)

    def __init__(self) -> None:
        self._packed: dict[str, bytes] = {}

    def __getitem__(self, key: str) -> dict[str, Any]:
        document: dict[str, Any] = orjson.loads(self._packed[key])
        return document

    def __setitem__(self, key: str, document: dict[str, Any]) -> None:
        # A copy: orjson does not give back the space that it has reserved for a text, some kilobytes.
        self._packed[key] = bytes(memoryview(orjson.dumps(document)))

    def __delitem__(self, key: str) -> None:
        del self._packed[key]

    def __contains__(self, key: object) -> bool:
        return key in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
