"""Turns pydantic's validation errors into problems that the author of a file understands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scenarios.schema.problems import ABSENT, HIDDEN_VALUE, Problem, did_you_mean, one_of

KeyPath = tuple[int | str, ...]

_TYPES = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "model_attributes_type": "a table",
    "model_type": "a table",
    "string_too_short": "a text that is not empty",
    "string_type": "a text in quotes",
    "tuple_type": "a list",
}


def problems_of(error: ValidationError, model: type[BaseModel], document: Mapping[str, Any]) -> list[Problem]:
    """The problems of this document: each with its key, its value and what is expected."""
    return [_problem(detail, model, document) for detail in error.errors(include_url=False)]


def dotted_key(place: Sequence[int | str]) -> str:
    """``arrivals.stages[0].rate`` for ``("arrivals", "stages", 0, "rate")``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _problem(detail: ErrorDetails, model: type[BaseModel], document: Mapping[str, Any]) -> Problem:
    place: KeyPath = tuple(part for part in detail["loc"] if part != "[key]")
    kind, context = detail["type"], detail.get("ctx", {})
    key, value = dotted_key(place), _value_at(document, place)
    if isinstance(value, list | dict) or place[0] == "headers" or _TYPES.get(kind) == "a table":
        value = HIDDEN_VALUE  # it may hold a secret
    if isinstance(value, str) and "://" in value and "@" in value:
        value = HIDDEN_VALUE  # the part before the @ may be a password
    if kind == "extra_forbidden":
        # An unknown key may come from any other file, so its value is not shown.
        names = keys_of(_model_at(model, place[:-1]))
        return Problem(
            key, HIDDEN_VALUE, f"one of the known keys: {one_of(names)}", did_you_mean(str(place[-1]), names)
        )
    if kind == "missing":
        field = _field_at(model, place)
        purpose = (field.description or "").partition("\n")[0].rstrip(".") if field else ""
        return Problem(key, ABSENT, purpose or "a value", f"add `{place[-1]}`")
    if "remedy" in context:
        return Problem(key, value, detail["msg"], context["remedy"], expected_names_fault=kind == "sentence")
    if kind in {"literal_error", "enum"}:
        choices = re.findall(r"'([^']*)'", context["expected"])
        return Problem(key, value, one_of(f'"{choice}"' for choice in choices), did_you_mean(str(value), choices))
    if kind == "value_error":
        expected, _, remedy = detail["msg"].removeprefix("Value error, ").partition("; ")
        return Problem(key, value, expected, remedy)
    return Problem(key, value, _TYPES.get(kind) or detail["msg"].replace("Input should be", "a value"))


def keys_of(model: type[BaseModel] | None) -> list[str]:
    """The keys a table may have, as they are written in a file."""
    fields = model.model_fields if model else {}
    return [field.alias or name for name, field in fields.items()]


def _value_at(document: Any, place: KeyPath) -> Any:
    for part in place:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return document


def _field_at(model: type[BaseModel], place: KeyPath) -> FieldInfo | None:
    parent = _model_at(model, place[:-1])
    for name, field in parent.model_fields.items() if parent else ():
        if place[-1] == (field.alias or name):
            return field
    return None


def _model_at(model: type[BaseModel], place: KeyPath) -> type[BaseModel] | None:
    found: type[BaseModel] | None = model
    named = False
    for depth, part in enumerate(place, start=1):
        if isinstance(part, str) and not named:
            field = _field_at(model, place[:depth])
            found = nested_section(field.annotation) if field else None
            named = field is not None and is_named_sections(field.annotation)
        elif isinstance(part, str):
            named = False  # the author's own name of a table
    return found


def is_named_sections(annotation: Any) -> bool:
    """Whether this type is a table of tables, whose names the author of the file chooses."""
    if get_origin(annotation) is dict:
        return nested_section(get_args(annotation)[1]) is not None
    return any(is_named_sections(part) for part in get_args(annotation) if not isinstance(part, type))


def nested_section(annotation: Any) -> type[BaseModel] | None:
    """The class of the table that this type holds, directly or in a list; ``None`` for any other type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((table for part in get_args(annotation) if (table := nested_section(part)) is not None), None)
