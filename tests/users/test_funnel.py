"""The last page that answered correctly says how far a shopper came."""

import pytest

from users.funnel import FUNNEL_STEPS, furthest_step

PAGES_BEFORE_PAYMENT = [
    ("CsrfToken", "ok"),
    ("BasketAdd", "ok"),
    ("Checkout", "ok"),
    ("PaymentOptionSelectionPage", "ok"),
]
CHOSEN = [*PAGES_BEFORE_PAYMENT, ("PaymentOptionSelectionPage", "ok")]


@pytest.mark.parametrize(
    ("trail", "step"),
    [
        ([], "1_arrived"),
        ([("CsrfToken", "ok"), ("BasketAdd", "throttled")], "1_arrived"),
        (PAGES_BEFORE_PAYMENT[:2], "2_basket"),
        (PAGES_BEFORE_PAYMENT[:3], "3_checkout"),
        (PAGES_BEFORE_PAYMENT, "4_payment"),
        ([*PAGES_BEFORE_PAYMENT, ("PaymentOptionSelectionPage", "http_5xx")], "4_payment"),
        (CHOSEN, "5_option_chosen"),
        ([*CHOSEN, ("BinNumberPage", "declined")], "5_option_chosen"),
        ([*CHOSEN, ("BinNumberPage", "ok"), ("ThankYouPage", "http_5xx")], "6_paid"),
    ],
)
def test_the_furthest_step_of_a_trail(trail, step):
    assert furthest_step(trail, ordered=False) == step
    assert step in FUNNEL_STEPS


def test_a_receipt_is_the_last_step():
    assert furthest_step([*CHOSEN, ("ThankYouPage", "ok"), ("CompletedOrder", "ok")], ordered=True) == FUNNEL_STEPS[-1]


def test_steps_sort_in_their_order():
    assert sorted(FUNNEL_STEPS) == list(FUNNEL_STEPS)
