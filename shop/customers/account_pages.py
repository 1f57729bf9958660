"""The endpoints for the CSRF token, sign-in, sign-out, the current customer and their profile."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from shop.bank import form_page
from shop.contract import COOKIE_CSRF, COOKIE_SESSION, COOKIE_SESSION_TWIN, PATHS, Page
from shop.customers.accounts import GENDERS, Account, Accounts
from shop.customers.session import CsrfTokens, SessionStore, session_or_new
from shop.customers.sign_in import sign_in
from shop.forms import unknown_field_errors
from shop.http_messages import Endpoint, Errors, Refused, Reply, Request, cookie, refused
from shop.settings import Settings

_FORM_TOKEN = "csrfmiddlewaretoken"
_PROFILE = ("first_name", "last_name", "phone", "date_of_birth", "gender", "email_allowed", "sms_allowed")
_LONGEST = 256


class AccountPages:
    """Answers requests about customers and their sign-in."""

    def __init__(
        self, settings: Callable[[], Settings], accounts: Accounts, sessions: SessionStore, tokens: CsrfTokens
    ) -> None:
        self._settings = settings
        self._accounts = accounts
        self._sessions = sessions
        self._tokens = tokens
        self.exchanges: dict[Page, Endpoint] = {
            Page.CSRF_TOKEN: self._csrf_token,
            Page.LOGIN: self._login,
            Page.LOGOUT: self._logout,
            Page.CURRENT_USER: lambda request, _argument, now: Reply(self._customer(request, now).document()),
            Page.PROFILE: self._profile,
        }

    def _csrf_token(self, request: Request, _argument: str, now: float) -> Reply:
        token = self._tokens.issue()
        reply = Reply({"csrf_token": token}, cookies=[cookie(COOKIE_CSRF, token)])
        session_or_new(self._sessions, request, now, reply)
        return reply

    def _login(self, request: Request, _argument: str, now: float) -> Reply:
        session = self._sessions.find(request.session_id, now)
        settings = self._settings()
        reply = sign_in(
            request.document(),
            session,
            self._accounts,
            self._sessions,
            settings=settings.sign_in,
            now=now,
            strict=settings.unknown_fields == "refuse",
        )
        if "key" in reply.document:
            reply.cookies.append(cookie(COOKIE_CSRF, self._tokens.issue()))
        return reply

    def _logout(self, request: Request, _argument: str, _now: float) -> Reply:
        """End the session; without a valid token, show a form to confirm it.

        The storefront's client reads the token from that form, and sends it as a cookie and as a field.
        """
        token, header = request.csrf_pair
        if request.is_form and not header:
            header = request.form().get(_FORM_TOKEN, "")
        if not self._tokens.accepts(token, header, strict=self._settings().csrf == "strict"):
            fresh = self._tokens.issue()
            html = form_page("Sign out?", PATHS[Page.LOGOUT], {_FORM_TOKEN: fresh})
            return Reply(html=html, status=HTTPStatus.FORBIDDEN, cookies=[cookie(COOKIE_CSRF, fresh)])
        self._sessions.forget(request.session_id)
        names = (COOKIE_SESSION, COOKIE_SESSION_TWIN)
        return Reply(cookies=[cookie(name, "", hidden=True, forget=True) for name in names])

    def _customer(self, request: Request, now: float) -> Account:
        session = self._sessions.find(request.session_id, now)
        if session is None or session.account is None:
            raise refused(HTTPStatus.UNAUTHORIZED, "Sign in first.")
        return session.account

    def _profile(self, request: Request, _argument: str, now: float) -> Reply:
        account = self._customer(request, now)
        if request.method == "GET":
            return Reply(account.profile_document())
        given = request.document()
        errors: Errors = unknown_field_errors(given, _PROFILE) if self._settings().unknown_fields == "refuse" else {}
        for name in _PROFILE:
            value, is_text = given.get(name), not name.endswith("_allowed")
            if name in given and (not isinstance(value, str if is_text else bool) or len(str(value)) > _LONGEST):
                errors[name] = [f"Give text of at most {_LONGEST} letters." if is_text else "Must be a valid boolean."]
        if "gender" not in errors and given.get("gender", GENDERS[0]) not in GENDERS:
            errors["gender"] = [f'"{given["gender"]}" is not a valid choice.']
        if errors:
            raise Refused(HTTPStatus.BAD_REQUEST, errors)
        account.profile |= {name: given[name] for name in _PROFILE if name in given}
        account.phone = given.get("phone", account.phone)
        return Reply(account.profile_document())
