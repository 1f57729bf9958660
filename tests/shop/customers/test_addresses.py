"""Addresses of shoppers and the look-up of places."""

from __future__ import annotations

import tracemalloc

import pytest

from shop.customers.accounts import AddressBook
from shop.customers.address_book import _entry


def test_addresses_are_kept_and_listed(browse):
    client = browse().open()
    client.sign_in()
    pk = client.add_address(title="Home")
    listed = client.send("GET", "/address/detailed/").document
    assert [str(address["pk"]) for address in listed["results"]] == [pk]
    assert client.send("GET", "/current_user/").document["phone"] == "05000000001"
    for number in range(25):
        client.add_address(line=f"{number} Quay")
    assert client.send("GET", "/address/detailed/").document["count"] == 3


def test_only_one_address_is_the_primary_one(browse):
    client = browse().open()
    pks = [client.add_address(line=f"{number} Quay") for number in range(3)]
    for pk in (pks[0], pks[2]):
        client.send("PATCH", f"/address/{pk}/", json={"primary": True})
    listed = client.send("GET", "/address/detailed/").document["results"]
    assert [address["primary"] for address in listed] == [False, False, True]


def test_an_account_keeps_its_addresses_in_little_memory(address):
    tracemalloc.start()
    try:
        books = [AddressBook() for _ in range(100)]
        before = tracemalloc.get_traced_memory()[0]
        for book in books:
            for number in range(3):
                # Each request brings new objects.
                book.add(_entry(address | {"line": f"{number} Quay"}, "ada@shop.test", strict=True))
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(books[0].entries) == 3
    assert kept / 300 < 700


def test_the_same_address_for_shipping_and_billing_is_kept_once(address):
    book = AddressBook()
    pks = [str(book.add(_entry(address, "ada@shop.test", strict=True))["pk"]) for _ in range(2)]
    shipping, billing = book.pair(pks[0], pks[0])
    assert shipping is billing
    assert [found["pk"] for found in book.pair(*pks)] == [1, 2]
    assert book.pair(pks[1], "9") == (book.entries[pks[1]], None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"line": ""}, "line"),
        ({"phone_number": "abc"}, "phone_number"),
        ({"planet": "Mars"}, "planet"),
        ({"title": ["Home"]}, "title"),
        ({"title": "x" * 301}, "title"),
    ],
)
def test_address_errors_name_the_field(browse, address, change, field):
    reply = browse().open().send("POST", "/address/", json=address | change)
    assert (reply.status, list(reply.document)) == (400, [field])


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"city": "Izmir"}, "city", "Incorrect type. Expected pk value, received str."),
        ({"township": [933]}, "township", "Incorrect type. Expected pk value, received list."),
        ({"country": True}, "country", "Incorrect type. Expected pk value, received bool."),
        ({"country": 3}, "country", 'Invalid pk "3" - object does not exist.'),
        ({"country": 2}, "city", 'Invalid pk "80" - object does not exist.'),  # it lies in another country
        ({"district": 1}, "district", 'Invalid pk "1" - object does not exist.'),
        ({"township": None}, "township", "This field is required."),
    ],
)
def test_places_are_given_by_their_pk(browse, address, change, field, words):
    reply = browse().open().send("POST", "/address/", json=address | change)
    assert (reply.status, reply.document) == (400, {field: [words]})


def test_an_address_has_its_places_as_objects_and_keeps_its_texts(browse, address):
    client = browse().open().fill_basket()
    client.sign_in()
    # As the storefront's client sends it: numbers as texts from a form, "false" as a word.
    given = address | {"country": "1", "city": "80", "is_corporate": "false", "type": "personal", "postcode": "34710"}
    written = client.send("POST", "/address/", json=given).document
    assert written["city"] | {"name": ""} == {
        "pk": 80, "is_active": True, "name": "", "country": 1, "translations": None, "priority": None, "postcode": None,
    }  # fmt: skip
    assert (written["township"]["pk"], written["district"]["township"]) == (933, 933)
    assert (written["type"], written["is_corporate"], written["postcode"]) == ("personal", False, "34710")
    assert written["user"]["email"] == written["email"] == "ada@shop.test"
    client.post("DeliveryOptionSelectionPage", delivery_option="1")
    (shown,) = client.get("AddressSelectionPage")["context_list"][0]["page_context"]["addresses"]
    assert shown["country"] == {"pk": 1, "name": "Türkiye", "code": "tr"}


def test_an_address_is_changed_and_removed_by_its_owner(browse):
    client, other = browse().open(), browse().open()
    other.shop = client.shop
    client.sign_in()
    pk = client.add_address()
    changed = client.send("PATCH", f"/address/{pk}/", json={"line": "2 Quay", "user": 1, "type": "corporate"}).document
    assert (changed["line"], changed["type"], changed["city"]["pk"]) == ("2 Quay", "corporate", 80)
    wrong = client.send("PATCH", f"/address/{pk}/", json={"city": 1})
    assert (wrong.status, list(wrong.document)) == (400, ["township"])
    assert other.open().send("DELETE", f"/address/{pk}/").status == 404
    assert client.send("DELETE", f"/address/{pk}/").status == 204
    assert client.send("GET", "/address/detailed/").document["count"] == 0


def test_the_order_follows_changes_of_its_addresses(browse, shown):
    client = browse().to_payment()
    client.choose("cash_register")
    client.send("PATCH", "/address/1/", json={"line": "2 Quay"})
    reply = client.get()
    assert shown(reply) == "CashRegisterPage"
    assert reply["pre_order"]["shipping_address"]["line"] == reply["pre_order"]["billing_address"]["line"] == "2 Quay"
    client.send("DELETE", "/address/1/", json={})
    assert shown(client.post("CashRegisterPage", agreement="1")) == "DeliveryOptionSelectionPage"


def test_places_are_looked_up_from_the_country_down(browse):
    client = browse()

    def pks(path):
        reply = client.send("GET", path).document
        assert reply["count"] == len(reply["results"])
        return [row["pk"] for row in reply["results"]]

    assert pks("/address/country/") == [1, 2]
    assert pks("/address/city/?country=1") == list(range(1, 82))
    assert 933 in pks("/address/township/?city=80")
    assert 71387 in pks("/address/district/?township=933")
    assert pks("/address/district/?township=9999") == []
    assert client.send("GET", "/address/city/?country=Mars").status == 400
    with_store = pks("/address/city/?retailstore__isnull=false")
    assert with_store == sorted(with_store)
    assert pks(f"/address/township/?retailstore__isnull=false&city={with_store[0]}")


def test_an_address_needs_a_session(browse):
    client = browse().open()
    client.cookies.pop("osessionid")
    assert client.send("GET", "/address/detailed/").status == 401
