"""The first form of an HTML page, as a browser that sends it would read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_NO_FIELD_TYPES = frozenset({"button", "reset", "image", "file"})
_TICKED_TYPES = frozenset({"checkbox", "radio"})


@dataclass(frozen=True, slots=True)
class Form:
    """Where a form goes (``action`` as written, maybe relative or empty), how, and the fields it sends."""

    action: str = ""
    method: str = "GET"
    fields: Mapping[str, str] = field(default_factory=dict)


def first_form(text: str) -> Form | None:
    """The first form of a page, sent by its first button; ``None`` if there is none, or the page cannot be read.

    A form that is never closed is none: the page was cut off, and fields may be missing.
    """
    reader = _FormReader()
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError):  # what html.parser raises on broken declarations
        return None
    return reader.form if reader.closed else None


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.form: Form | None = None
        self._fields: dict[str, str] = {}
        self._open = False
        self.closed = False
        self._button_pressed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "form" and self.form is None:
            method = "POST" if held.get("method", "").strip().upper() == "POST" else "GET"
            self.form = Form(held.get("action", "").strip(), method, self._fields)
            self._open = True
        elif self._open and tag in ("input", "button"):
            self._take(tag, held)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open:
            self._open = False
            self.closed = True

    def _take(self, tag: str, held: dict[str, str]) -> None:
        kind = held.get("type", "submit" if tag == "button" else "text").lower()
        if kind in _NO_FIELD_TYPES or "disabled" in held or (kind in _TICKED_TYPES and "checked" not in held):
            return
        if kind == "submit":
            # A browser sends the name of the button that was pressed, and of no other.
            if self._button_pressed:
                return
            self._button_pressed = True
        if name := held.get("name"):
            self._fields[name] = held.get("value", "on" if kind in _TICKED_TYPES else "")
