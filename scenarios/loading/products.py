"""Checks and loads the tables ``[products]`` and ``[address]``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from harness.files import MAX_CSV_BYTES, UnreadableFile, read_text
from scenarios.schema.problems import ABSENT, Problem
from scenarios.schema.scenario_file import ScenarioDocument
from users.population.pools import ProductPool

PLACE_KEYS = ("country", "city", "township", "district")
"""The keys of ``[address]`` that hold primary keys of the shop. Each place lies in the one before it."""

_COLUMN = "product"


def load_products(document: ScenarioDocument, folder: Path) -> ProductPool:
    """The products that shoppers of this scenario can buy; raises ``UnreadableFile``."""
    asked = document.products
    if asked.file is not None:
        return ProductPool(read_product_file(folder / asked.file))
    return ProductPool(document.conduct.products) if asked.search is None else ProductPool(search=asked.search)


def read_product_file(path: Path) -> tuple[str, ...]:
    """Read the primary keys in the column ``product`` of a CSV file, each once; raises ``UnreadableFile``."""
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(path, MAX_CSV_BYTES), newline="")))
    except csv.Error:
        raise UnreadableFile("it is not a CSV file") from None
    found = (str(row.get(_COLUMN) or "").strip() for row in rows)
    pks = tuple(dict.fromkeys(pk for pk in found if pk))
    if not pks:
        raise UnreadableFile(f"it has no value in a column `{_COLUMN}`")
    return pks


def product_problems(document: ScenarioDocument, folder: Path) -> Iterator[Problem]:
    """Yield a problem for products from two sources, and for a file of products that cannot be read."""
    asked = document.products
    given = {
        "products.file": asked.file,
        "products.search": asked.search,
        "conduct.products": document.conduct.products if "products" in document.conduct.model_fields_set else None,
    }
    sources = [(key, value) for key, value in given.items() if value is not None]
    for key, value in sources[1:]:
        yield Problem(key, value, f"only one source of products; {sources[0][0]} is another", "leave one of them out")
    if asked.file is not None:
        try:
            read_product_file(folder / asked.file)
        except UnreadableFile as error:
            yield Problem("products.file", asked.file, f"a CSV file with a column `{_COLUMN}`; {error}")


def address_problems(document: ScenarioDocument, _folder: Path) -> Iterator[Problem]:
    """Yield a problem for a place without the place that it lies in."""
    pinned = [getattr(document.address, name) is not None for name in PLACE_KEYS]
    for place, name in enumerate(PLACE_KEYS):
        if pinned[place] and not all(pinned[:place]):
            outer = PLACE_KEYS[pinned.index(False)]
            yield Problem(f"address.{outer}", ABSENT, f"the {outer} of address.{name}", f"add `{outer}`")
            return
