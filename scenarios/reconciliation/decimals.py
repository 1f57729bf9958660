"""Reads amounts as people and spreadsheets write them: ``62.99``, ``1.234,50 TL``, ``₺1,234.50``, ``1 234,5``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

MARKS = (".", ",")
"""The decimal marks."""

_LONGEST = 40
_BLANKS_AND_QUOTES = re.compile(r"[\s'\u2019\u00a0\u202f]")
_AMOUNT = re.compile(r"[^\d.,+-]{0,5}(?P<sign>[+-]?)[^\d.,+-]{0,5}(?P<body>\d[\d.,]*|[.,]\d+)[^\d.,+-]{0,5}")
_THOUSANDS = 3


class MixedMarks(ValueError):
    """Amounts that mix decimal points and decimal commas; holds the place of one of each."""

    def __init__(self, point: int, comma: int) -> None:
        super().__init__("a decimal point and a decimal comma")
        self.point = point
        self.comma = comma


def decimal_mark(texts: Iterable[tuple[int, str]]) -> str | None:
    """The decimal mark of these amounts; ``""``: none has any mark; ``None``: it can be either (``1.234``).

    Each text comes with its line. Raises ``MixedMarks`` if both occur.
    """
    seen: dict[str, int] = {}
    ambiguous = False
    for line, text in texts:
        body = _body(text)
        marks = [letter for letter in body if letter in MARKS]
        if not marks:
            continue
        mark = _mark_of_one(body, marks)
        if mark is None:
            ambiguous = True
        else:
            seen.setdefault(mark, line)
    if len(seen) == len(MARKS):
        raise MixedMarks(seen["."], seen[","])
    return next(iter(seen)) if seen else None if ambiguous else ""


def _mark_of_one(body: str, marks: list[str]) -> str | None:
    last = marks[-1]
    other = MARKS[1 - MARKS.index(last)]
    if len(set(marks)) == len(MARKS):
        return last
    if len(marks) > 1:
        return other  # 1.234.567 has no decimals: its marks separate thousands
    before, _, after = body.partition(last)
    separates = len(after) == _THOUSANDS and 0 < len(before) <= _THOUSANDS and not before.startswith("0")
    return None if separates else last


def parse_amount(text: str, mark: str) -> Decimal | None:
    """An amount with this decimal mark; ``None`` for any other text."""
    match = _AMOUNT.fullmatch(_cleaned(text))
    if match is None or len(text) > _LONGEST:
        return None
    whole, found, decimals = match["body"].partition(mark or ".")
    thousands = "," if mark in ("", ".") else "."
    groups = whole.split(thousands)
    if len(groups) > 1 and not (0 < len(groups[0]) <= _THOUSANDS and all(len(one) == _THOUSANDS for one in groups[1:])):
        return None
    digits = "".join(groups)
    if not (digits + decimals).isascii() or not (digits + decimals).isdigit():
        return None
    return Decimal(f"{match['sign']}{digits or '0'}{'.' + decimals if found and decimals else ''}")


def _body(text: str) -> str:
    match = _AMOUNT.fullmatch(_cleaned(text))
    return "" if match is None else match["body"]


def _cleaned(text: str) -> str:
    return _BLANKS_AND_QUOTES.sub("", text)
