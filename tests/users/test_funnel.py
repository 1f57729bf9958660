"""How far a shopper came is told by the last page that answered as it should."""

import pytest

from users.funnel import STEPS, furthest

WAY = [("CsrfToken", "ok"), ("BasketAdd", "ok"), ("Checkout", "ok"), ("PaymentOptionSelectionPage", "ok")]
CHOSEN = [*WAY, ("PaymentOptionSelectionPage", "ok")]


@pytest.mark.parametrize(
    ("trail", "step"),
    [
        ([], "1_arrived"),
        ([("CsrfToken", "ok"), ("BasketAdd", "throttled")], "1_arrived"),
        (WAY[:2], "2_basket"),
        (WAY[:3], "3_checkout"),
        (WAY, "4_payment"),
        ([*WAY, ("PaymentOptionSelectionPage", "http_5xx")], "4_payment"),
        (CHOSEN, "5_option_chosen"),
        ([*CHOSEN, ("BinNumberPage", "declined")], "5_option_chosen"),
        ([*CHOSEN, ("BinNumberPage", "ok"), ("ThankYouPage", "http_5xx")], "6_paid"),
    ],
)
def test_the_furthest_step_of_a_trail(trail, step):
    assert furthest(trail, ordered=False) == step
    assert step in STEPS


def test_a_receipt_is_the_last_step():
    assert furthest([*CHOSEN, ("ThankYouPage", "ok"), ("CompletedOrder", "ok")], ordered=True) == STEPS[-1]


def test_steps_sort_in_their_order():
    assert sorted(STEPS) == list(STEPS)
