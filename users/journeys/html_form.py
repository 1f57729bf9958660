"""Reads the first form of an HTML page, as a browser would, and the CSRF token of a page that shows one.

The reader goes through the page once, in time proportional to its length. A hostile server's page must not delay the
other shoppers of the process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from html.entities import html5
from itertools import islice
from typing import Any

import orjson

_NO_FIELD_TYPES = frozenset({"button", "reset", "image", "file"})
_TICKED_TYPES = frozenset({"checkbox", "radio"})

_MOST = 10_000  # tags, comments, attributes of fields and references in them; a bank's page has a few hundred
_LONGEST = 250_000  # characters of the tags of a form and its fields

# Every repetition is possessive ("*+"), so a pattern that fails never tries another length.
_BLANK = r"[ \t\n\r\f]"
_ATTRIBUTE = rf"""([^ \t\n\r\f/>][^ \t\n\r\f/>=]*+)(?:{_BLANK}*+={_BLANK}*+(?:"([^"]*+)"|'([^']*+)'|((?!["'])[^ \t\n\r\f>]*+))|(?!{_BLANK}*+=))"""
_MARKUP = re.compile(r"<(?:(/?)([a-zA-Z][^ \t\n\r\f/>]*+)|(!--|[!/?]))")
_REST_OF_TAG = re.compile(rf"(?:[ \t\n\r\f/]*+{_ATTRIBUTE})*+[ \t\n\r\f/]*+>")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_REFERENCE = re.compile(r"&(?:#(?:([0-9]++)|[xX]([0-9a-fA-F]++));?|([a-zA-Z][a-zA-Z0-9]*+(?:;|(?![=;]))))")
# The content of these is text, whatever it looks like. (<noscript> counts: no script runs here.)
_ENDS_OF_TEXT = {
    name: re.compile(rf"</{name}(?=[ \t\n\r\f/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
_READ = frozenset({"form", "input", "button"})
_LONGEST_NAME = max(map(len, (*_READ, *_ENDS_OF_TEXT)))

_MOST_READ = 262_144  # bytes; the token stands in the head of a page, or in one of its first forms
_MOST_TAGS = 50
_DEEPEST = 3
# Frameworks also show how to send a token: "csrf-param" (Rails), "_csrf_header" (Spring), "csrfHeaderName" (Django REST).
_NO_TOKEN = r"(?![\w-]{0,30}(?:param|header|name))"
_NAME = re.compile(rf"(?:csrf|xsrf){_NO_TOKEN}|authenticity_token|^_token$", re.IGNORECASE)
_FIELD = re.compile(r"csrf|xsrf|authenticity_token|^_token$", re.IGNORECASE)  # CodeIgniter: "csrf_test_name"
_TAG = re.compile(r"<(meta|input)\b([^<>]{1,600})>", re.IGNORECASE)
_TAG_ATTRIBUTE = re.compile(
    r"""([a-zA-Z-]{1,40})\s{0,9}=\s{0,9}(?:"([^"]{0,600})"|'([^']{0,600})'|([^\s"'>]{1,600}))"""
)
_IN_SCRIPT = re.compile(
    rf"""(?:csrf|xsrf){_NO_TOKEN}\w{{0,30}}["']?\s{{0,9}}[:=]\s{{0,9}}["']([^"']{{8,512}})["']""", re.IGNORECASE
)
_TOKEN = re.compile(r"[!-~]{1,512}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """Where a form is sent (``action`` as written, perhaps relative or empty), how, and its fields."""

    action: str = ""
    method: str = "GET"
    fields: Mapping[str, str] = field(default_factory=dict)


def first_form(text: str) -> Form | None:
    """The first form of a page, as its first button sends it; ``None`` if there is none, or the page exceeds the limits.

    A form without its end does not count: the page was cut off, and fields may be missing.
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
    """Add what this input or button sends; returns whether the button that sends the form has been found."""
    kind = held.get("type", "submit" if tag == "button" else "text").lower()
    if kind in _NO_FIELD_TYPES or "disabled" in held or (kind in _TICKED_TYPES and "checked" not in held):
        return pressed
    # A browser sends the name of the pressed button only.
    if kind == "submit" and pressed:
        return pressed
    if name := held.get("name"):
        fields[name] = held.get("value", "on" if kind in _TICKED_TYPES else "")
    return pressed or kind == "submit"


def _tags(text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The tags of forms and fields, in order, with their attributes; stops at the end of the page, or at a limit."""
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
        tag_end = _REST_OF_TAG.match(text, at)
        if tag_end is None:
            return
        begin, at = tag_end.span()
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
    """The position behind a comment whose text starts here; 0 if it has no end."""
    for short in (">", "->"):
        if text.startswith(short, at):
            return at + len(short)
    end = text.find("-->", at)
    return 0 if end < 0 else end + len("-->")


def _attributes(text: str, begin: int, end: int, steps: Iterator[int]) -> dict[str, str]:
    """The attributes of a tag, the first of each name; each takes a step, as does each reference in its value."""
    held: dict[str, str] = {}
    for found, _ in zip(_ATTRIBUTES.finditer(text, begin, end - 1), steps, strict=False):
        name, *values = found.groups("")
        value = "".join(values)
        if references := sum(1 for _ in islice(steps, value.count("&"))):
            value = _REFERENCE.sub(_referred, value, references)
        held.setdefault(name.lower(), value)
    return held


def _referred(reference: re.Match[str]) -> str:
    """The character for ``&amp;`` or ``&#65;``; in an attribute, ``&copyright`` is not ``&copy``."""
    decimal, hexadecimal, name = reference.groups()
    if name is not None:
        return html5.get(name, reference[0])
    # Python refuses to read thousands of digits; eight are more than any character has.
    digits = (decimal or hexadecimal).lstrip("0")[:8] or "0"
    return unescape(f"&#{digits};" if decimal else f"&#x{digits};")


def csrf_token_in(body: bytes) -> str:
    """The token that a reply holds: in JSON under a key, in HTML in a meta tag, a hidden field or a script; empty: none."""
    try:
        return _in_json(orjson.loads(body))
    except orjson.JSONDecodeError:
        if body.lstrip()[:1] in (b"{", b"["):
            return ""  # JSON that was cut off
        return _in_page(body[:_MOST_READ].decode(errors="replace"))


def _in_json(document: Any, depth: int = 0) -> str:
    if not isinstance(document, dict) or depth > _DEEPEST:
        return ""
    for name, value in document.items():
        if isinstance(value, str) and _NAME.search(name) and _TOKEN.fullmatch(value):
            return value
    return next(filter(None, (_in_json(one, depth + 1) for one in document.values())), "")


def _in_page(text: str) -> str:
    tags = (tag for tag in _TAG.finditer(text) if _FIELD.search(tag[2]) or "_token" in tag[2])
    for tag in islice(tags, _MOST_TAGS):
        named = _FIELD if tag[1].lower() == "input" else _NAME
        held = {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _TAG_ATTRIBUTE.finditer(tag[2])}
        value = unescape(held.get("content", held.get("value", "")))
        if named.search(held.get("name", "")) and _TOKEN.fullmatch(value):
            return value
    found = _IN_SCRIPT.search(text)
    return found[1] if found and _TOKEN.fullmatch(found[1]) else ""
