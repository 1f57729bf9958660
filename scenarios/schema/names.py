"""The names that a scenario may use, and the checks for them: journeys, payment options, pages, hosts, codes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from harness.allowed_targets import host_refusal
from harness.measurement.outcomes import Outcome
from scenarios.schema.problems import did_you_mean, one_of
from shop.contract import PAYMENT_OPTIONS, Page
from users.journeys.catalogue import JOURNEYS
from users.population.journey_spec import SmsScript

JOURNEY_NAMES: tuple[str, ...] = tuple(JOURNEYS)
PAYMENT_NAMES: tuple[str, ...] = tuple(PAYMENT_OPTIONS)
PAGE_NAMES: tuple[str, ...] = tuple(page.value for page in Page)
SMS_NAMES: tuple[str, ...] = tuple(script.value for script in SmsScript)
OUTCOME_NAMES: tuple[str, ...] = tuple(outcome.value for outcome in Outcome)


_MOST_LISTED = 20
_PATH = re.compile(r"/(?!/)[!-~]{0,200}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_-]{1,35}", re.ASCII)


def require_known(name: str, names: Iterable[str], kind: str) -> str:
    """Return the name if it is one of these, else raise the error for the author of the file."""
    listed = tuple(names)
    if name not in listed:
        # A long list is shown only if no known name is close.
        guess = did_you_mean(name, listed)
        expected = kind if guess and len(listed) > _MOST_LISTED else f"{kind}: {one_of(listed)}"
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": guess})
    return name


def _one_of_names(names: tuple[str, ...], kind: str) -> Callable[[str], str]:
    return lambda name: require_known(name, names, kind)


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
        raise PydanticCustomError("name", "{expected}", {"expected": expected, "remedy": ""})
    return path


CodeName = Annotated[str, AfterValidator(_code)]
JourneyName = Annotated[str, AfterValidator(_one_of_names(JOURNEY_NAMES, "a journey"))]
PaymentName = Annotated[str, AfterValidator(_one_of_names(PAYMENT_NAMES, "a payment option"))]
HostName = Annotated[str, AfterValidator(_host)]
UrlPath = Annotated[str, AfterValidator(_url_path)]
PageName = Annotated[str, AfterValidator(_one_of_names(PAGE_NAMES, "the name of a page"))]
