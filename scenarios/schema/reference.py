"""Makes the reference of keys from the classes that read scenario files: each key, its default and its meaning.

``python docs/make.py`` writes it into ``docs/scenarios.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from tabulate import tabulate

from scenarios.schema.scenario_file import ScenarioDocument
from scenarios.schema.validation_errors import is_named_sections, nested_section
from shop.settings import Settings

HEADERS = ("key", "when left out", "meaning")


def reference() -> str:
    """A Markdown table with a row for each key of a scenario file, without those of ``[shop]``."""
    return _table(key_rows(ScenarioDocument))


def shop_reference() -> str:
    """A Markdown table with a row for each key of ``[shop]``."""
    return _table(key_rows(Settings, "shop."))


def _table(lines: Iterator[tuple[str, str, str]]) -> str:
    return tabulate(list(lines), HEADERS, tablefmt="github", disable_numparse=True)


def key_rows(table: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Key, default and meaning of every key in this table and the tables inside it."""
    for name, field in table.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        inner = nested_section(field.annotation)
        meaning = " ".join((field.description or (inner and inner.__doc__) or "").split())
        left_out = "" if field.is_required() else _default_text(field.get_default(call_default_factory=True))
        yield f"`{key}`", left_out, meaning.replace("``", "`")
        if inner is not None and inner is not Settings:
            within = ".NAME" if is_named_sections(field.annotation) else "[]" if _is_list(field.annotation) else ""
            yield from key_rows(inner, f"{key}{within}.")


def _is_list(annotation: Any) -> bool:
    return any(part is Ellipsis or _is_list(part) for part in get_args(annotation))


def _default_text(default: Any) -> str:
    match default:
        case None | BaseModel() | {} | "":
            return ""
        case tuple() | dict():
            return f"`{list(default)}`".replace("'", '"') if default else ""
        case bool():
            return f"`{str(default).lower()}`"
        case str():
            return f'`"{default}"`'
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{default}`"


if __name__ == "__main__":
    sys.stdout.write(f"{reference()}\n")
