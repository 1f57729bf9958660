"""Countries, cities, townships, districts and stores of the shop, each with a pk.

The cities of the first country are the provinces of Türkiye. Townships and districts are computed from their pk, so they
need no memory.
"""

# ruff: noqa: RUF001 - the names are Turkish, and spelled so
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_PROVINCES = (
    "Adana", "Adıyaman", "Afyonkarahisar", "Ağrı", "Aksaray", "Amasya", "Ankara", "Antalya", "Ardahan", "Artvin",
    "Aydın", "Balıkesir", "Bartın", "Batman", "Bayburt", "Bilecik", "Bingöl", "Bitlis", "Bolu", "Burdur",
    "Bursa", "Çanakkale", "Çankırı", "Çorum", "Denizli", "Diyarbakır", "Düzce", "Edirne", "Elazığ", "Erzincan",
    "Erzurum", "Eskişehir", "Gaziantep", "Giresun", "Gümüşhane", "Hakkâri", "Hatay", "Iğdır", "Isparta", "İstanbul",
    "İzmir", "Kahramanmaraş", "Karabük", "Karaman", "Kars", "Kastamonu", "Kayseri", "Kilis", "Kırıkkale", "Kırklareli",
    "Kırşehir", "Kocaeli", "Konya", "Kütahya", "Malatya", "Manisa", "Mardin", "Mersin", "Muğla", "Muş",
    "Nevşehir", "Niğde", "Ordu", "Osmaniye", "Rize", "Sakarya", "Samsun", "Şanlıurfa", "Siirt", "Sinop",
    "Sivas", "Şırnak", "Tekirdağ", "Tokat", "Trabzon", "Tunceli", "Uşak", "Van", "Yalova", "Yozgat",
    "Zonguldak",
)  # fmt: skip
_EMIRATES = ("Abu Dhabi", "Ajman", "Dubai", "Fujairah", "Ras Al Khaimah", "Sharjah", "Umm Al Quwain")
_QUARTERS = (
    "Central", "North", "South", "East", "West", "Harbour", "Old Town", "New Town", "Hill", "Valley", "River", "Station",
)  # fmt: skip

_COUNTRIES = {1: ("Türkiye", "TR"), 2: ("United Arab Emirates", "AE")}
_CITIES = {pk: (name, 1 if pk <= len(_PROVINCES) else 2) for pk, name in enumerate((*_PROVINCES, *_EMIRATES), start=1)}
# About 948 townships and 72,500 districts in the first country, as many as in reality.
_TOWNSHIPS_IN_TEN_CITIES = 117
_DISTRICTS_IN_TWENTY_TOWNSHIPS = 1531

_PK = re.compile(r"\s*\d{1,9}\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A country, city, township or district; ``within`` is the pk of the place around it (0 for a country)."""

    pk: int
    name: str
    within: int


def _first_township(city: int) -> int:
    return (city - 1) * _TOWNSHIPS_IN_TEN_CITIES // 10 + 1


def _first_district(township: int) -> int:
    return (township - 1) * _DISTRICTS_IN_TWENTY_TOWNSHIPS // 20 + 1


def country(pk: int) -> Place | None:
    """The country of this pk."""
    return Place(pk, _COUNTRIES[pk][0], 0) if pk in _COUNTRIES else None


def city(pk: int) -> Place | None:
    """The city of this pk."""
    return Place(pk, *_CITIES[pk]) if pk in _CITIES else None


def township(pk: int) -> Place | None:
    """The township of this pk."""
    if not 1 <= pk < _first_township(len(_CITIES) + 1):
        return None
    within = (pk - 1) * 10 // _TOWNSHIPS_IN_TEN_CITIES + 1
    if pk >= _first_township(within + 1):
        within += 1
    return Place(pk, f"{_CITIES[within][0]} {_QUARTERS[pk - _first_township(within)]}", within)


def district(pk: int) -> Place | None:
    """The district of this pk."""
    if not 1 <= pk < _first_district(_first_township(len(_CITIES) + 1)):
        return None
    within = (pk - 1) * 20 // _DISTRICTS_IN_TWENTY_TOWNSHIPS + 1
    if pk >= _first_district(within + 1):
        within += 1
    return Place(pk, f"District {pk - _first_district(within) + 1}", within)


def read_pk(value: Any) -> int | None:
    """Read a pk, sent as a number or as a text; ``None`` for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and _PK.fullmatch(value) else None


# -- as the API shows them ------------------------------------------------------------------------


def country_document(place: Place) -> dict[str, Any]:
    """A country as ``/address/country/`` shows it."""
    code = _COUNTRIES[place.pk][1]
    return {"pk": place.pk, "is_active": True, "name": place.name, "code": code, "translations": None}


def city_document(place: Place) -> dict[str, Any]:
    """A city as ``/address/city/`` shows it."""
    return {
        "pk": place.pk,
        "is_active": True,
        "name": place.name,
        "country": place.within,
        "translations": None,
        "priority": None,
        "postcode": None,
    }


def township_document(place: Place) -> dict[str, Any]:
    """A township as ``/address/township/`` shows it."""
    return {"pk": place.pk, "is_active": True, "name": place.name, "city": place.within, "postcode": None}


def district_document(place: Place) -> dict[str, Any]:
    """A district as ``/address/district/`` shows it."""
    lies_in = township(place.within)
    return {
        "pk": place.pk,
        "is_active": True,
        "name": place.name,
        "city": lies_in.within if lies_in else None,
        "township": place.within,
        "postcode": None,
    }


def countries() -> list[dict[str, Any]]:
    """All countries."""
    return [country_document(Place(pk, name, 0)) for pk, (name, _) in _COUNTRIES.items()]


@lru_cache(8)
def _cities() -> tuple[dict[str, Any], ...]:
    return tuple(city_document(Place(pk, name, within)) for pk, (name, within) in _CITIES.items())


def cities(within: int | None) -> list[dict[str, Any]]:
    """The cities of a country, or all cities."""
    return [document for document in _cities() if within in (None, document["country"])]


@lru_cache(128)
def townships(within: int) -> list[dict[str, Any]]:
    """The townships of a city; none if there is no such city."""
    if within not in _CITIES:
        return []
    found = map(township, range(_first_township(within), _first_township(within + 1)))
    return [township_document(place) for place in found if place]


@lru_cache(128)
def districts(within: int) -> list[dict[str, Any]]:
    """The districts of a township; none if there is no such township."""
    if township(within) is None:
        return []
    found = map(district, range(_first_district(within), _first_district(within + 1)))
    return [district_document(place) for place in found if place]


@dataclass(frozen=True, slots=True)
class RetailStore:
    """A store where shoppers can collect parcels."""

    pk: int
    name: str
    city: int
    township: int
    district: int

    @property
    def line(self) -> str:
        """Its street and number."""
        return f"{self.pk} Market Street"

    def document(self) -> dict[str, Any]:
        """The store as the checkout shows it."""
        return {
            "pk": self.pk,
            "name": self.name,
            "township": short_township(self.township) | {"city": short_city(self.city)},
            "district": short_district(self.district),
            "address": self.line,
        }


def _store(pk: int, of_city: int) -> RetailStore:
    in_township = _first_township(of_city)
    return RetailStore(pk, f"{_CITIES[of_city][0]} Store", of_city, in_township, _first_district(in_township))


RETAIL_STORES: Mapping[str, RetailStore] = {
    str(pk): _store(pk, of_city) for pk, of_city in enumerate((7, 40, 41), start=1)
}


# -- as an address of the checkout shows them, in short -------------------------------------------


def _known(place: Place | None) -> Place:
    if place is None:
        raise LookupError("an address names a place that does not exist")
    return place


def short_country(pk: int) -> dict[str, Any]:
    """A country in an address of the checkout."""
    place = _known(country(pk))
    return {"pk": pk, "name": place.name, "code": _COUNTRIES[pk][1].lower()}


def short_city(pk: int) -> dict[str, Any]:
    """A city in an address of the checkout."""
    place = _known(city(pk))
    return {"pk": pk, "name": place.name, "country": place.within}


def short_township(pk: int) -> dict[str, Any]:
    """A township in an address of the checkout."""
    place = _known(township(pk))
    return {"pk": pk, "name": place.name, "city": place.within}


def short_district(pk: int) -> dict[str, Any]:
    """A district in an address of the checkout."""
    place = _known(district(pk))
    return {"pk": pk, "name": place.name, "city": _known(township(place.within)).within, "township": place.within}
