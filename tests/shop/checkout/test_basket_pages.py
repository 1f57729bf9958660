"""Products, their installments and the basket."""

from __future__ import annotations

import pytest


def test_a_product_and_the_basket_agree_on_its_price(browse):
    client = browse().open()
    price = client.send("GET", "/product/7/").document["product"]["price"]
    client.fill_basket(product="7", quantity=3)
    basket = client.fill_basket(product=7, quantity=1).send("GET", "/baskets/basket/").document["basket"]
    (item,) = basket["basketitem_set"]
    assert (item["quantity"], item["unit_price"]) == (4, price)
    assert round(float(basket["total_amount"]) * 100) == 4 * round(float(price) * 100)


def test_there_are_at_least_twenty_products(browse):
    client = browse()
    assert {client.send("GET", f"/product/{pk}/").status for pk in range(1, 21)} == {200}
    assert client.send("GET", "/product/999/").status == 404


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"product": 999, "quantity": 1}, "product"),
        ({"product": True, "quantity": 1}, "product"),
        ({"product": 1, "quantity": 0}, "quantity"),
        ({"product": 1, "quantity": True}, "quantity"),
        ({"product": 1, "quantity": "2"}, "quantity"),
        ({"product": 1, "quantity": 1, "attributes": []}, "attributes"),
        ({"product": 1, "quantity": 1, "price": "0"}, "price"),
    ],
)
def test_invalid_lines_are_refused(browse, document, field):
    reply = browse().open().send("POST", "/baskets/basket/", json=document)
    assert (reply.status, list(reply.document)) == (400, [field])


def test_a_basket_can_be_changed_and_emptied_and_takes_a_voucher(browse):
    client = browse().open().fill_basket(product=1, quantity=2).fill_basket(product=2, quantity=1)

    def send(method, **document):
        return client.send(method, "/baskets/basket/", json=document).document["basket"]

    changed = send("PUT", product=1, quantity=5, attributes={})
    assert [(item["product"]["pk"], item["quantity"]) for item in changed["basketitem_set"]] == [(1, 5), (2, 1)]
    assert [item["product"]["pk"] for item in send("PUT", product=1, quantity=0)["basketitem_set"]] == [2]
    before = send("PATCH", voucher_code="WELCOME")
    assert (before["voucher_code"], send("PATCH", remove_voucher_code=True)["voucher_code"]) == ("WELCOME", None)
    assert client.send("PATCH", "/baskets/basket/", json={"voucher_code": ""}).status == 400
    assert send("DELETE")["basketitem_set"] == []
    assert client.get()["redirect_url"] == "/baskets/basket/"


def test_changing_the_basket_resets_all_choices(browse, shown):
    client = browse().to_payment()
    client.send("PUT", "/baskets/basket/", json={"product": 1, "quantity": 1, "attributes": {}})
    assert shown(client.get()) == "DeliveryOptionSelectionPage"


def test_the_basket_is_there_nested_and_at_the_top_level(browse):
    reply = browse().open().fill_basket().send("GET", "/baskets/basket/").document
    assert {**reply["basket"], "basket": reply["basket"]} == reply


def test_installments_of_a_product_are_its_price_and_the_interest(browse):
    client = browse(monthly_interest=0.1)
    price = float(client.send("GET", "/product/1/").document["product"]["price"])
    table = client.send("GET", "/payments/cards/product/1/").document
    assert [card["slug"] for card in table["results"]] == ["visa", "mastercard", "troy"]
    for card in table["results"]:
        rows = {row["installment_count"]: row for row in card["installments"]}
        assert (rows[1]["total_amount"], rows[1]["interest_amount"]) == (price, 0)
        assert rows[3]["total_amount"] == pytest.approx(price * 1.2, abs=0.01)
        assert rows[3]["single_installment_amount"] == pytest.approx(price * 0.4, abs=0.01)
    assert client.send("GET", "/payments/cards/product/999/").status == 404


def test_products_are_found_by_a_part_of_their_name(browse):
    client = browse()
    assert [row["name"] for row in client.send("GET", "/list/?search_text=ket").document["products"]] == [
        "Kettle",
        "Basket",
        "Blanket",
    ]
    everything = client.send("GET", "/list/").document
    assert everything["pagination"]["total_count"] == len(everything["products"]) >= 20
