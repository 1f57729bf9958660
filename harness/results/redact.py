"""Removes card numbers and secrets from everything that is about to be written.

This is the last line of defence: no secret should ever get this far.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

REMOVED = "[removed]"
SHORTEST_SECRET = 4
"""Shorter secrets are not searched for: a three-digit security code occurs in half of all numbers."""

_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


class Redactor:
    """Removes every secret and everything that looks like a card number, and counts how often.

    ``own_words`` are checkload's own words, which stay even if a badly chosen password equals one of them.
    """

    def __init__(self, secrets: Collection[str] = (), own_words: Collection[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in (secret, quote(secret, safe=""))}
        # The longest first: one secret may contain another.
        self._secrets = sorted((s for s in spellings if len(s) >= SHORTEST_SECRET), key=lambda s: (-len(s), s))
        self._own_words = frozenset(own_words)
        self.removed = 0

    def redact_text(self, text: str) -> str:
        """The text without secrets and card numbers."""
        if text in self._own_words:
            return text
        for secret in self._secrets:
            self.removed += text.count(secret)
            text = text.replace(secret, REMOVED)
        return _DIGITS.sub(self._card, text)

    def redact_value(self, value: Any, *, foreign: bool = False) -> Any:
        """A JSON value without them in its texts; a ``foreign`` value also in its keys and whole numbers."""
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, dict):
            return {
                self.redact_text(key) if foreign else key: self.redact_value(content, foreign=foreign)
                for key, content in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.redact_value(item, foreign=foreign) for item in value]
        if foreign and isinstance(value, int) and not isinstance(value, bool):
            redacted = self.redact_text(str(value))
            return value if redacted == str(value) else redacted
        return value

    def _card(self, match: re.Match[str]) -> str:
        if not _luhn([int(digit) for digit in match[0] if digit.isdigit()]):
            return match[0]
        self.removed += 1
        return REMOVED


def _luhn(digits: list[int]) -> bool:
    """Whether the check digit of a card number is right: it is for every card, and for one number in ten."""
    doubled = [digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(n - 9 if n > 9 else n for n in doubled)) % 10 == 0  # noqa: PLR2004  digit sum
