"""The steps outside the shop: a bank's page, a wallet, a provider, and the way back.

The shop sends the shopper away with ``redirect_url``; the other site sends her back with a form for one of the shop's
return pages. ``External`` says how much of this is really walked. No page of a host that is not allowed is ever asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, urlencode, urljoin, urlsplit

from harness.measurement.outcomes import Outcome
from shop.contract import CHECKOUT_PATH, PATHS, Page
from users.journeys.context import ORDERED, JourneyContext, ask, must_be_refused, post
from users.journeys.html_form import Form
from users.journeys.steps import Answer, JourneyFailed, PageRequest, ResponseFormat, Steps
from users.population.journey_spec import External

_MOST_HOPS = 6
_NOWHERE = "nowhere:"  # what a link that cannot be read leads to
_PORTS = {"http": 80, "https": 443}


def pay_off_site(errand: JourneyContext, back_on: Page, *, refused: bool = False) -> Steps[Answer]:
    """Leave the shop by the ``redirect_url`` just shown and come back on the page ``back_on``.

    ``refused``: the other side is going to turn this shopper down, which ends the journey as declined.
    """
    left_from = frozenset({errand.page} if errand.page else ())
    match errand.conduct.external:
        case External.STOP:
            raise JourneyFailed(Outcome.HANDED_OVER, errand.page)
        case External.RETURN:
            status = "failure" if refused else "success"
            fields: Mapping[str, str] = {"reference": (yield from _reference(errand)), "status": status}
        case External.FOLLOW:
            fields = yield from _follow(errand, back_on)
    if not refused:
        return (yield from ask(errand, post(errand, back_on, fields, ORDERED, csrf=False)))
    # A refusal leaves her on the page she comes back to, or on the one she had left from.
    expects = left_from | {back_on}
    visit = post(errand, back_on, fields, expects, refused_as=Outcome.DECLINED, judge=must_be_refused, csrf=False)
    answer = yield from ask(errand, visit)
    raise JourneyFailed(answer.outcome, back_on)


def _follow(errand: JourneyContext, back_on: Page) -> Steps[Mapping[str, str]]:
    """Open the other site and send its forms on, until one of them leads back; its fields are what comes back."""
    url = way_out(errand.shown)
    visit = _view_request(errand, url)
    for _ in range(_MOST_HOPS):
        answer = yield from ask(errand, visit)
        if answer.location:
            url = _join(url, answer.location)
            visit = _view_request(errand, url)
            continue
        form = answer.form or Form()
        url = _join(url, form.action)
        if _leads_back(errand, url, back_on):
            return form.fields
        visit = _form_request(errand, url, form)
    raise JourneyFailed(Outcome.UNEXPECTED_PAGE, errand.page)


def _reference(errand: JourneyContext) -> Steps[str]:
    """By which the shop knows the payment: in the link that leads out, or on the shop's own page behind it."""
    url = way_out(errand.shown)
    for _ in range(_MOST_HOPS):
        if (reference := _in_query(url)) is not None:
            return reference
        path = _split(url).path
        if _on_shop(errand, _split(url)) is None or path.startswith(PATHS[Page.BANK]):
            break
        answer = yield from ask(errand, _view_request(errand, url))
        form = answer.form or Form()
        if "reference" in form.fields:
            return form.fields["reference"]
        url = _join(url, answer.location or form.action)
    raise JourneyFailed(Outcome.ENVELOPE, errand.page)


def way_out(answer: Answer) -> str:
    """The address by which an answer leads on to another site: in its page's context, or beside it; empty if it has none."""
    for held in (answer.context, answer.document):
        url = held.get("redirect_url")
        if isinstance(url, str) and url:
            return url
    return ""


def check_leads_off_site(answer: Answer) -> Outcome:
    """The judge of a visit that must lead to another site."""
    return Outcome.OK if way_out(answer) else Outcome.ENVELOPE


def _in_query(url: str) -> str | None:
    return next(iter(parse_qs(_split(url).query).get("reference", ())), None)


def _view_request(errand: JourneyContext, url: str) -> PageRequest:
    target = _allowed(errand, url)
    if target.partition("?")[0] == CHECKOUT_PATH:
        # Sent back to the checkout without having paid: the checkout says what is amiss, and cannot be in order.
        return PageRequest(Page.CHECKOUT, path=CHECKOUT_PATH, judge=must_be_refused, think_first=False)
    return PageRequest(_name(target), path=target, reads=ResponseFormat.HTML, allow_redirect=True, think_first=False)


def _form_request(errand: JourneyContext, url: str, form: Form) -> PageRequest:
    # The first form of the shop sends itself; whoever stands before the bank's own form has to read it.
    think_first = errand.page is Page.BANK
    if form.method == "POST":
        target = _allowed(errand, url)
        return PageRequest(
            _name(target),
            "POST",
            target,
            form=form.fields,
            reads=ResponseFormat.HTML,
            allow_redirect=True,
            csrf=False,
            think_first=think_first,
        )
    target = _allowed(errand, _split(url)._replace(query=urlencode(form.fields)).geturl())
    return PageRequest(
        _name(target), path=target, reads=ResponseFormat.HTML, allow_redirect=True, think_first=think_first
    )


def _name(target: str) -> Page:
    path = target.partition("?")[0]
    named = (page for page in (Page.THREE_D_REDIRECT, Page.REDIRECTION) if path == PATHS[page])
    return next(named, Page.BANK)


def _leads_back(errand: JourneyContext, url: str, back_on: Page) -> bool:
    target = _split(url)
    path = _on_shop(errand, target)
    if path is None or target.path != CHECKOUT_PATH:
        return False
    if parse_qs(target.query).get("page") != [back_on.value]:
        raise JourneyFailed(Outcome.UNEXPECTED_PAGE, errand.page)
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


def _on_shop(errand: JourneyContext, target: SplitResult) -> str | None:
    """The path on the shop that this address means, ``None`` if it lies elsewhere."""
    if target.scheme or target.netloc:
        shop = urlsplit(errand.origin)
        if target.scheme not in ("", *_PORTS) or not shop.hostname or _place(target, shop) != _place(shop, shop):
            return None
    path = target.path or "/"
    if not path.startswith("/") or path.startswith("//") or "\\" in path:
        return None
    return f"{path}?{target.query}" if target.query else path


def _place(target: SplitResult, shop: SplitResult) -> tuple[str | None, int | None]:
    return target.hostname, target.port or _PORTS.get(target.scheme or shop.scheme)


def _allowed(errand: JourneyContext, url: str) -> str:
    """Where to send a visit to this address: a path on the shop, or the whole address of an allowed host."""
    target = _split(url)
    path = _on_shop(errand, target)
    if path is not None:
        return path
    names = {target.hostname or "", f"{target.hostname}:{target.port}"} if target.hostname else set()
    if target.scheme in _PORTS and not names.isdisjoint(errand.conduct.allowed_hosts):
        return url
    raise JourneyFailed(Outcome.HOST_REFUSED, errand.page)
