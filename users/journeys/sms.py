"""The code by SMS: typed right, mistyped, asked for again, left to expire, or mistyped until the shop has had enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, ask, must_be_refused, post
from users.journeys.steps import Answer, JourneyFailed, PageRequest, ResponseFormat, Steps
from users.population.journey_spec import SmsScript

MAX_TRIES = 10
"""After so many wrong codes a shopper gives up waiting to be locked out."""

_ASKED_AGAIN = frozenset({Page.VERIFY_SMS})
_ORDERED = frozenset({Page.THANK_YOU})
_SHORTEST_POLL = 0.01
_PAST_EXPIRY = 1.0  # seconds_left is a whole number; a second more is surely too late


def verify(errand: JourneyContext) -> Steps[Answer]:
    """Answer the question for a code in the way of the itinerary's script; ends on the order."""
    script = errand.itinerary.sms
    # What is left of an expired code's life may be unknown or too long to wait for; then the code is given in time.
    if script is SmsScript.LATE and _time_to_expire(errand) is None:
        script = SmsScript.RIGHT
    errand.verification = script.value
    answer = yield from _SCRIPTS[script](errand)
    return answer


def _right(errand: JourneyContext) -> Steps[Answer]:
    code = yield from _code(errand)
    return (yield from _submit_code(errand, code))


def _wrong(errand: JourneyContext) -> Steps[Answer]:
    code = yield from _code(errand)
    yield from _submit_wrong_code(errand, code)
    return (yield from _submit_code(errand, code))


def _resend(errand: JourneyContext) -> Steps[Answer]:
    first = yield from _code(errand)
    return (yield from _another(errand, first))


def _late(errand: JourneyContext) -> Steps[Answer]:
    wait = _time_to_expire(errand) or 0.0
    first = yield from _code(errand)
    yield from ask(
        errand,
        post(
            errand,
            Page.VERIFY_SMS,
            {"verify_code": first},
            _ASKED_AGAIN,
            refused_as=Outcome.CODE_EXPIRED,
            judge=must_be_refused,
            think_first=False,
            wait=wait,
        ),
    )
    return (yield from _another(errand, first))


def _locked(errand: JourneyContext) -> Steps[Answer]:
    code = yield from _code(errand)
    for _ in range(MAX_TRIES):
        yield from _submit_wrong_code(errand, code)
        context = errand.shown.context
        if context.get("reason") == "locked" or context.get("retry") is False:
            raise JourneyFailed(Outcome.CODE_LOCKED, Page.VERIFY_SMS)
    raise JourneyFailed(Outcome.WRONG_CODE, Page.VERIFY_SMS)


_SCRIPTS: Mapping[SmsScript, Callable[[JourneyContext], Steps[Answer]]] = MappingProxyType(
    {
        SmsScript.RIGHT: _right,
        SmsScript.WRONG: _wrong,
        SmsScript.RESEND: _resend,
        SmsScript.LATE: _late,
        SmsScript.LOCKED: _locked,
    }
)


def _submit_code(errand: JourneyContext, code: str) -> Steps[Answer]:
    answer = yield from ask(errand, post(errand, Page.VERIFY_SMS, {"verify_code": code}, _ORDERED))
    return answer


def _submit_wrong_code(errand: JourneyContext, code: str) -> Steps[None]:
    """Post a wrong code, which must not buy anything."""
    form = {"verify_code": _wrong_code(code)}
    yield from ask(errand, post(errand, Page.VERIFY_SMS, form, _ASKED_AGAIN, refused_as=Outcome.WRONG_CODE))


def _another(errand: JourneyContext, known: str) -> Steps[Answer]:
    """Have another code sent, and type that."""
    yield from ask(errand, post(errand, Page.SEND_SMS, {}, _ASKED_AGAIN))
    code = yield from _code(errand, known)
    return (yield from _submit_code(errand, code))


def _wrong_code(code: str) -> str:
    wrong = "".join(str((int(sign) + 1) % 10) if sign in "0123456789" else sign for sign in code)
    return wrong if wrong != code else f"{code}0"


def _time_to_expire(errand: JourneyContext) -> float | None:
    """Seconds until the code just sent is surely void; ``None`` if unknown, or longer than this shopper waits."""
    left = errand.shown.context.get("seconds_left")
    if isinstance(left, bool) or not isinstance(left, int | float) or left < 0:
        return None
    return None if left > errand.conduct.sms_longest_wait - _PAST_EXPIRY else float(left) + _PAST_EXPIRY


def _code(errand: JourneyContext, known: str = "") -> Steps[str]:
    """The code that was sent, other than ``known``: the test system's own, or the latest in the shop's inbox."""
    conduct = errand.conduct
    if conduct.sms_code:
        return conduct.sms_code
    if not known and errand.account is not None:
        known = errand.account.last_code
    poll = max(conduct.sms_poll, _SHORTEST_POLL)
    path = PATHS[Page.SMS_INBOX].format(phone=quote(errand.sms_phone, safe=""))
    asked = errand.shown
    for turn in range(1 + math.ceil(max(conduct.sms_patience, 0.0) / poll)):
        visit = PageRequest(
            Page.SMS_INBOX,
            path=path,
            reads=ResponseFormat.JSON,
            needs=frozenset({"messages"}),
            think_first=False,
            wait=poll if turn else 0.0,
        )
        code = _latest((yield from ask(errand, visit)).document["messages"])
        if code and code != known:
            if errand.account is not None:
                errand.account.last_code = code
            errand.shown = asked  # what she still has before her is the shop's page, not her telephone
            return code
    raise JourneyFailed(Outcome.SMS_LOST, Page.VERIFY_SMS)


def _latest(messages: Any) -> str:
    last = messages[-1] if isinstance(messages, list) and messages else None
    code = last.get("code") if isinstance(last, dict) else None
    return code if isinstance(code, str) else ""
