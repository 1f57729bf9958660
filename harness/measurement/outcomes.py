"""How pages and journeys end, and who is to blame: a closed set."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Blame(StrEnum):
    """Who caused an outcome; only the shop's outcomes count as failures, only the harness's make a run invalid."""

    NOBODY = "nobody"
    SHOPPER = "shopper"
    SHOP = "shop"
    HARNESS = "harness"


class Outcome(StrEnum):
    """How a page or a journey ended; reports and metrics use these words and no others.

    Each member names who is to ``blame``. There is no default.
    """

    blame: Blame

    def __new__(cls, value: str, blame: Blame) -> Self:
        """Make a member that is its value as text and carries its blame."""
        outcome = str.__new__(cls, value)
        outcome._value_ = value
        outcome.blame = blame
        return outcome

    OK = "ok", Blame.NOBODY
    # The shop works, but the shopper does not get the order: for example the bank declines the card.
    DECLINED = "declined", Blame.SHOPPER
    UNAVAILABLE = "unavailable", Blame.SHOPPER
    WRONG_CODE = "wrong_code", Blame.SHOPPER
    CODE_EXPIRED = "code_expired", Blame.SHOPPER
    CODE_LOCKED = "code_locked", Blame.SHOPPER
    ABANDONED = "abandoned", Blame.SHOPPER
    HANDED_OVER = "handed_over", Blame.SHOPPER
    # The shop's fault.
    TIMEOUT = "timeout", Blame.SHOP
    CONNECTION = "connection", Blame.SHOP
    HTTP_3XX = "http_3xx", Blame.SHOP
    HTTP_4XX = "http_4xx", Blame.SHOP
    HTTP_5XX = "http_5xx", Blame.SHOP
    THROTTLED = "throttled", Blame.SHOP
    TOO_LARGE = "too_large", Blame.SHOP
    ENCODING = "encoding", Blame.SHOP  # the compression is wrong, or of a kind that the client did not offer
    CONTENT_TYPE = "content_type", Blame.SHOP  # JSON with another content type, if the scenario counts that
    NOT_JSON = "not_json", Blame.SHOP
    ENVELOPE = "envelope", Blame.SHOP
    UNEXPECTED_PAGE = "unexpected_page", Blame.SHOP
    BUSINESS_ERROR = "business_error", Blame.SHOP
    SESSION_LOST = "session_lost", Blame.SHOP
    BASKET_LOST = "basket_lost", Blame.SHOP
    NOT_ECHOED = "not_echoed", Blame.SHOP
    AMOUNT_MISMATCH = "amount_mismatch", Blame.SHOP
    DOUBLE_ORDER = "double_order", Blame.SHOP
    SMS_LOST = "sms_lost", Blame.SHOP
    SIGN_IN_REFUSED = "sign_in_refused", Blame.SHOP
    CAPTCHA_WANTED = "captcha_wanted", Blame.SHOP
    CODE_WANTED = "code_wanted", Blame.SHOP  # the shop asks for a one-time code at sign-in
    WAITING_ROOM = "waiting_room", Blame.SHOP
    DROPPED = "dropped", Blame.SHOP  # an arrival that found no free user in time; counts as never answered
    UNFINISHED = "unfinished", Blame.SHOP  # still without a reply at the end of the drain
    # The harness's fault.
    ABORTED = "aborted", Blame.HARNESS
    NO_ACCOUNT = "no_account", Blame.HARNESS
    NO_SOCKET = "no_socket", Blame.HARNESS  # this machine has no file descriptor, port or memory left for a connection
    HOST_REFUSED = "host_refused", Blame.HARNESS
    NO_PRODUCT = "no_product", Blame.HARNESS  # all products are sold out, or the product search finds nothing
    NOT_OFFERED = "not_offered", Blame.HARNESS  # the shop lacks a payment option of the scenario, or serves no guests
    BUG = "bug", Blame.HARNESS


CAN_COME_FROM_LATENESS = frozenset(
    {
        Outcome.CODE_EXPIRED,
        Outcome.CONNECTION,
        Outcome.DROPPED,
        Outcome.SESSION_LOST,
        Outcome.SMS_LOST,
        Outcome.THROTTLED,
        Outcome.TIMEOUT,
        Outcome.UNFINISHED,
    }
)
"""The outcomes that a late shopper, or an arrival without a free user, can cause."""
