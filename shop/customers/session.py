"""Sessions of shoppers, limited in number and age, and CSRF tokens."""

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
    """The session of one shopper: a guest with ``guest_email``, a customer with ``account``."""

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
        """The e-mail address for the receipt."""
        return self.account.email if self.account else self.guest_email

    @property
    def phone(self) -> str:
        """The phone for SMS codes: that of the customer or guest, else that of the shipping address."""
        phone = self.account.phone if self.account else self.guest_phone
        address = self.pre_order.shipping_address
        return phone or (str(address["phone_number"]) if address else "")

    @property
    def addresses(self) -> AddressBook:
        """The addresses that the shopper can choose from."""
        return self.account.addresses if self.account else self.guest_addresses


class SessionStore:
    """All sessions. When there are too many, the least recently used one goes.

    ``settings`` returns the current limits: a number, and an age in seconds since the last use.
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
        """The session with this id, unless it is unknown or too old. This counts as a use."""
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
        """Open a new session with an empty basket."""
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
        """Give a session a new id, so that an id from before the sign-in becomes useless."""
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
        """A pre-order without choices."""
        return PreOrder(f"{self._rng.getrandbits(64):016x}")

    def _fresh_id(self) -> str:
        return f"{self._rng.getrandbits(128):032x}"


class CsrfTokens:
    """Issues and checks CSRF tokens. One half of a token signs the other half."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._key = rng.randbytes(32)

    def issue(self) -> str:
        """A new token."""
        nonce = f"{self._rng.getrandbits(64):016x}"
        return nonce + self._signature(nonce)

    def accepts(self, from_cookie: str, from_header: str, *, strict: bool) -> bool:
        """Whether a request may pass: its header must repeat the cookie, if there is one.

        With ``strict``, there must be a cookie, and this shop must have issued it.
        """
        if not strict:
            return from_cookie in ("", from_header)
        if len(from_header) != _TOKEN_LENGTH or not from_header.isascii() or from_cookie != from_header:
            return False
        return hmac.compare_digest(self._signature(from_header[:16]), from_header[16:])

    def _signature(self, nonce: str) -> str:
        return blake2b(nonce.encode(), key=self._key, digest_size=8).hexdigest()


def require_session(sessions: SessionStore, request: Request, now: float) -> Session:
    """The session of a request; raises ``Refused`` with 401 without one."""
    session = sessions.find(request.session_id, now)
    if session is None:
        raise refused(HTTPStatus.UNAUTHORIZED, "The session is not known, or no longer.")
    return session


def session_or_new(sessions: SessionStore, request: Request, now: float, reply: Reply) -> Session:
    """The session of a request, or a new one; its cookie is added to the reply."""
    session = sessions.find(request.session_id, now)
    if session is None:
        session = sessions.open(now)
        reply.cookies.append(cookie(COOKIE_SESSION, session.id, hidden=True))
    return session
