"""SMS codes: which orders need one, the inbox of sent codes, and the check of typed codes."""

from __future__ import annotations

import hmac
import random
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from shop.settings import SmsSettings

_MOST_PHONES = 50_000
_MOST_MESSAGES = 10
_KEPT_EXPIRED = 300.0
"""Seconds for which the inbox shows a message whose code has expired."""


class CodeResult(StrEnum):
    """The result of typing a code or asking for another one; the API shows it as ``reason``."""

    RIGHT = "right"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"
    SENT = "sent"
    TOO_SOON = "too_soon"


MESSAGES = {
    CodeResult.WRONG: "The code is wrong.",
    CodeResult.EXPIRED: "The code has expired; ask for another one.",
    CodeResult.LOCKED: "Too many wrong codes; choose the payment option again.",
    CodeResult.TOO_SOON: "A code was sent just now; wait before you ask for another one.",
}


@dataclass(slots=True)
class Verification:
    """The code that an order waits for. ``wrong`` counts wrong codes since the payment option was chosen."""

    phone: str
    code: str
    sent: float
    wrong: int = 0
    locked: bool = False
    reason: CodeResult | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS in the inbox; ``arrives`` and ``expires`` are times in seconds."""

    code: str
    sent: float
    arrives: float
    expires: float


class SmsService:
    """Sends codes, keeps them in an inbox, and checks typed codes.

    ``settings`` returns the current settings. The inbox keeps the last ten messages of each phone, for the 50,000 most recent
    phones, until five minutes after the last code has expired.
    """

    def __init__(self, settings: Callable[[], SmsSettings], seed: int, rng: random.Random) -> None:
        self._settings = settings
        self._seed = seed
        self._rng = rng
        self._inbox: OrderedDict[str, deque[Message]] = OrderedDict()
        self.sent = 0

    def requires_code(self, slug: str, phone: str) -> bool:
        """Whether an order with this payment option and phone needs a code; the answer is always the same."""
        settings = self._settings()
        if slug not in settings.options:
            return False
        digest = blake2b(f"{self._seed} {phone}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < settings.share * 2**64

    def send(self, phone: str, now: float, *, lost: bool = False) -> Verification:
        """Send a code; a ``lost`` one never reaches the inbox."""
        settings = self._settings()
        code = settings.fixed_code or f"{self._rng.randrange(1_000_000):06d}"
        self.sent += 1
        if not lost:
            inbox = self._inbox.setdefault(phone, deque(maxlen=_MOST_MESSAGES))
            inbox.append(Message(code, now, now + settings.delivery_delay, now + settings.code_lifetime))
            self._inbox.move_to_end(phone)
            while len(self._inbox) > _MOST_PHONES or next(iter(self._inbox.values()))[-1].expires < now - _KEPT_EXPIRED:
                self._inbox.popitem(last=False)
        return Verification(phone, code, now)

    def resend(self, old: Verification, now: float, *, lost: bool = False) -> Verification:
        """Send another code; the old one becomes invalid, and wrong tries so far still count."""
        if old.locked:
            old.reason = CodeResult.LOCKED
            return old
        if now < old.sent + self._settings().resend_after:
            old.reason = CodeResult.TOO_SOON
            return old
        new = self.send(old.phone, now, lost=lost)
        new.wrong = old.wrong
        return new

    def verify(self, verification: Verification, code: str, now: float) -> CodeResult:
        """Check a typed code and store the result."""
        verification.reason = self._check_code(verification, code, now)
        return verification.reason

    def _check_code(self, verification: Verification, code: str, now: float) -> CodeResult:
        if verification.locked:
            return CodeResult.LOCKED
        if self.seconds_left(verification, now) <= 0:
            return CodeResult.EXPIRED
        if hmac.compare_digest(verification.code.encode(), code.encode()):
            return CodeResult.RIGHT
        verification.wrong += 1
        verification.locked = verification.wrong >= self._settings().max_tries
        return CodeResult.LOCKED if verification.locked else CodeResult.WRONG

    def seconds_left(self, verification: Verification, now: float) -> int:
        """The whole seconds until the code expires, rounded up."""
        left = verification.sent + self._settings().code_lifetime - now
        return max(0, -int(-left // 1))

    def page_context(self, verification: Verification, now: float) -> dict[str, Any]:
        """The content of the page that asks for the code."""
        context: dict[str, Any] = {
            "verification": True,
            "verification_sent_datetime": sms_timestamp(verification.sent),
            "seconds_left": self.seconds_left(verification, now),
            "retry": not verification.locked,
        }
        if verification.reason in MESSAGES:
            context["reason"] = verification.reason
        return context

    def inbox(self, phone: str, now: float) -> list[dict[str, Any]]:
        """The messages that have arrived at a phone, the latest last."""
        return [
            {
                "code": message.code,
                "sent_datetime": sms_timestamp(message.sent),
                "expires_in": max(0.0, round(message.expires - now, 3)),
            }
            for message in self._inbox.get(phone, ())
            if message.arrives <= now
        ]


def sms_timestamp(seconds: float) -> str:
    """A time in the form of this page: ``2023-03-15 15:00:00+00:00``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")
