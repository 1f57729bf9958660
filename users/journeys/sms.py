"""The code by SMS: typed right, mistyped, asked for again, left to expire, or mistyped until the shop has had enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, fetch, must_be_refused, post_checkout_form
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.journey_spec import SmsScript

MAX_TRIES = 10
"""After so many wrong codes a shopper gives up waiting to be locked out."""

_ASKED_AGAIN = frozenset({Page.VERIFY_SMS})
_ORDERED = frozenset({Page.THANK_YOU})
_SHORTEST_POLL = 0.01
_PAST_EXPIRY = 1.0  # seconds_left is a whole number; a second more is surely too late


def verify_sms(context: JourneyContext) -> Steps[PageResponse]:
    """Answer the question for a code in the way of the itinerary's script; ends on the order."""
    script = context.spec.sms
    # What is left of an expired code's life may be unknown or too long to wait for; then the code is given in time.
    if script is SmsScript.LATE and _time_to_expire(context) is None:
        script = SmsScript.RIGHT
    context.verification = script.value
    response = yield from _SCRIPTS[script](context)
    return response


def _right(context: JourneyContext) -> Steps[PageResponse]:
    code = yield from _code(context)
    return (yield from _submit_code(context, code))


def _wrong(context: JourneyContext) -> Steps[PageResponse]:
    code = yield from _code(context)
    yield from _submit_wrong_code(context, code)
    return (yield from _submit_code(context, code))


def _resend(context: JourneyContext) -> Steps[PageResponse]:
    first = yield from _code(context)
    return (yield from _resend_and_submit(context, first))


def _late(context: JourneyContext) -> Steps[PageResponse]:
    wait = _time_to_expire(context) or 0.0
    first = yield from _code(context)
    yield from fetch(
        context,
        post_checkout_form(
            context,
            Page.VERIFY_SMS,
            {"verify_code": first},
            _ASKED_AGAIN,
            refused_as=Outcome.CODE_EXPIRED,
            check=must_be_refused,
            think_first=False,
            extra_wait=wait,
        ),
    )
    return (yield from _resend_and_submit(context, first))


def _locked(context: JourneyContext) -> Steps[PageResponse]:
    code = yield from _code(context)
    for _ in range(MAX_TRIES):
        yield from _submit_wrong_code(context, code)
        shown = context.last_response.page_context
        if shown.get("reason") == "locked" or shown.get("retry") is False:
            raise JourneyFailed(Outcome.CODE_LOCKED, Page.VERIFY_SMS)
    raise JourneyFailed(Outcome.WRONG_CODE, Page.VERIFY_SMS)


_SCRIPTS: Mapping[SmsScript, Callable[[JourneyContext], Steps[PageResponse]]] = MappingProxyType(
    {
        SmsScript.RIGHT: _right,
        SmsScript.WRONG: _wrong,
        SmsScript.RESEND: _resend,
        SmsScript.LATE: _late,
        SmsScript.LOCKED: _locked,
    }
)


def _submit_code(context: JourneyContext, code: str) -> Steps[PageResponse]:
    response = yield from fetch(context, post_checkout_form(context, Page.VERIFY_SMS, {"verify_code": code}, _ORDERED))
    return response


def _submit_wrong_code(context: JourneyContext, code: str) -> Steps[None]:
    """Post a wrong code, which must not buy anything."""
    form = {"verify_code": _wrong_code(code)}
    yield from fetch(
        context, post_checkout_form(context, Page.VERIFY_SMS, form, _ASKED_AGAIN, refused_as=Outcome.WRONG_CODE)
    )


def _resend_and_submit(context: JourneyContext, known: str) -> Steps[PageResponse]:
    """Have another code sent, and type that."""
    yield from fetch(context, post_checkout_form(context, Page.SEND_SMS, {}, _ASKED_AGAIN))
    code = yield from _code(context, known)
    return (yield from _submit_code(context, code))


def _wrong_code(code: str) -> str:
    wrong = "".join(str((int(sign) + 1) % 10) if sign in "0123456789" else sign for sign in code)
    return wrong if wrong != code else f"{code}0"


def _time_to_expire(context: JourneyContext) -> float | None:
    """Seconds until the code just sent is surely void; ``None`` if unknown, or longer than this shopper waits."""
    left = context.last_response.page_context.get("seconds_left")
    if isinstance(left, bool) or not isinstance(left, int | float) or left < 0:
        return None
    return None if left > context.policy.sms_longest_wait - _PAST_EXPIRY else float(left) + _PAST_EXPIRY


def _code(context: JourneyContext, known: str = "") -> Steps[str]:
    """The code that was sent, other than ``known``: the test system's own, or the latest in the shop's inbox."""
    policy = context.policy
    if policy.sms_code:
        return policy.sms_code
    if not known and context.account is not None:
        known = context.account.last_code
    poll = max(policy.sms_poll, _SHORTEST_POLL)
    path = PATHS[Page.SMS_INBOX].format(phone=quote(context.sms_phone, safe=""))
    asked = context.last_response
    for turn in range(1 + math.ceil(max(policy.sms_patience, 0.0) / poll)):
        request = PageRequest(
            Page.SMS_INBOX,
            path=path,
            response_format=ResponseFormat.JSON,
            required_keys=frozenset({"messages"}),
            think_first=False,
            extra_wait=poll if turn else 0.0,
        )
        code = _latest((yield from fetch(context, request)).document["messages"])
        if code and code != known:
            if context.account is not None:
                context.account.last_code = code
            context.last_response = asked  # what she still has before her is the shop's page, not her telephone
            return code
    raise JourneyFailed(Outcome.SMS_LOST, Page.VERIFY_SMS)


def _latest(messages: Any) -> str:
    last = messages[-1] if isinstance(messages, list) and messages else None
    code = last.get("code") if isinstance(last, dict) else None
    return code if isinstance(code, str) else ""
