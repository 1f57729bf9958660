"""The steps outside the shop: a bank's page, a wallet or a provider, and the way back.

The shop sends the shopper away with ``redirect_url``. The other site sends the shopper back with a form for one of the
shop's return pages. ``ExternalPages`` says how much of this a journey really does. It never requests a page from a host
that is not allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, urlencode, urljoin, urlsplit

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, PATHS, Page
from users.http.origin import DEFAULT_PORTS
from users.journeys.context import (
    ORDER_PLACED_PAGES,
    JourneyContext,
    fetch,
    must_be_refused,
    post_checkout_form,
)
from users.journeys.html_form import Form
from users.journeys.steps import Expectation, JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.journey_spec import ExternalPages

_MAX_HOPS = 6
_NOWHERE = "nowhere:"  # where an unreadable link leads
_ORDER_PLACED = Expectation(pages=ORDER_PLACED_PAGES)
_OTHER_SITE = Expectation(ResponseFormat.HTML, allow_redirect=True)
_NOT_IN_ORDER = Expectation(check=must_be_refused)


def pay_off_site(context: JourneyContext, back_on: Page, *, refused: bool = False) -> Steps[PageResponse]:
    """Leave the shop by the ``redirect_url`` on the screen and come back on the page ``back_on``.

    ``refused``: the other site is going to decline the payment, so the journey ends as declined.
    """
    left_from = frozenset({context.page} if context.page else ())
    match context.policy.external:
        case ExternalPages.STOP:
            raise JourneyFailed(Outcome.HANDED_OVER, context.page)
        case ExternalPages.RETURN:
            status = "failure" if refused else "success"
            fields: Mapping[str, str] = {"reference": (yield from _reference(context)), "status": status}
        case ExternalPages.FOLLOW:
            fields = yield from _follow(context, back_on)
    if not refused:
        return (yield from fetch(context, post_checkout_form(context, back_on, fields, _ORDER_PLACED)))
    # After a refusal the shopper is on the page that they return to, or on the page that they left from.
    expect = Expectation(pages=left_from | {back_on}, refused_as=Outcome.DECLINED, check=must_be_refused)
    response = yield from fetch(context, post_checkout_form(context, back_on, fields, expect))
    raise JourneyFailed(response.outcome, back_on)


def _follow(context: JourneyContext, back_on: Page) -> Steps[Mapping[str, str]]:
    """Open the other site and submit its forms until one leads back to the shop; returns the fields of that form."""
    url = redirect_url(context.last_response)
    request = _view_request(context, url)
    for _ in range(_MAX_HOPS):
        response = yield from fetch(context, request)
        if response.location:
            url = _join(url, response.location)
            request = _view_request(context, url)
            continue
        form = response.form or Form()
        url = _join(url, form.action)
        if _leads_back(context, url, back_on):
            return form.fields
        request = _form_request(context, url, form)
    raise JourneyFailed(Outcome.UNEXPECTED_PAGE, context.page)


def _reference(context: JourneyContext) -> Steps[str]:
    """The shop's reference of the payment: in the link to the other site, or on the shop's own page behind that link."""
    url = redirect_url(context.last_response)
    for _ in range(_MAX_HOPS):
        if (reference := _in_query(url)) is not None:
            return reference
        path = _split(url).path
        if _path_on_shop(context, _split(url)) is None or path.startswith(PATHS[Page.BANK]):
            break
        response = yield from fetch(context, _view_request(context, url))
        form = response.form or Form()
        if "reference" in form.fields:
            return form.fields["reference"]
        url = _join(url, response.location or form.action)
    raise JourneyFailed(Outcome.ENVELOPE, context.page)


def redirect_url(response: PageResponse) -> str:
    """The address by which a response leads to another site, in its page context or next to it; empty if it has none."""
    for held in (response.page_context, response.document):
        url = held.get("redirect_url")
        if isinstance(url, str) and url:
            return url
    return ""


def check_leads_off_site(response: PageResponse) -> Outcome:
    """The check of a request that must lead to another site."""
    return Outcome.OK if redirect_url(response) else Outcome.ENVELOPE


def _in_query(url: str) -> str | None:
    return next(iter(parse_qs(_split(url).query).get("reference", ())), None)


def _view_request(context: JourneyContext, url: str) -> PageRequest:
    target = _allowed(context, url)
    if target.partition("?")[0] == CHECKOUT_PATH:
        # Sent back to the checkout without a payment: the checkout says what is wrong, and cannot be correct.
        return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, expect=_NOT_IN_ORDER, think_first=False)
    return PageRequest(_page_of(target), path=target, expect=_OTHER_SITE, think_first=False)


def _form_request(context: JourneyContext, url: str, form: Form) -> PageRequest:
    # The shop's form submits itself; only the bank's own form has to be read first.
    think_first = context.page is Page.BANK
    if form.method == "POST":
        target = _allowed(context, url)
        return PageRequest(
            _page_of(target),
            "POST",
            target,
            form=form.fields,
            expect=_OTHER_SITE,
            csrf=False,
            think_first=think_first,
        )
    target = _allowed(context, _split(url)._replace(query=urlencode(form.fields)).geturl())
    return PageRequest(_page_of(target), path=target, expect=_OTHER_SITE, think_first=think_first)


def _page_of(target: str) -> Page:
    path = target.partition("?")[0]
    on_shop = (page for page in (Page.THREE_D_REDIRECT, Page.REDIRECTION) if path == PATHS[page])
    return next(on_shop, Page.BANK)


def _leads_back(context: JourneyContext, url: str, back_on: Page) -> bool:
    target = _split(url)
    path = _path_on_shop(context, target)
    if path is None or target.path != CHECKOUT_PATH:
        return False
    if parse_qs(target.query).get("page") != [back_on.value]:
        raise JourneyFailed(Outcome.UNEXPECTED_PAGE, context.page)
    return True


def _join(url: str, link: str) -> str:
    try:
        return urljoin(url, link)
    except ValueError:
        return _NOWHERE


def _split(url: str) -> SplitResult:
    try:
        target = urlsplit(url)
        _ = target.port  # an invalid port raises only when it is read
    except ValueError:
        return urlsplit(_NOWHERE)
    return target


def _path_on_shop(context: JourneyContext, target: SplitResult) -> str | None:
    """The path on the shop that this address means; ``None`` if it is on another site."""
    if target.scheme or target.netloc:
        shop = urlsplit(context.shop_url)
        known_scheme = target.scheme in ("", *DEFAULT_PORTS)
        if not known_scheme or not shop.hostname or _host_and_port(target, shop) != _host_and_port(shop, shop):
            return None
    path = target.path or "/"
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return None
    return f"{path}?{target.query}" if target.query else path


def _host_and_port(target: SplitResult, shop: SplitResult) -> tuple[str | None, int | None]:
    return target.hostname, target.port or DEFAULT_PORTS.get(target.scheme or shop.scheme)


def _allowed(context: JourneyContext, url: str) -> str:
    """Where to send a request for this address: a path on the shop, or the whole address on an allowed host."""
    target = _split(url)
    path = _path_on_shop(context, target)
    if path is not None:
        return path
    names = {target.hostname or "", f"{target.hostname}:{target.port}"} if target.hostname else set()
    if target.scheme in DEFAULT_PORTS and not names.isdisjoint(context.policy.allowed_hosts):
        return url
    raise JourneyFailed(Outcome.HOST_REFUSED, context.page)
