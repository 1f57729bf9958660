from __future__ import annotations

from decimal import Decimal

from shop.contract import Page
from shop.ledger import Ledger, Order
from shop.packed import PackedDocument


def order(number, slug="gpay", amount="10.10", placed=0.0):
    return Order(
        id=number,
        number=f"ON{number}",
        token=f"token{number}",
        slug=slug,
        amount=Decimal(amount),
        email="ada@shop.test",
        pre_order=PackedDocument({}),
        completed_by=Page.GPAY_COMPLETE,
        placed=placed,
    )


def test_orders_and_revenue_are_counted_by_payment_option():
    ledger = Ledger(most=10)
    for number in range(3):
        ledger.add(order(number))
    ledger.add(order(3, "confirmation", "0.05"))
    counts = ledger.document()
    assert counts["orders"] == {"gpay": 3, "confirmation": 1}
    assert counts["revenue"] == {"gpay": "30.30", "confirmation": "0.05"}
    assert (counts["orders_total"], counts["order_numbers"]) == (4, 4)


def test_a_repeated_order_number_is_noticed():
    ledger = Ledger(most=10)
    ledger.add(order(1))
    ledger.add(order(2))
    ledger.add(order(1))
    assert (ledger.document()["orders_total"], ledger.document()["order_numbers"]) == (3, 2)


def test_old_orders_are_counted_but_no_longer_shown():
    ledger = Ledger(most=2)
    for number in range(3):
        ledger.add(order(number))
    assert ledger.order("token0") is None
    assert ledger.order("token2").number == "ON2"
    assert ledger.document()["orders_total"] == 3


def test_orders_are_shown_only_for_their_time_but_counted_for_ever():
    ledger = Ledger(most=1_000, age=lambda: 300.0)
    kept = []
    for number in range(3_600):  # ten hours, one order every ten seconds
        ledger.add(order(number, placed=number * 10.0))
        kept.append(sum(ledger.order(f"token{one}") is not None for one in range(max(0, number - 40), number + 1)))
    assert max(kept) == kept[-1] == 31
    assert ledger.order("token3569").number == "ON3569"
    assert ledger.order("token3568") is None
    assert ledger.document()["orders_total"] == ledger.document()["order_numbers"] == 3_600
