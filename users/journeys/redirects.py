"""The steps outside the shop: a bank's page, a wallet, a provider, and the way back.

The shop sends the shopper away with ``redirect_url``; the other site sends her back with a form for one of the shop's
return pages. ``ExternalPages`` says how much of this is really walked. No page of a host that is not allowed is ever asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, urlencode, urljoin, urlsplit

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, PATHS, Page
from users.journeys.context import ORDERED, JourneyContext, fetch, must_be_refused, post_checkout_form
from users.journeys.html_form import Form
from users.journeys.steps import JourneyFailed, PageRequest, PageResponse, ResponseFormat, Steps
from users.population.journey_spec import ExternalPages

_MOST_HOPS = 6
_NOWHERE = "nowhere:"  # what a link that cannot be read leads to
_PORTS = {"http": 80, "https": 443}


def pay_off_site(context: JourneyContext, back_on: Page, *, refused: bool = False) -> Steps[PageResponse]:
    """Leave the shop by the ``redirect_url`` just shown and come back on the page ``back_on``.

    ``refused``: the other side is going to turn this shopper down, which ends the journey as declined.
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
        return (yield from fetch(context, post_checkout_form(context, back_on, fields, ORDERED, csrf=False)))
    # A refusal leaves her on the page she comes back to, or on the one she had left from.
    expected_pages = left_from | {back_on}
    request = post_checkout_form(
        context, back_on, fields, expected_pages, refused_as=Outcome.DECLINED, check=must_be_refused, csrf=False
    )
    response = yield from fetch(context, request)
    raise JourneyFailed(response.outcome, back_on)


def _follow(context: JourneyContext, back_on: Page) -> Steps[Mapping[str, str]]:
    """Open the other site and send its forms on, until one of them leads back; its fields are what comes back."""
    url = redirect_url(context.last_response)
    request = _view_request(context, url)
    for _ in range(_MOST_HOPS):
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
    """By which the shop knows the payment: in the link that leads out, or on the shop's own page behind it."""
    url = redirect_url(context.last_response)
    for _ in range(_MOST_HOPS):
        if (reference := _in_query(url)) is not None:
            return reference
        path = _split(url).path
        if _on_shop(context, _split(url)) is None or path.startswith(PATHS[Page.BANK]):
            break
        response = yield from fetch(context, _view_request(context, url))
        form = response.form or Form()
        if "reference" in form.fields:
            return form.fields["reference"]
        url = _join(url, response.location or form.action)
    raise JourneyFailed(Outcome.ENVELOPE, context.page)


def redirect_url(response: PageResponse) -> str:
    """The address by which an answer leads on to another site: in its page's context, or beside it; empty if it has none."""
    for held in (response.page_context, response.document):
        url = held.get("redirect_url")
        if isinstance(url, str) and url:
            return url
    return ""


def check_leads_off_site(response: PageResponse) -> Outcome:
    """The judge of a visit that must lead to another site."""
    return Outcome.OK if redirect_url(response) else Outcome.ENVELOPE


def _in_query(url: str) -> str | None:
    return next(iter(parse_qs(_split(url).query).get("reference", ())), None)


def _view_request(context: JourneyContext, url: str) -> PageRequest:
    target = _allowed(context, url)
    if target.partition("?")[0] == CHECKOUT_PATH:
        # Sent back to the checkout without having paid: the checkout says what is amiss, and cannot be in order.
        return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, check=must_be_refused, think_first=False)
    return PageRequest(
        _name(target), path=target, response_format=ResponseFormat.HTML, allow_redirect=True, think_first=False
    )


def _form_request(context: JourneyContext, url: str, form: Form) -> PageRequest:
    # The first form of the shop sends itself; whoever stands before the bank's own form has to read it.
    think_first = context.page is Page.BANK
    if form.method == "POST":
        target = _allowed(context, url)
        return PageRequest(
            _name(target),
            "POST",
            target,
            form=form.fields,
            response_format=ResponseFormat.HTML,
            allow_redirect=True,
            csrf=False,
            think_first=think_first,
        )
    target = _allowed(context, _split(url)._replace(query=urlencode(form.fields)).geturl())
    return PageRequest(
        _name(target), path=target, response_format=ResponseFormat.HTML, allow_redirect=True, think_first=think_first
    )


def _name(target: str) -> Page:
    path = target.partition("?")[0]
    named = (page for page in (Page.THREE_D_REDIRECT, Page.REDIRECTION) if path == PATHS[page])
    return next(named, Page.BANK)


def _leads_back(context: JourneyContext, url: str, back_on: Page) -> bool:
    target = _split(url)
    path = _on_shop(context, target)
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
        _ = target.port  # is read here, as a port that is none raises only when it is read
    except ValueError:
        return urlsplit(_NOWHERE)
    return target


def _on_shop(context: JourneyContext, target: SplitResult) -> str | None:
    """The path on the shop that this address means, ``None`` if it lies elsewhere."""
    if target.scheme or target.netloc:
        shop = urlsplit(context.shop_url)
        if target.scheme not in ("", *_PORTS) or not shop.hostname or _place(target, shop) != _place(shop, shop):
            return None
    path = target.path or "/"
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return None
    return f"{path}?{target.query}" if target.query else path


def _place(target: SplitResult, shop: SplitResult) -> tuple[str | None, int | None]:
    return target.hostname, target.port or _PORTS.get(target.scheme or shop.scheme)


def _allowed(context: JourneyContext, url: str) -> str:
    """Where to send a visit to this address: a path on the shop, or the whole address of an allowed host."""
    target = _split(url)
    path = _on_shop(context, target)
    if path is not None:
        return path
    names = {target.hostname or "", f"{target.hostname}:{target.port}"} if target.hostname else set()
    if target.scheme in _PORTS and not names.isdisjoint(context.policy.allowed_hosts):
        return url
    raise JourneyFailed(Outcome.HOST_REFUSED, context.page)
