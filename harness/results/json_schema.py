"""Checks a document against a JSON Schema, with the few keywords that checkload's schema uses.

It stands in for the library ``jsonschema`` and takes a tenth of its time, which a person who opens a result would wait. The
tests compare the two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

SchemaCheck = Callable[[Any, str], Iterator[str]]
"""Yields every fault of a value, each beginning with its place in the document."""

_IGNORED_KEYWORDS = frozenset({"$schema", "$defs", "title", "description"})
_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "object": ("a table", lambda value: isinstance(value, dict)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "string": ("a text", lambda value: isinstance(value, str)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "null": ("null", lambda value: value is None),
    "integer": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "number": (
        "a finite number",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
    ),
}


def compile_schema(schema: Mapping[str, Any]) -> SchemaCheck:
    """The check of documents against this schema; ValueError for a keyword that it does not know."""
    return _Compiler(schema).check(schema)


class _Compiler:
    """Compiles one schema; a ``$ref`` is compiled at its first use, because references may form a circle."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._referred: dict[str, SchemaCheck] = {}

    def check(self, schema: Mapping[str, Any]) -> SchemaCheck:
        unknown = set(schema) - _IGNORED_KEYWORDS - set(_KEYWORDS) - {"type", "properties", "additionalProperties"}
        if unknown:
            raise ValueError(f"unknown schema keywords: {', '.join(sorted(unknown))}")
        parts = [_KEYWORDS[keyword](self, value) for keyword, value in schema.items() if keyword in _KEYWORDS]
        if "properties" in schema or "additionalProperties" in schema:
            parts.append(self._members(schema.get("properties", {}), schema.get("additionalProperties", True)))
        if "type" not in schema:
            return _all(parts)
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        kinds = [_TYPES[name] for name in names]
        called = " or ".join(name for name, _ in kinds)
        fits = kinds[0][1] if len(kinds) == 1 else lambda value: any(fits(value) for _, fits in kinds)

        def check(value: Any, place: str) -> Iterator[str]:
            if not fits(value):
                yield f"{place} is not {called}"
                return
            for part in parts:
                yield from part(value, place)

        return check

    def _members(self, known: Mapping[str, Any], others: Any) -> SchemaCheck:
        checks = {name: self.check(schema) for name, schema in known.items()}
        other = self.check(others) if isinstance(others, Mapping) else None

        def check(value: Any, place: str) -> Iterator[str]:
            if not isinstance(value, dict):
                return
            for name, member in value.items():
                found = checks.get(name, other)
                if found is not None:
                    yield from found(member, f"{place}.{name[:40]}")
                elif others is False:
                    yield f"{place} has an unknown key"

        return check

    def items(self, schema: Mapping[str, Any]) -> SchemaCheck:
        item = self.check(schema)

        def check(value: Any, place: str) -> Iterator[str]:
            if isinstance(value, list):
                for index, one in enumerate(value):
                    yield from item(one, f"{place}[{index}]")

        return check

    def prefix(self, schemas: list[Mapping[str, Any]]) -> SchemaCheck:
        """Check the first members of a list, each against a schema of its own."""
        checks = [self.check(schema) for schema in schemas]

        def check(value: Any, place: str) -> Iterator[str]:
            if isinstance(value, list):
                for index, (one, found) in enumerate(zip(value, checks, strict=False)):
                    yield from found(one, f"{place}[{index}]")

        return check

    def names(self, schema: Mapping[str, Any]) -> SchemaCheck:
        name = self.check(schema)

        def check(value: Any, place: str) -> Iterator[str]:
            if isinstance(value, dict) and any(True for one in value for _ in name(one, "")):
                yield f"{place} has a key of the wrong form"

        return check

    def any_of(self, schemas: list[Mapping[str, Any]]) -> SchemaCheck:
        choices = [self.check(schema) for schema in schemas]

        def check(value: Any, place: str) -> Iterator[str]:
            faults = [list(choice(value, place)) for choice in choices]
            if all(faults):
                # The choice with the deepest first fault was meant.
                yield from max(faults, key=lambda each: len(each[0]))

        return check

    def refer(self, pointer: str) -> SchemaCheck:
        def check(value: Any, place: str) -> Iterator[str]:
            if pointer not in self._referred:
                schema: Any = self._root
                for part in pointer.removeprefix("#/").split("/"):
                    schema = schema[part]
                self._referred[pointer] = self.check(schema)
            yield from self._referred[pointer](value, place)

        return check


def _all(parts: list[SchemaCheck]) -> SchemaCheck:
    def check(value: Any, place: str) -> Iterator[str]:
        for part in parts:
            yield from part(value, place)

    return check


def _must(holds: Callable[[Any], bool], said: str) -> SchemaCheck:
    def check(value: Any, place: str) -> Iterator[str]:
        if not holds(value):
            yield f"{place} is not {said}"

    return check


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) is isinstance(other, bool)


def _required(names: list[str]) -> SchemaCheck:
    def check(value: Any, place: str) -> Iterator[str]:
        if isinstance(value, dict):
            for name in names:
                if name not in value:
                    yield f"{place}.{name} is missing"

    return check


def _pattern(pattern: str) -> SchemaCheck:
    found = re.compile(pattern)
    return _must(lambda value: not isinstance(value, str) or found.search(value) is not None, "of the right form")


def _moment(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    try:
        moment = datetime.fromisoformat(value)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return moment.tzinfo is not None


_KEYWORDS: Mapping[str, Callable[[_Compiler, Any], SchemaCheck]] = {
    "$ref": _Compiler.refer,
    "items": _Compiler.items,
    "prefixItems": _Compiler.prefix,
    "minItems": lambda _, least: _must(
        lambda value: not isinstance(value, list) or len(value) >= least, f"a list of {least} or more"
    ),
    "maxItems": lambda _, most: _must(
        lambda value: not isinstance(value, list) or len(value) <= most, f"a list of {most} or fewer"
    ),
    "propertyNames": _Compiler.names,
    "anyOf": _Compiler.any_of,
    "required": lambda _, names: _required(names),
    "enum": lambda _, known: _must(
        lambda value: any(_same(value, one) for one in known), f"one of {', '.join(map(str, known))}"
    ),
    "const": lambda _, only: _must(lambda value: _same(value, only), str(only)),
    "minimum": lambda _, least: _must(lambda value: not _number(value) or value >= least, f"{least} or more"),
    "maximum": lambda _, most: _must(lambda value: not _number(value) or value <= most, f"{most} or less"),
    "exclusiveMinimum": lambda _, below: _must(lambda value: not _number(value) or value > below, f"above {below}"),
    "minLength": lambda _, least: _must(
        lambda value: not isinstance(value, str) or len(value) >= least, f"a text of {least} or more characters"
    ),
    "pattern": lambda _, pattern: _pattern(pattern),
    "format": lambda _, _name: _must(_moment, "a moment such as 2026-01-02T03:04:05+00:00"),
}
"""The check of each keyword; ``_Compiler`` checks ``type`` and the members of a table. The only ``format`` is ``date-time``."""
