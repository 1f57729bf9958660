"""What keeps a shopper from paying: the list of options, an option, a bank, a code by SMS."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from harness.measurement.outcomes import Outcome
from scenarios.doctor.diagnosis.failure import Failure
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_text
from shop.contract import PATHS, Page
from users.journeys.html_form import first_form

_REFUSED = (Outcome.BUSINESS_ERROR, Outcome.HTTP_4XX)
_OUTSIDE = (Page.BANK, Page.THREE_D_REDIRECT, Page.REDIRECTION)
_STOP = 'set mode = "stop" in [external]: shoppers then leave at this page, without an order'


def options(failure: Failure) -> Finding | None:
    """The shop offers no option, not this one, or does not take the name of it."""
    option, key = failure.payment_option, f"[payments] {failure.payment_option}"
    if failure.outcome is Outcome.NOT_OFFERED and failure.page is Page.PAYMENT_OPTION:
        return failure.finding(
            "not_offered", f"does not offer {option}: {failure.said}", f"remove {option} from [payments]", key, "0"
        )
    if failure.outcome is Outcome.UNAVAILABLE and failure.page is Page.PAYMENT_OPTION:
        seen = f"lists {option} as unavailable to this shopper"
        remedy = f"switch it on for the test system, or remove {option} from [payments]"
        return failure.finding("option_unavailable", seen, remedy, key, "0", stops=False)
    if failure.page is not Page.PAYMENT_OPTION or failure.exchange.method != "POST":
        return None
    if failure.outcome in _REFUSED and failure.option_taken:
        seen = f"does not take {option}, while it takes other options: {failure.said or failure.exchange.status}"
        remedy = (
            f"look into the log of the shop; if it wants to be asked first whether {option} is available, describe the "
            f"question in [payments.availability.{option}]; until then, give {option} the weight 0 in [payments]"
        )
        return failure.finding("option_not_taken", seen, remedy, key, "0")
    if failure.outcome in _REFUSED:
        by = "pk" if str(failure.exchange.fields.get("payment_option", "")).isdecimal() else "slug"
        other = "slug" if by == "pk" else "pk"
        seen = f"did not take the {by} of {option}: {failure.said or failure.exchange.status}"
        return failure.finding(
            "option_refused", seen, f'set option_value = "{other}" in [conduct]', "[conduct] option_value", f'"{other}"'
        )
    return None


def outside(failure: Failure) -> Finding | None:
    """The page of a bank or a wallet: on a host that is not allowed, or without a way back."""
    if failure.outcome is Outcome.HOST_REFUSED:
        host = _outside_host(failure)
        seen = f"sends the shopper to {host or 'another host'} to pay, which is not an allowed host"
        remedy = f"{_STOP}; or, if you may load that host, name it in [external] allowed_hosts"
        return failure.finding("external_host", seen, remedy, "[external] mode", '"stop"')
    if failure.page in _OUTSIDE:
        seen = f"is a page of the bank that cannot be followed ({failure.outcome})"
        return failure.finding("bank_page", seen, _STOP, "[external] mode", '"stop"')
    return None


def _outside_host(failure: Failure) -> str:
    contexts = failure.document.get("context_list")
    entries = (
        [one.get("page_context") for one in contexts if isinstance(one, dict)] if isinstance(contexts, list) else []
    )
    shown = [one.get("redirect_url") for one in (*entries, failure.document) if isinstance(one, dict)]
    urls = [
        failure.exchange.reply_headers.get("location", ""),
        *(url for url in shown if isinstance(url, str)),
        *_forms(failure),
    ]
    for url in urls:
        try:
            host = urlsplit(urljoin(failure.url, url)).hostname or ""
        except ValueError:
            continue
        if host and host != urlsplit(failure.url).hostname:
            return shown_text(host)
    return ""


def _forms(failure: Failure) -> list[str]:
    form = first_form(failure.exchange.body[:65_536].decode(errors="replace"))
    return [form.action] if form else []


def payment(failure: Failure) -> Finding | None:
    """The bank declines the test card, or the shop refuses the payment."""
    option, key = failure.payment_option, f"[payments] {failure.payment_option}"
    if failure.page in (Page.CARD_CONFIRMATION, Page.THREE_D_SECURE) and failure.outcome in (
        *_REFUSED,
        Outcome.DECLINED,
    ):
        said = f": {failure.said}" if failure.said else ""
        remedy = (
            "let the test system of the bank accept the published test card 4111 1111 1111 1111; "
            f"or remove {option} from [payments]"
        )
        return failure.finding("card_refused", f"refused the test card{said}", remedy, key, "0")
    return None


def sms(failure: Failure) -> Finding | None:
    """The shop asks for an SMS code that the doctor cannot read, or does not accept it."""
    if failure.page is Page.SMS_INBOX or failure.outcome is Outcome.SMS_LOST:
        seen = f"asks for a code by SMS, and the code cannot be read: the shop has no {PATHS[Page.SMS_INBOX].partition('{')[0]} as the embedded one has"
        remedy = 'let the test system accept one fixed code, and name it: code = "123456" in [sms]'
        return Finding("sms_code", "POST /orders/checkout/?page=VerifySmsPage", seen, remedy, "[sms] code", '"123456"')
    if failure.page is Page.VERIFY_SMS and failure.outcome in _REFUSED:
        said = f": {failure.said}" if failure.said else ""
        source = "the code of [sms]" if failure.sms_code_given else "the code that it sent"
        return failure.finding(
            "sms_code_refused",
            f"does not accept {source}{said}",
            "name the code that the test system accepts in [sms]",
            "[sms] code",
        )
    return None
