"""The tables ``[products]`` and ``[address]``."""

from __future__ import annotations

import pytest

from scenarios.loading.reader import build_scenario
from scenarios.schema.problems import ScenarioError

PLAIN = {"arrivals": {"rate": "5/s", "duration": "10s"}, "objectives": ["journey failures < 1%"]}


def refused(folder, **tables):
    with pytest.raises(ScenarioError) as caught:
        build_scenario({**PLAIN, **tables}, name="goods", folder=folder)
    return str(caught.value)


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text("name,product\nKettle, 7 \nLamp,\nChair,9\nKettle,7\n", encoding="utf-8")
    return tmp_path


def test_products_of_a_file_are_read_once_each(listed):
    scenario = build_scenario({**PLAIN, "products": {"file": "products.csv"}}, name="goods", folder=listed)
    assert scenario.products.pks == ("7", "9")


def test_products_come_from_the_shops_search_or_from_the_list(tmp_path):
    searched = build_scenario({**PLAIN, "products": {"search": "wool"}}, name="goods", folder=tmp_path).products
    assert (searched.pks, searched.search) == (None, "wool")
    assert build_scenario(PLAIN, name="goods", folder=tmp_path).products.pks == ("1", "2", "3")


@pytest.mark.parametrize("content", ["", "name\nKettle\n", "product\n\n", "pk\n7\n"])
def test_a_file_without_products_is_refused(tmp_path, content):
    (tmp_path / "products.csv").write_text(content, encoding="utf-8")
    said = refused(tmp_path, products={"file": "products.csv"})
    assert 'products.file = "products.csv"' in said
    assert "a column `product`" in said


def test_a_missing_file_is_refused(tmp_path):
    assert "No such file" in refused(tmp_path, products={"file": "products.csv"})


def test_there_is_one_source_of_products(listed):
    said = refused(listed, products={"file": "products.csv", "search": "wool"}, conduct={"products": ["1"]})
    assert "2 problems" in said
    assert "products.file is another" in said


@pytest.mark.parametrize(
    ("address", "missing"),
    [
        ({"city": 40}, "address.country"),
        ({"country": 1, "township": 457}, "address.city"),
        ({"country": 1, "city": 40, "district": 7}, "address.township"),
    ],
)
def test_a_place_needs_the_place_around_it(tmp_path, address, missing):
    assert f"{missing} is missing" in refused(tmp_path, address=address)


def test_given_parts_of_an_address_are_fixed(tmp_path):
    pinned = {"country": 1, "city": 40, "line": "1 Quay"}
    scenario = build_scenario({**PLAIN, "address": pinned, "seed": 5}, name="goods", folder=tmp_path)
    assert (scenario.places.pinned, scenario.places.seed) == ({"country": 1, "city": 40}, 5)
    assert scenario.policy.address == {"line": "1 Quay"}
    asked = scenario.as_asked()
    assert build_scenario(asked, name="again", folder=tmp_path).as_asked() == asked


def test_a_place_may_be_a_name_and_nothing_else(tmp_path):
    named = {"country": "Türkiye", "city": "İstanbul"}
    assert build_scenario({**PLAIN, "address": named}, name="goods", folder=tmp_path).places.pinned == named
    for wrong in ("", 1.5, True):
        assert "address.country" in refused(tmp_path, address={"country": wrong})


def test_the_token_may_come_from_another_page(tmp_path):
    for path in ("/", "/users/login/", ""):
        scenario = build_scenario({**PLAIN, "conduct": {"csrf_path": path}}, name="goods", folder=tmp_path)
        assert scenario.policy.csrf_path == path
    for path in ("token", "//other.example/", "/a b", "/ü", "/\r\nX: y"):
        assert "conduct.csrf_path" in refused(tmp_path, conduct={"csrf_path": path})
