"""The endpoints for countries, cities, townships, districts, stores and the shopper's addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from shop.contract import Page
from shop.customers.address_book import add_address, change_address, full_document, owner_document, store_address
from shop.customers.session import Session, SessionStore, require_session
from shop.geography import RETAIL_STORES, cities, countries, districts, read_pk, townships
from shop.http_messages import Endpoint, Refused, Reply, Request, refused
from shop.settings import Settings

_WITH_STORE = "retailstore__isnull"


class AddressPages:
    """Answers requests for places and addresses."""

    def __init__(self, settings: Callable[[], Settings], sessions: SessionStore) -> None:
        self._settings = settings
        self._sessions = sessions
        self.exchanges: dict[Page, Endpoint] = {
            Page.COUNTRIES: lambda _request, _argument, _now: _listed(countries()),
            Page.CITIES: self._cities,
            Page.TOWNSHIPS: self._townships,
            Page.DISTRICTS: lambda request, _argument, _now: _listed(_places_within(request, "township", districts)),
            Page.RETAIL_STORES: lambda _request, _argument, _now: _listed(_stores()),
            Page.ADDRESS_ADD: self._add,
            Page.ADDRESS_LIST: self._list,
            Page.ADDRESS_CHANGE: self._change,
            Page.ADDRESS_REMOVE: self._remove,
        }

    def _cities(self, request: Request, _argument: str, _now: float) -> Reply:
        found = cities(_pk(request, "country"))
        if request.query.get(_WITH_STORE) == "false":
            stores = {store.city for store in RETAIL_STORES.values()}
            found = [document for document in found if document["pk"] in stores]
        return _listed(found)

    def _townships(self, request: Request, _argument: str, _now: float) -> Reply:
        found = _places_within(request, "city", townships)
        if request.query.get(_WITH_STORE) == "false":
            stores = {store.township for store in RETAIL_STORES.values()}
            found = [document for document in found if document["pk"] in stores]
        return _listed(found)

    def _add(self, request: Request, _argument: str, now: float) -> Reply:
        session = require_session(self._sessions, request, now)
        written = add_address(request.document(), session, strict=self._strict)
        return Reply(full_document(written, owner_document(session)), HTTPStatus.CREATED)

    def _list(self, request: Request, _argument: str, now: float) -> Reply:
        session = require_session(self._sessions, request, now)
        user = owner_document(session)
        return _listed(full_document(entry, user) for entry in session.addresses.entries.values())

    def _change(self, request: Request, pk: str, now: float) -> Reply:
        session = self._owner(request, pk, now)
        written = change_address(pk, request.document(), session, strict=self._strict)
        session.pre_order.rewrite_address(written)
        return Reply(full_document(written, owner_document(session)))

    def _remove(self, request: Request, pk: str, now: float) -> Reply:
        session = self._owner(request, pk, now)
        del session.addresses.entries[pk]
        if session.pre_order.uses_address(int(pk)):
            session.pre_order.restart()
        return Reply(status=HTTPStatus.NO_CONTENT)

    def _owner(self, request: Request, pk: str, now: float) -> Session:
        session = require_session(self._sessions, request, now)
        if pk not in session.addresses.entries:
            raise refused(HTTPStatus.NOT_FOUND, "There is no such address.")
        return session

    @property
    def _strict(self) -> bool:
        return self._settings().unknown_fields == "refuse"


def _listed(rows: Iterable[Mapping[str, Any]]) -> Reply:
    results = list(rows)
    return Reply({"count": len(results), "next": None, "previous": None, "results": results})


def _pk(request: Request, name: str) -> int | None:
    """The pk of the place in the query; ``None`` without one."""
    given = request.query.get(name)
    if given is None:
        return None
    pk = read_pk(given)
    if pk is None:
        raise Refused(
            HTTPStatus.BAD_REQUEST, {name: ["Select a valid choice. That choice is not one of the available choices."]}
        )
    return pk


def _places_within(request: Request, name: str, places: Callable[[int], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The places inside the given place. Without one, the list is empty: it would be too long."""
    pk = _pk(request, name)
    return [] if pk is None else places(pk)


def _stores() -> list[dict[str, Any]]:
    unnamed = dict.fromkeys(("email", "phone_number", "first_name", "last_name"))
    return [{**store_address(store, unnamed), **store.document()} for store in RETAIL_STORES.values()]
