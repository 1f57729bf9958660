"""Writes down which keys the platform's recorded replies hold, and their JSON types; it copies no value.

Run it as ``python tests/golden/recorded_keys.py RECORDING.json`` when there is a new recording: it rewrites
``recorded_keys.json`` beside it. A path names the keys from the outside in: ``[]`` stands for any element of a list, and
``[PageName]`` for the entry of that page in a ``context_list``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("recorded_keys.json")
_TYPES = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "list"}


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    return "null" if value is None else _TYPES[type(value)]


def keys_of(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each path in a reply, with the type of its value."""
    if path:
        yield path, type_of(value)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from keys_of(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            page = inner.get("page_name") if path == "context_list" else ""
            yield from keys_of(inner, f"{path}[{page or ''}]")


def table_of(recording: dict[str, Any]) -> dict[str, dict[str, str]]:
    """By kind of reply, the types that were seen at each path."""
    table: dict[str, dict[str, set[str]]] = {}
    for kind, recorded in recording.items():
        # One was recorded as the storefront keeps it: the reply itself is under ``data``.
        reply = recorded["data"] if "endpointName" in recorded else recorded
        seen = table[kind] = {}
        for path, name in keys_of(reply):
            seen.setdefault(path, set()).add(name)
    return {
        kind: {path: " ".join(sorted(names)) for path, names in sorted(seen.items())} for kind, seen in table.items()
    }


if __name__ == "__main__":
    found = table_of(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    TABLE.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
