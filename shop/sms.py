"""Codes by SMS: who is asked for one, what was sent, and what may be tried how often."""

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


class CodeResult(StrEnum):
    """What came of typing a code, or of asking for another; the API shows it as ``reason``."""

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
    """The code one pre-order waits for. ``wrong`` counts wrong codes since the payment option was chosen."""

    phone: str
    code: str
    sent: float
    wrong: int = 0
    locked: bool = False
    reason: CodeResult | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS as it lies in the inbox; ``arrives`` and ``expires`` are moments in seconds."""

    code: str
    sent: float
    arrives: float
    expires: float


class SmsService:
    """Sends codes, keeps what it sent where a test can read it, and judges what is typed.

    ``settings`` returns the settings of the moment. The inbox keeps the last ten messages of each phone, and the
    50,000 phones used last.
    """

    def __init__(self, settings: Callable[[], SmsSettings], seed: int, rng: random.Random) -> None:
        self._settings = settings
        self._seed = seed
        self._rng = rng
        self._inbox: OrderedDict[str, deque[Message]] = OrderedDict()
        self.sent = 0

    def requires_code(self, slug: str, phone: str) -> bool:
        """Whether the order of this phone by this payment option needs a code; the same answer every time."""
        settings = self._settings()
        if slug not in settings.options:
            return False
        digest = blake2b(f"{self._seed} {phone}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) < settings.share * 2**64

    def send(self, phone: str, now: float, *, lost: bool = False) -> Verification:
        """Send a code; one that gets ``lost`` is never seen in the inbox."""
        settings = self._settings()
        code = settings.fixed_code or f"{self._rng.randrange(1_000_000):06d}"
        self.sent += 1
        if not lost:
            inbox = self._inbox.setdefault(phone, deque(maxlen=_MOST_MESSAGES))
            inbox.append(Message(code, now, now + settings.delivery_delay, now + settings.code_lifetime))
            self._inbox.move_to_end(phone)
            if len(self._inbox) > _MOST_PHONES:
                self._inbox.popitem(last=False)
        return Verification(phone, code, now)

    def resend(self, old: Verification, now: float, *, lost: bool = False) -> Verification:
        """Send another code and make the old one void; wrong tries so far still count."""
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
        """Judge a typed code, and remember it."""
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
        """How many whole seconds the code is still good for; the last one counts until it is over."""
        left = verification.sent + self._settings().code_lifetime - now
        return max(0, -int(-left // 1))

    def page_context(self, verification: Verification, now: float) -> dict[str, Any]:
        """What the page that asks for the code says of it."""
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
    """A moment as the API writes it: ``2023-03-15 15:00:00+00:00``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")
