"""What to do about a failure, where its name and its page tell."""

from __future__ import annotations

from collections.abc import Mapping

from harness.measurement.outcomes import Outcome
from shop.contract import Page

_LISTS = frozenset({Page.COUNTRIES, Page.CITIES, Page.TOWNSHIPS, Page.DISTRICTS})

_BY_OUTCOME: Mapping[Outcome, str] = {
    Outcome.THROTTLED: "lower the rate, or have the shop's rate limit let this machine through (a key in [headers])",
    Outcome.CAPTCHA_WANTED: "switch the captcha off for this machine or these accounts (a key in [headers])",
    Outcome.CODE_WANTED: "name accounts in [accounts] that sign in without a one-time code",
    Outcome.WAITING_ROOM: "have this machine let past the waiting room (a key in [headers]), or lower the rate",
    Outcome.SIGN_IN_REFUSED: "name accounts in [accounts] that the shop knows, with their passwords",
    Outcome.SESSION_LOST: "see whether the shop keeps a session from page to page; a gate before it may want a key in [headers]",
}
_FORBIDDEN = (
    "see whether the shop sets the cookie csrftoken, and whether a gate or firewall before it wants a key in [headers]"
)


def remedy(outcome: Outcome, page: Page | None, status: int) -> str:
    """The remedy for a failure, as the end of a sentence; empty where only the shop's own logs can tell."""
    if page in _LISTS and outcome in (Outcome.HTTP_4XX, Outcome.ENVELOPE, Outcome.NOT_JSON):
        return "pin country, city, township and district in [address]: the shop has no list of them"
    if page is Page.ADDRESS_ADD and outcome in (Outcome.HTTP_4XX, Outcome.BUSINESS_ERROR):
        return "give in [address] what the shop wants of an address"
    if outcome is Outcome.NOT_OFFERED and page is Page.CHECKOUT:
        return "give guest and abandoning a weight of 0 in [journeys], or have the shop sell to guests"
    if page is Page.PRODUCT and status == 404:  # noqa: PLR2004 - Not Found
        return "name products that the shop has in [products]"
    if outcome is Outcome.HTTP_4XX and status == 403:  # noqa: PLR2004 - Forbidden
        return _FORBIDDEN
    return _BY_OUTCOME.get(outcome, "")
