"""Who is shopping: the sessions the shop remembers, bounded in number and age."""

from __future__ import annotations

import hmac
import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from http import HTTPStatus

from shop.contract import COOKIE_SESSION
from shop.customers.accounts import Account, AddressBook
from shop.http_messages import Reply, Request, cookie, refused
from shop.ledger import Order
from shop.pre_order import Basket, PreOrder
from shop.settings import SessionSettings

_TOKEN_LENGTH = 32


@dataclass(slots=True)
class Session:
    """One shopper's visit. She is a guest once ``guest_email`` is set, a customer once ``account`` is."""

    id: str
    basket: Basket
    pre_order: PreOrder
    account: Account | None = None
    guest_email: str = ""
    guest_phone: str = ""
    guest_addresses: AddressBook = field(default_factory=AddressBook)
    last_order: Order | None = None
    used: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the shopper has signed in or given an e-mail address as a guest."""
        return self.account is not None or bool(self.guest_email)

    @property
    def email(self) -> str:
        """Where the receipt goes."""
        return self.account.email if self.account else self.guest_email

    @property
    def phone(self) -> str:
        """Where a code is sent: the customer's or guest's phone, or else that of the chosen address."""
        phone = self.account.phone if self.account else self.guest_phone
        address = self.pre_order.shipping_address
        return phone or (str(address["phone_number"]) if address else "")

    @property
    def addresses(self) -> AddressBook:
        """The addresses she can choose from."""
        return self.account.addresses if self.account else self.guest_addresses


class SessionStore:
    """The sessions; the one that nobody used for longest goes when there are too many.

    ``settings`` returns the bounds of the moment: a number, and an age in seconds since the last use.
    """

    def __init__(self, settings: Callable[[], SessionSettings], rng: random.Random) -> None:
        self._settings = settings
        self._rng = rng
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._last_basket = 0
        self.forgotten = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, session_id: str, now: float) -> Session | None:
        """The session of this id, unless it is unknown or too old; finding it makes it young again."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        if now - session.used > self._settings().age:
            self.forget(session_id)
            return None
        session.used = now
        self._sessions.move_to_end(session_id)
        return session

    def open(self, now: float) -> Session:
        """A new session with an empty basket."""
        bounds = self._settings()
        while self._sessions:
            oldest = next(iter(self._sessions.values()))
            if len(self._sessions) < bounds.most and now - oldest.used <= bounds.age:
                break
            self.forget(oldest.id)
        session = Session(self._fresh_id(), self.fresh_basket(), self.fresh_pre_order(), used=now)
        self._sessions[session.id] = session
        return session

    def rotate(self, session: Session) -> None:
        """Give a session another id, so that one known before the sign-in is worth nothing after it."""
        self._sessions.pop(session.id, None)
        session.id = self._fresh_id()
        self._sessions[session.id] = session

    def forget(self, session_id: str) -> None:
        """Drop a session."""
        if self._sessions.pop(session_id, None) is not None:
            self.forgotten += 1

    def fresh_basket(self) -> Basket:
        """An empty basket."""
        self._last_basket += 1
        return Basket(self._last_basket)

    def fresh_pre_order(self) -> PreOrder:
        """A pre-order in which nothing is chosen."""
        return PreOrder(f"{self._rng.getrandbits(64):016x}")

    def _fresh_id(self) -> str:
        return f"{self._rng.getrandbits(128):032x}"


class CsrfTokens:
    """Tokens that only this shop can have issued: half of each signs the other half."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._key = rng.randbytes(32)

    def issue(self) -> str:
        """A new token."""
        nonce = f"{self._rng.getrandbits(64):016x}"
        return nonce + self._signature(nonce)

    def accepts(self, from_cookie: str, from_header: str, *, strict: bool) -> bool:
        """Whether a request may pass: the header echoes the cookie, if there is one.

        ``strict``: there must be one, and this shop must have issued it.
        """
        if not strict:
            return from_cookie in ("", from_header)
        if len(from_header) != _TOKEN_LENGTH or not from_header.isascii() or from_cookie != from_header:
            return False
        return hmac.compare_digest(self._signature(from_header[:16]), from_header[16:])

    def _signature(self, nonce: str) -> str:
        return blake2b(nonce.encode(), key=self._key, digest_size=8).hexdigest()


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
