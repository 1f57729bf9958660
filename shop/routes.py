"""Finds the page of a request by its method and path."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import NamedTuple

from shop.contract import CHECKOUT_PAGES, CHECKOUT_PATH, PATHS, Page
from shop.http_messages import Refused, refused


class Route(NamedTuple):
    """A page, and the variable part of its path: a pk, a token, a phone or a kind of bank."""

    page: Page
    argument: str = ""


_PLAIN: Mapping[str, Mapping[str, Page]] = MappingProxyType(
    {
        PATHS[Page.CSRF_TOKEN]: {"GET": Page.CSRF_TOKEN},
        PATHS[Page.LOGIN]: {"POST": Page.LOGIN},
        f"{PATHS[Page.LOGOUT]}/": {"POST": Page.LOGOUT},
        PATHS[Page.CURRENT_USER]: {"GET": Page.CURRENT_USER},
        PATHS[Page.PROFILE]: {"GET": Page.PROFILE, "PUT": Page.PROFILE, "PATCH": Page.PROFILE},
        PATHS[Page.SEARCH]: {"GET": Page.SEARCH},
        PATHS[Page.BASKET]: {
            "GET": Page.BASKET,
            "POST": Page.BASKET_ADD,
            "PUT": Page.BASKET_CHANGE,
            "PATCH": Page.BASKET_VOUCHER,
            "DELETE": Page.BASKET_CLEAR,
        },
        PATHS[Page.ADDRESS_ADD]: {"POST": Page.ADDRESS_ADD},
        PATHS[Page.ADDRESS_LIST]: {"GET": Page.ADDRESS_LIST},
        PATHS[Page.COUNTRIES]: {"GET": Page.COUNTRIES},
        PATHS[Page.CITIES]: {"GET": Page.CITIES},
        PATHS[Page.TOWNSHIPS]: {"GET": Page.TOWNSHIPS},
        PATHS[Page.DISTRICTS]: {"GET": Page.DISTRICTS},
        PATHS[Page.RETAIL_STORES]: {"GET": Page.RETAIL_STORES},
        PATHS[Page.CONTRACT]: {"GET": Page.CONTRACT},
        PATHS[Page.THREE_D_REDIRECT]: {"GET": Page.THREE_D_REDIRECT},
        PATHS[Page.REDIRECTION]: {"GET": Page.REDIRECTION},
    }
)

_ADDRESS = {"PUT": Page.ADDRESS_CHANGE, "PATCH": Page.ADDRESS_CHANGE, "DELETE": Page.ADDRESS_REMOVE}


def _varying(template: str, pages: Mapping[str, Page]) -> tuple[str, str, Mapping[str, Page]]:
    start, _, after = template.partition("{")
    return start, after.partition("}")[2], pages


_WITH_ARGUMENT = (
    _varying(PATHS[Page.PRODUCT_INSTALLMENTS], {"GET": Page.PRODUCT_INSTALLMENTS}),
    _varying(PATHS[Page.PRODUCT], {"GET": Page.PRODUCT}),
    _varying(PATHS[Page.ADDRESS_CHANGE], _ADDRESS),
    _varying(PATHS[Page.COMPLETED_ORDER], {"GET": Page.COMPLETED_ORDER}),
    _varying(PATHS[Page.CHECKOUT_STATUS], {"GET": Page.CHECKOUT_STATUS}),
    _varying(PATHS[Page.CHECKOUT_BY_TOKEN], {"GET": Page.CHECKOUT_BY_TOKEN}),
    _varying(PATHS[Page.SMS_INBOX], {"GET": Page.SMS_INBOX}),
    _varying(f"{PATHS[Page.BANK]}{{kind}}/", {"GET": Page.BANK, "POST": Page.BANK}),
)
"""Text before and after the variable part, and the page by method; the first match counts."""

_CHECKOUT = {page.value: page for page in CHECKOUT_PAGES}


def route(method: str, path: str, query: Mapping[str, str]) -> Route:
    """Find the page, with or without a slash at the end; raises ``Refused`` with 404 or 405."""
    slashed = path if path.endswith("/") else f"{path}/"
    if slashed == CHECKOUT_PATH:
        return _checkout(method, query)
    if slashed in _PLAIN:
        return Route(_by_method(_PLAIN[slashed], method))
    for start, end, pages in _WITH_ARGUMENT:
        if slashed.startswith(start) and slashed.endswith(end):
            argument = slashed[len(start) : -len(end)]
            if argument and "/" not in argument:
                return Route(_by_method(pages, method), argument)
    raise refused(HTTPStatus.NOT_FOUND, "There is no such page.")


def _checkout(method: str, query: Mapping[str, str]) -> Route:
    if method not in ("GET", "POST"):
        raise _not_allowed()
    name = query.get("page")
    if name is None and method == "GET":
        return Route(Page.CHECKOUT)
    page = _CHECKOUT.get(name or "")
    if page is None:
        raise refused(HTTPStatus.NOT_FOUND, "There is no such page.")
    return Route(page)


def _by_method(pages: Mapping[str, Page], method: str) -> Page:
    page = pages.get(method)
    if page is None:
        raise _not_allowed()
    return page


def _not_allowed() -> Refused:
    return refused(HTTPStatus.METHOD_NOT_ALLOWED, "This page is not asked for in this way.")
