"""Every order of a worker reaches the master once, whichever reports and acknowledgements are lost on the way."""

import itertools

import pytest

from harness.distributed.order_outbox import OrderOutbox, new_orders
from harness.results.orders_file import PlacedOrder


def order(number):
    return PlacedOrder(str(number), "gpay", "1.00", "", "a", "t")


@pytest.mark.parametrize("arrives", list(itertools.product([True, False], repeat=6)))
def test_each_order_arrives_once(arrives):
    outbox, taken = OrderOutbox(), []
    for turn, (report, acknowledgement) in enumerate(zip(arrives[::2], arrives[1::2], strict=True)):
        outbox.add(order(turn))
        message = outbox.message()
        if report:
            taken += new_orders(message, len(taken))
        if acknowledgement:
            outbox.acknowledge(len(taken))
    taken += new_orders(outbox.message(), len(taken))
    assert taken == [order(0), order(1), order(2)]


def test_acknowledged_orders_take_no_memory_and_old_acknowledgements_change_nothing():
    outbox = OrderOutbox()
    for number in range(5):
        outbox.add(order(number))
    outbox.acknowledge(4)
    outbox.acknowledge(2)
    assert outbox.message() == {"first": 4, "rows": [list(order(4))]}
