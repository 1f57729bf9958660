"""Countries, cities, townships, districts and stores, known by their primary keys, listed as recorded."""

from __future__ import annotations

from typing import Any

Place = dict[str, Any]

# No two lists share a primary key, and none begins at 1: an address must have been looked up, not guessed.
COUNTRIES: dict[int, Place] = {
    1_001: {"pk": 1_001, "is_active": True, "name": "Türkiye", "code": "TR", "translations": None},
    1_044: {"pk": 1_044, "is_active": True, "name": "United States", "code": "USA", "translations": None},
}


def _city(pk: int, name: str, country: int) -> Place:
    return {
        "pk": pk,
        "is_active": True,
        "name": name,
        "country": country,
        "translations": None,
        "priority": None,
        "postcode": None,
    }


CITIES: dict[int, Place] = {
    2_034: _city(2_034, "İstanbul", 1_001),
    2_006: _city(2_006, "Ankara", 1_001),
    2_205: _city(2_205, "Boston", 1_044),
}
TOWNSHIPS: dict[int, Place] = {
    pk: {"pk": pk, "is_active": True, "name": name, "city": city, "postcode": None}
    for pk, name, city in (
        (3_401, "Cevizlibağ", 2_034),
        (3_402, "Kadıköy", 2_034),
        (3_061, "Çankaya", 2_006),
        (3_205, "Back Bay", 2_205),
    )
}
DISTRICTS: dict[int, Place] = {
    pk: {"pk": pk, "is_active": True, "name": name, "city": TOWNSHIPS[town]["city"], "township": town, "postcode": None}
    for pk, name, town in (
        (4_011, "Merkez", 3_401),
        (4_021, "Moda", 3_402),
        (4_022, "Fenerbahçe", 3_402),
        (4_611, "Kızılay", 3_061),
        (4_205, "Copley", 3_205),
    )
}
STORES: dict[int, Place] = {
    51: {
        "pk": 51,
        "name": "Shop 2",
        "township": {"pk": 3_401, "name": "Cevizlibağ", "city": {"pk": 2_034, "name": "İstanbul", "country": 1_001}},
        "district": {"pk": 4_011, "name": "Merkez", "city": 2_034, "township": 3_401},
        "address": "Shop 2 Address",
    }
}
LISTS: dict[str, tuple[dict[int, Place], str]] = {
    "/address/country/": (COUNTRIES, ""),
    "/address/city/": (CITIES, "country"),
    "/address/township/": (TOWNSHIPS, "city"),
    "/address/district/": (DISTRICTS, "township"),
}


def listed(rows: list[Place]) -> dict[str, Any]:
    """A list as the platform answers with it."""
    return {"count": len(rows), "next": None, "previous": None, "results": rows}


def within(path: str, query: dict[str, str]) -> list[Place]:
    """The rows of one of the four lists; only those of the parent, if the request names one."""
    rows, parent = LISTS[path]
    wanted = query.get(parent) if parent else None
    return [row for row in rows.values() if wanted is None or str(row[parent]) == wanted]


def chosen(rows: dict[int, Place], value: Any) -> Place | None:
    """The place of a primary key, given as a number or as its digits."""
    if isinstance(value, bool) or not str(value).isdecimal():
        return None
    return rows.get(int(value))
