"""The SMS code: one script for each way a shopper deals with it, from typing it right to being locked out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from harness.measurement.outcomes import Outcome
from shop.contract import PATHS, Page
from users.journeys.context import JourneyContext, fetch, must_be_refused, post_checkout_form
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.journey_spec import SmsScript

MAX_TRIES = 10
"""After this many wrong codes the shopper gives up, even if the shop has not locked them out."""

_SHORTEST_POLL = 0.01
_PAST_EXPIRY = 1.0  # seconds_left is a whole number; one second more is surely too late
_ASKED_AGAIN_PAGES = frozenset({Page.VERIFY_SMS})
_ASKED_AGAIN = Expectation(pages=_ASKED_AGAIN_PAGES)
_WRONG_CODE = Expectation(pages=_ASKED_AGAIN_PAGES, refused_as=Outcome.WRONG_CODE)
_EXPIRED = Expectation(pages=_ASKED_AGAIN_PAGES, refused_as=Outcome.CODE_EXPIRED, check=must_be_refused)
_ORDER_SHOWN = Expectation(pages=frozenset({Page.THANK_YOU}))
_INBOX = Expectation(ResponseFormat.JSON, keys=frozenset({"messages"}))


def verify_sms(context: JourneyContext) -> Steps[PageResponse]:
    """Answer the form for an SMS code by the script of this journey; ends on the order."""
    script = context.spec.sms
    # The life of a code may be unknown, or longer than the shopper waits. Then they type the code in time.
    if script is SmsScript.LATE and _time_to_expire(context) is None:
        script = SmsScript.RIGHT
    context.verification = script.value
    response = yield from _SCRIPTS[script](context)
    return response


def _right(context: JourneyContext) -> Steps[PageResponse]:
    code = yield from _wait_for_code(context)
    return (yield from _submit_code(context, code))


def _wrong(context: JourneyContext) -> Steps[PageResponse]:
    code = yield from _wait_for_code(context)
    yield from _submit_wrong_code(context, code)
    return (yield from _submit_code(context, code))


def _resend(context: JourneyContext) -> Steps[PageResponse]:
    first = yield from _wait_for_code(context)
    return (yield from _resend_and_submit(context, first))


def _late(context: JourneyContext) -> Steps[PageResponse]:
    wait = _time_to_expire(context) or 0.0
    first = yield from _wait_for_code(context)
    form = {"verify_code": first}
    too_late = post_checkout_form(context, Page.VERIFY_SMS, form, _EXPIRED, think_first=False, extra_wait=wait)
    yield from fetch(context, too_late)
    return (yield from _resend_and_submit(context, first))


def _locked(context: JourneyContext) -> Steps[PageResponse]:
    code = yield from _wait_for_code(context)
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
    form = {"verify_code": code}
    response = yield from fetch(context, post_checkout_form(context, Page.VERIFY_SMS, form, _ORDER_SHOWN))
    return response


def _submit_wrong_code(context: JourneyContext, code: str) -> Steps[None]:
    """Post a wrong code; it must not place the order."""
    form = {"verify_code": _changed(code)}
    yield from fetch(context, post_checkout_form(context, Page.VERIFY_SMS, form, _WRONG_CODE))


def _resend_and_submit(context: JourneyContext, known: str) -> Steps[PageResponse]:
    """Ask the shop for another code, and type that one."""
    yield from fetch(context, post_checkout_form(context, Page.SEND_SMS, {}, _ASKED_AGAIN))
    code = yield from _wait_for_code(context, known)
    return (yield from _submit_code(context, code))


def _changed(code: str) -> str:
    wrong = "".join(str((int(sign) + 1) % 10) if sign in "0123456789" else sign for sign in code)
    return wrong if wrong != code else f"{code}0"


def _time_to_expire(context: JourneyContext) -> float | None:
    """Seconds until the new code has surely expired; ``None`` if unknown, or longer than the shopper waits."""
    left = context.last_response.page_context.get("seconds_left")
    if isinstance(left, bool) or not isinstance(left, int | float) or left < 0:
        return None
    return None if left > context.policy.sms_longest_wait - _PAST_EXPIRY else float(left) + _PAST_EXPIRY


def _wait_for_code(context: JourneyContext, known: str = "") -> Steps[str]:
    """The code that the shop sent, other than ``known``: the test system's fixed one, or the last in the shop's inbox."""
    policy = context.policy
    if policy.sms_code:
        return policy.sms_code
    if not known and context.account is not None:
        known = context.account.last_code
    poll = max(policy.sms_poll, _SHORTEST_POLL)
    path = PATHS[Page.SMS_INBOX].format(phone=quote(context.sms_phone, safe=""))
    on_screen = context.last_response
    for turn in range(1 + math.ceil(max(policy.sms_patience, 0.0) / poll)):
        wait = poll if turn else 0.0
        request = PageRequest(Page.SMS_INBOX, path=path, expect=_INBOX, think_first=False, extra_wait=wait)
        code = _last_code((yield from fetch(context, request)).document["messages"])
        if code and code != known:
            if context.account is not None:
                context.account.last_code = code
            context.last_response = (
                on_screen  # the code is on the shopper's phone; the shop's page is still on the screen
            )
            return code
    raise JourneyFailed(Outcome.SMS_LOST, Page.VERIFY_SMS)


def _last_code(messages: Any) -> str:
    last = messages[-1] if isinstance(messages, list) and messages else None
    code = last.get("code") if isinstance(last, dict) else None
    return code if isinstance(code, str) else ""
