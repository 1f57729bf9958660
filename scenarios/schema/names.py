"""The names that a scenario may use, and the checks for them: journeys, payment options, pages, hosts, codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from harness.allowed_targets import host_refusal, target_refusal
from harness.measurement.outcomes import Outcome
from harness.reporting.trace_link import is_trace_link
from scenarios.schema.problems import did_you_mean, one_of
from shop.contract import PAYMENT_OPTIONS, Page
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import SmsScript
from users.population.recipes import AVAILABILITY

JOURNEY_NAMES: tuple[str, ...] = tuple(JOURNEYS)
PAYMENT_NAMES: tuple[str, ...] = tuple(PAYMENT_OPTIONS)
PAGE_NAMES: tuple[str, ...] = tuple(page.value for page in Page)
SMS_NAMES: tuple[str, ...] = tuple(script.value for script in SmsScript)
OUTCOME_NAMES: tuple[str, ...] = tuple(outcome.value for outcome in Outcome)


_MOST_LISTED = 20
_PATH = re.compile(r"/(?!/)[!-~]{0,200}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,35}", re.ASCII)
_OPTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_PAGE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}", re.ASCII)


def require_known(name: str, names: Iterable[str], kind: str, remedy: str = "") -> str:
    """Return the name if it is one of these, else raise the error for the author of the file; ``remedy``: if no name is close."""
    listed = tuple(names)
    if name not in listed:
        # A long list is shown only if no known name is close.
        guess = did_you_mean(name, listed)
        expected = kind if guess and len(listed) > _MOST_LISTED else f"{kind}: {one_of(listed)}"
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": guess or remedy})
    return name


class OwnNames(NamedTuple):
    """The payment options and pages that only this scenario knows: those of ``[payments.recipes]``.

    ``remedy`` says what an option needs that is not known.
    """

    options: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    remedy: str = "an option of your shop's own needs a recipe: [payments.recipes.NAME]"

    @property
    def payments(self) -> tuple[str, ...]:
        """All payment options."""
        return (*PAYMENT_NAMES, *(name for name in self.options if name not in PAYMENT_NAMES))

    @property
    def all_pages(self) -> tuple[str, ...]:
        """All pages."""
        return (*PAGE_NAMES, *(name for name in self.pages if name not in PAGE_NAMES))


NO_OWN_NAMES = OwnNames()


def own_names(document: Mapping[str, Any]) -> OwnNames:
    """The names that a scenario file adds; whatever is not as it should be there has no name, and its own error."""
    payments = document.get("payments")
    recipes = payments.get("recipes") if isinstance(payments, Mapping) else None
    options, pages = dict[str, None](), dict[str, None]()
    for name, recipe in recipes.items() if isinstance(recipes, Mapping) else ():
        if _OPTION.fullmatch(name):
            options[name] = None
        listed = recipe.get("pages") if isinstance(recipe, Mapping) else None
        for row in listed if isinstance(listed, list | tuple) else ():
            page = row.get("page") if isinstance(row, Mapping) else None
            if isinstance(page, str) and _PAGE.fullmatch(page):
                pages[page] = None
    if isinstance(payments, Mapping) and "availability" in payments:
        pages[AVAILABILITY] = None
    return OwnNames(tuple(options), tuple(pages))


def _one_of_names(names: tuple[str, ...], kind: str) -> Callable[[str], str]:
    return lambda name: require_known(name, names, kind)


def own_names_of(info: ValidationInfo) -> OwnNames:
    """The names that the file that is being read adds."""
    return info.context if isinstance(info.context, OwnNames) else NO_OWN_NAMES


def _payment(name: str, info: ValidationInfo) -> str:
    known = own_names_of(info)
    return require_known(name, known.payments, "a payment option", known.remedy)


def _page(name: str, info: ValidationInfo) -> str:
    return require_known(name, own_names_of(info).all_pages, "the name of a page")


def _own_page(name: str) -> str:
    if not _PAGE.fullmatch(name):
        expected = "the name of a page of the checkout, with letters and digits, such as MyWalletPage"
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": ""})
    return name


def _host(host: str) -> str:
    if (refusal := host_refusal(host.strip("[]"))) is not None:
        expected = f'a host name or an address, such as "staging.example.com"; {refusal}'
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": ""})
    return host


def _code(name: str) -> str:
    # It goes into headers and cookies: a line end or a semicolon would change their meaning.
    if not _CODE.fullmatch(name):
        expected = "a code of at most 35 letters, digits, hyphens and underscores"
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": ""})
    return name


def _url_path(path: str) -> str:
    if path and not _PATH.fullmatch(path):
        expected = 'a path of the shop that begins with "/", such as "/csrf_token/", or ""'
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": "leave out the host"})
    return path


def _prometheus_url(url: str) -> str:
    # An error never repeats the address: it may hold a password.
    parts = urlsplit(url) if url.isascii() and url.isprintable() else None
    remedy = "" if parts is None else target_refusal(f"{parts.scheme}://{parts.netloc}", (parts.hostname or "",)) or ""
    if parts is None or remedy or parts.query or parts.fragment:
        expected = f'the address of a server, such as "http://127.0.0.1:9090"{"; " if remedy else ""}{remedy}'
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": ""})
    return url


def _trace_link(link: str) -> str:
    if link and not is_trace_link(link):
        expected = "an address with http:// or https:// that has {trace_id} once, and no password"
        remedy = 'write for example "https://tempo.example.com/trace/{trace_id}"'
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": remedy})
    return link


def _variable(name: str) -> str:
    if name and not _VARIABLE.fullmatch(name):
        expected = "the name of an environment variable, not its value"
        raise PydanticCustomError(
            "name", "{expected}", {"expected": expected, "remedy": 'write for example "PROMETHEUS_TOKEN"'}
        )
    return name


CodeName = Annotated[str, AfterValidator(_code)]
JourneyName = Annotated[str, AfterValidator(_one_of_names(JOURNEY_NAMES, "a journey"))]
PaymentName = Annotated[str, AfterValidator(_payment)]
PrometheusUrl = Annotated[str, AfterValidator(_prometheus_url)]
TraceLink = Annotated[str, AfterValidator(_trace_link)]
VariableName = Annotated[str, AfterValidator(_variable)]
OwnPageName = Annotated[str, AfterValidator(_own_page)]
HostName = Annotated[str, AfterValidator(_host)]
UrlPath = Annotated[str, AfterValidator(_url_path)]
PageName = Annotated[str, AfterValidator(_page)]
