"""How pages and journeys end, and who is to blame: a closed set."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Blame(StrEnum):
    """Whose doing an outcome is; only the shop's counts as a failure, only the harness's spoils a run."""

    NOBODY = "nobody"
    SHOPPER = "shopper"
    SHOP = "shop"
    HARNESS = "harness"


class Outcome(StrEnum):
    """How a page or a journey ended; a closed set, and the only words that reports and metrics use for it."""

    OK = "ok"
    # The shopper's luck: the shop kept its promise, and the shopper did not get what she wanted.
    DECLINED = "declined"
    UNAVAILABLE = "unavailable"
    WRONG_CODE = "wrong_code"
    CODE_EXPIRED = "code_expired"
    CODE_LOCKED = "code_locked"
    ABANDONED = "abandoned"
    HANDED_OVER = "handed_over"
    # The shop's fault.
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    HTTP_3XX = "http_3xx"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    THROTTLED = "throttled"
    TOO_LARGE = "too_large"
    ENCODING = "encoding"  # compressed, it says, and is not, or in a way that was not offered
    CONTENT_TYPE = "content_type"  # JSON, served as something else; only where the scenario calls it a failure
    NOT_JSON = "not_json"
    ENVELOPE = "envelope"
    UNEXPECTED_PAGE = "unexpected_page"
    BUSINESS_ERROR = "business_error"
    SESSION_LOST = "session_lost"
    BASKET_LOST = "basket_lost"
    NOT_ECHOED = "not_echoed"
    AMOUNT_MISMATCH = "amount_mismatch"
    DOUBLE_ORDER = "double_order"
    SMS_LOST = "sms_lost"
    SIGN_IN_REFUSED = "sign_in_refused"
    CAPTCHA_WANTED = "captcha_wanted"
    CODE_WANTED = "code_wanted"  # a one-time code, before anybody is signed in
    WAITING_ROOM = "waiting_room"
    DROPPED = "dropped"  # an arrival that found no free user in time: never answered
    UNFINISHED = "unfinished"  # still without a reply when the time to finish was over
    # The harness's own doing.
    ABORTED = "aborted"
    NO_ACCOUNT = "no_account"
    NO_SOCKET = "no_socket"  # this machine had no file, port or memory left for a connection
    HOST_REFUSED = "host_refused"
    NO_PRODUCT = "no_product"  # all that the scenario sells is sold out, or the search found nothing
    NOT_OFFERED = "not_offered"  # the scenario wants an option that the shop does not have, or guests it does not serve
    BUG = "bug"

    @property
    def blame(self) -> Blame:
        """Whose doing this outcome is."""
        return _BLAME[self]


_BLAME: Mapping[Outcome, Blame] = {
    Outcome.OK: Blame.NOBODY,
    Outcome.DECLINED: Blame.SHOPPER,
    Outcome.UNAVAILABLE: Blame.SHOPPER,
    Outcome.WRONG_CODE: Blame.SHOPPER,
    Outcome.CODE_EXPIRED: Blame.SHOPPER,
    Outcome.CODE_LOCKED: Blame.SHOPPER,
    Outcome.ABANDONED: Blame.SHOPPER,
    Outcome.HANDED_OVER: Blame.SHOPPER,
    Outcome.TIMEOUT: Blame.SHOP,
    Outcome.CONNECTION: Blame.SHOP,
    Outcome.HTTP_3XX: Blame.SHOP,
    Outcome.HTTP_4XX: Blame.SHOP,
    Outcome.HTTP_5XX: Blame.SHOP,
    Outcome.THROTTLED: Blame.SHOP,
    Outcome.TOO_LARGE: Blame.SHOP,
    Outcome.ENCODING: Blame.SHOP,
    Outcome.CONTENT_TYPE: Blame.SHOP,
    Outcome.NOT_JSON: Blame.SHOP,
    Outcome.ENVELOPE: Blame.SHOP,
    Outcome.UNEXPECTED_PAGE: Blame.SHOP,
    Outcome.BUSINESS_ERROR: Blame.SHOP,
    Outcome.SESSION_LOST: Blame.SHOP,
    Outcome.BASKET_LOST: Blame.SHOP,
    Outcome.NOT_ECHOED: Blame.SHOP,
    Outcome.AMOUNT_MISMATCH: Blame.SHOP,
    Outcome.DOUBLE_ORDER: Blame.SHOP,
    Outcome.SMS_LOST: Blame.SHOP,
    Outcome.SIGN_IN_REFUSED: Blame.SHOP,
    Outcome.CAPTCHA_WANTED: Blame.SHOP,
    Outcome.CODE_WANTED: Blame.SHOP,
    Outcome.WAITING_ROOM: Blame.SHOP,
    Outcome.DROPPED: Blame.SHOP,
    Outcome.UNFINISHED: Blame.SHOP,
    Outcome.ABORTED: Blame.HARNESS,
    Outcome.NO_ACCOUNT: Blame.HARNESS,
    Outcome.NO_SOCKET: Blame.HARNESS,
    Outcome.HOST_REFUSED: Blame.HARNESS,
    Outcome.NO_PRODUCT: Blame.HARNESS,
    Outcome.NOT_OFFERED: Blame.HARNESS,
    Outcome.BUG: Blame.HARNESS,
}
"""Every outcome stands here; a test holds it."""
