"""Reads a recorded envelope of the checkout: which pages it shows, what is on them, and its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_MOST = 50


@dataclass(frozen=True, slots=True)
class Envelope:
    """``pages`` are the names of its pages, the last one is on the screen. ``shown`` holds what is on all of them."""

    pages: Sequence[str] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)
    pre_order: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False

    @property
    def page(self) -> str:
        """The page on the screen."""
        return self.pages[-1] if self.pages else ""

    def rows(self, key: str) -> Sequence[Mapping[str, Any]]:
        """The objects of a list that it shows."""
        return rows_of(self.shown.get(key))


def envelope_of(document: Mapping[str, Any]) -> Envelope | None:
    """The envelope; ``None`` if the document is none."""
    entries = document.get("context_list")
    if not isinstance(entries, list):
        return None
    pages, shown = [], dict[str, Any]()
    for entry in _objects(entries):
        if isinstance(name := entry.get("page_name"), str):
            pages.append(name)
        if isinstance(context := entry.get("page_context"), dict):
            shown |= context
    pre_order = document.get("pre_order")
    return Envelope(pages, shown, pre_order if isinstance(pre_order, dict) else {}, bool(document.get("errors")))


def rows_of(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects of a list; empty for anything else."""
    return list(_objects(value)) if isinstance(value, list) else ()


def text_of(value: Any) -> str:
    """A number or a text as a text; empty for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _objects(values: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    return (one for one in values[:_MOST] if isinstance(one, dict))
