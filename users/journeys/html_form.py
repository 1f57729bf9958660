"""The first form of an HTML page, as a browser that sends it would read it.

The reader goes through a page once, from tag to tag, in a time that grows with the page's length and no faster. A page
that a hostile server wrote must not hold up the shoppers who share the processor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from html.entities import html5
from itertools import islice

_NO_FIELD_TYPES = frozenset({"button", "reset", "image", "file"})
_TICKED_TYPES = frozenset({"checkbox", "radio"})

_MOST = 10_000  # tags, comments, attributes of fields and references in them; a bank's page has some hundreds
_LONGEST = 250_000  # characters of the tags of a form and its fields

# Every repetition is possessive ("*+"): a pattern that fails never goes back to try another length.
_BLANK = r"[ \t\n\r\f]"
_ATTRIBUTE = rf"""([^ \t\n\r\f/>][^ \t\n\r\f/>=]*+)(?:{_BLANK}*+={_BLANK}*+(?:"([^"]*+)"|'([^']*+)'|((?!["'])[^ \t\n\r\f>]*+))|(?!{_BLANK}*+=))"""
_MARKUP = re.compile(r"<(?:(/?)([a-zA-Z][^ \t\n\r\f/>]*+)|(!--|[!/?]))")
_REST_OF_TAG = re.compile(rf"(?:[ \t\n\r\f/]*+{_ATTRIBUTE})*+[ \t\n\r\f/]*+>")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_REFERENCE = re.compile(r"&(?:#(?:([0-9]++)|[xX]([0-9a-fA-F]++));?|([a-zA-Z][a-zA-Z0-9]*+(?:;|(?![=;]))))")
# Their content is text, whatever it looks like. (What is inside <noscript> counts: no script is run here.)
_ENDS_OF_TEXT = {
    name: re.compile(rf"</{name}(?=[ \t\n\r\f/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
_READ = frozenset({"form", "input", "button"})
_LONGEST_NAME = max(map(len, (*_READ, *_ENDS_OF_TEXT)))


@dataclass(frozen=True, slots=True)
class Form:
    """Where a form goes (``action`` as written, maybe relative or empty), how, and the fields it sends."""

    action: str = ""
    method: str = "GET"
    fields: Mapping[str, str] = field(default_factory=dict)


def first_form(text: str) -> Form | None:
    """The first form of a page, sent by its first button; ``None`` if there is none, or the page is beyond all bounds.

    A form that is never closed is none: the page was cut off, and fields may be missing.
    """
    form: Form | None = None
    fields: dict[str, str] = {}
    pressed = False
    for name, held in _tags(text):
        if form is None:
            if name == "form":
                method = "POST" if held.get("method", "").strip().upper() == "POST" else "GET"
                form = Form(held.get("action", "").strip(), method, fields)
        elif name == "/form":
            return form
        elif name in ("input", "button"):
            pressed = _take(name, held, fields, pressed=pressed)
    return None


def _take(tag: str, held: Mapping[str, str], fields: dict[str, str], *, pressed: bool) -> bool:
    """Add what this input or button sends; whether the button that sends the form has been found."""
    kind = held.get("type", "submit" if tag == "button" else "text").lower()
    if kind in _NO_FIELD_TYPES or "disabled" in held or (kind in _TICKED_TYPES and "checked" not in held):
        return pressed
    # A browser sends the name of the button that was pressed, and of no other.
    if kind == "submit" and pressed:
        return pressed
    if name := held.get("name"):
        fields[name] = held.get("value", "on" if kind in _TICKED_TYPES else "")
    return pressed or kind == "submit"


def _tags(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The tags that a form is made of, in order, with their attributes; ends where the page does, or a bound is reached."""
    at, room = 0, _LONGEST
    steps = iter(range(_MOST))
    for _ in steps:
        found = _MARKUP.search(text, at)
        if found is None:
            return
        at = found.end()
        closing, written, other = found.groups()
        if written is None:
            at = _behind_comment(text, at) if other == "!--" else text.find(">", at) + 1
            if not at:
                return
            continue
        rest = _REST_OF_TAG.match(text, at)
        if rest is None:
            return
        begin, at = rest.span()
        name = written.lower() if len(written) <= _LONGEST_NAME else ""
        if name in _READ:
            room -= at - begin
            if room < 0:
                return
            yield closing + name, _attributes(text, begin, at, steps)
        elif not closing and name in _ENDS_OF_TEXT:
            last = _ENDS_OF_TEXT[name].search(text, at)
            if last is None:
                return
            at = last.start()


def _behind_comment(text: str, at: int) -> int:
    """The place behind a comment whose text begins here; 0 if it has no end."""
    for short in (">", "->"):
        if text.startswith(short, at):
            return at + len(short)
    end = text.find("-->", at)
    return 0 if end < 0 else end + len("-->")


def _attributes(text: str, begin: int, end: int, steps: Iterator[int]) -> dict[str, str]:
    """The attributes of a tag, the first of each name; each costs a step, and so does each reference in its value."""
    held: dict[str, str] = {}
    for found, _ in zip(_ATTRIBUTES.finditer(text, begin, end - 1), steps, strict=False):
        name, *values = found.groups("")
        value = "".join(values)
        if references := sum(1 for _ in islice(steps, value.count("&"))):
            value = _REFERENCE.sub(_referred, value, references)
        held.setdefault(name.lower(), value)
    return held


def _referred(reference: re.Match[str]) -> str:
    """The character that ``&amp;`` or ``&#65;`` stands for; in an attribute ``&copyright`` is no ``&copy``."""
    decimal, hexadecimal, name = reference.groups()
    if name is not None:
        return html5.get(name, reference[0])
    # Python refuses to read thousands of digits; eight are beyond all characters.
    digits = (decimal or hexadecimal).lstrip("0")[:8] or "0"
    return unescape(f"&#{digits};" if decimal else f"&#x{digits};")
