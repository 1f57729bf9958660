"""Which session a request belongs to."""

from __future__ import annotations

from http import HTTPStatus

from shop.contract import COOKIE_SESSION
from shop.customers.session import Session, SessionStore
from shop.http_messages import Reply, Request, cookie, refused


def require_session(sessions: SessionStore, request: Request, now: float) -> Session:
    """The session that the request names; ``Refused`` with 401 if there is none."""
    session = sessions.find(request.session_id, now)
    if session is None:
        raise refused(HTTPStatus.UNAUTHORIZED, "The session is not known, or no longer.")
    return session


def session_or_new(sessions: SessionStore, request: Request, now: float, reply: Reply) -> Session:
    """The session that the request names, or a new one, whose cookie goes with the reply."""
    session = sessions.find(request.session_id, now)
    if session is None:
        session = sessions.open(now)
        reply.cookies.append(cookie(COOKIE_SESSION, session.id, hidden=True))
    return session
