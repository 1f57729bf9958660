"""Sign-in with an e-mail address and a password, and its documented refusals."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from shop.contract import COOKIE_SESSION
from shop.customers.accounts import Account, Accounts, SignInLocked, WrongPassword
from shop.customers.session import Session, SessionStore
from shop.forms import REQUIRED, unknown_field_errors
from shop.http_messages import Refused, Reply, cookie
from shop.settings import SignInSettings

_FIELDS = frozenset({"email", "password", "formType", "locale"})
_LONGEST = 256


def sign_in(
    given: Mapping[str, Any],
    session: Session | None,
    accounts: Accounts,
    sessions: SessionStore,
    *,
    settings: SignInSettings,
    now: float,
    strict: bool,
) -> Reply:
    """Sign a shopper in. The basket stays, and the session gets a new id.

    The reply has ``key`` and the session cookie. Refusals: 202 if a one-time code is required, ``redirect_url`` if a captcha is
    required, 400 with errors of fields or ``non_field_errors``, 429 after too many wrong passwords.
    """
    email, password = _credentials(given, strict=strict)
    if settings.wants == "one_time_code":
        return Reply({"detail": "A one-time code has been sent."}, HTTPStatus.ACCEPTED)
    if settings.wants == "captcha":
        return Reply({"redirect_url": "/users/captcha/"})
    try:
        account = accounts.sign_in(email, password, now, tries=settings.tries, locked_for=settings.locked_for)
    except WrongPassword:
        errors = {"non_field_errors": ["The e-mail address and the password do not belong together."]}
        raise Refused(HTTPStatus.BAD_REQUEST, errors) from None
    except SignInLocked:
        return Reply(
            {"detail": "Too many tries; wait a while."},
            HTTPStatus.TOO_MANY_REQUESTS,
            retry_after=max(1, round(settings.locked_for)),
        )
    session = _session_of(account, session, sessions, now)
    return Reply({"key": session.id}, cookies=[cookie(COOKIE_SESSION, session.id, hidden=True)])


def _credentials(given: Mapping[str, Any], *, strict: bool) -> tuple[str, str]:
    errors = unknown_field_errors(given, _FIELDS) if strict else {}
    for name in ("email", "password"):
        value = given.get(name)
        if value in (None, ""):
            errors[name] = [REQUIRED]
        elif not isinstance(value, str) or len(value) > _LONGEST:
            errors[name] = [f"Give text of at most {_LONGEST} letters."]
    if "email" not in errors and "@" not in given["email"]:
        errors["email"] = ["Give an e-mail address."]
    if given.get("formType", "login") != "login":
        errors["formType"] = ["This page signs in; formType must be login."]
    if errors:
        raise Refused(HTTPStatus.BAD_REQUEST, errors)
    return given["email"], given["password"]


def _session_of(account: Account, session: Session | None, sessions: SessionStore, now: float) -> Session:
    if session is None or session.account not in (None, account):
        # Basket and last order of another customer must not carry over.
        if session is not None:
            sessions.forget(session.id)
        session = sessions.open(now)
    else:
        sessions.rotate(session)
    if session.account is None:
        session.account = account
        session.guest_email = session.guest_phone = ""
        session.last_order = None
        session.pre_order.restart()
    return session
