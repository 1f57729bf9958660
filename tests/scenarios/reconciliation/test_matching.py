"""Each way in which a shop's orders can differ from the run's is found, by number."""

from decimal import Decimal

import pytest

from harness.errors import UsageError
from harness.results.orders_file import PlacedOrder
from scenarios.reconciliation.matching import reconcile
from scenarios.reconciliation.shop_export import ExportedRow
from scenarios.reconciliation.text import headline, reconciliation_json, reconciliation_text


def ours(*orders):
    """Orders as ``number amount [option]``; a number of ``-`` is not known."""
    placed = []
    for order in orders:
        number, amount, *option = order.split()
        placed.append(
            PlacedOrder("" if number == "-" else number, option[0] if option else "gpay", amount, "try", "a", "t")
        )
    return placed


def theirs(*orders):
    """Rows as ``number amount [option …]``; an amount of ``-`` is empty."""
    cells = [order.split(maxsplit=2) for order in orders]
    return [
        ExportedRow(line, number, "" if amount == "-" else amount, " ".join(option))
        for line, (number, amount, *option) in enumerate(cells, start=2)
    ]


def test_the_same_orders_in_another_order_and_form_are_equal():
    found = reconcile(ours("1 10.00", "2 1234.50"), theirs("2 1.234,50", "1 10"))
    assert not found.differs
    assert (found.ours, found.theirs, found.agreed) == (2, 2, 2)
    assert found.our_amount == found.their_amount == Decimal("1244.50")
    assert headline(found) == "EQUAL: the shop has 2 orders of the run, each once and at its price."


@pytest.mark.parametrize(
    ("placed", "rows", "kind", "said"),
    [
        (ours("1 1.00", "2 2.00"), theirs("1 1.00"), "lost", "1 order lost"),
        (ours("1 1.00"), theirs("1 1.00", "1 1.00"), "doubled", "1 order doubled"),
        (ours("1 1.00", "1 1.00"), theirs("1 1.00"), "doubled", "1 order doubled"),
        (ours("1 1.00"), theirs("1 1.01"), "mispriced", "1 order mispriced"),
        (ours("1 1.00"), theirs("1 -"), "mispriced", "1 order mispriced"),
        (ours("1 1.00"), theirs("1 1.00 credit_card"), "otherwise_paid", "1 order paid by another option"),
        (ours("1 1.00"), theirs("1 1.00", "2 9.00", "3 9.00"), "unknown", "2 orders unknown"),
    ],
)
def test_each_difference_is_found_and_said(placed, rows, kind, said):
    found = reconcile(placed, rows)
    assert found.differs
    kinds = ("lost", "doubled", "mispriced", "otherwise_paid", "unknown")
    assert [one for one in kinds if getattr(found, one)] == [kind]
    assert headline(found) == f"DIFFERENT: {said}."
    assert reconciliation_json(found)[kind]


@pytest.mark.parametrize("word", ["gpay", "Gpay", "GARANTI PAY", "garanti-pay", ""])
def test_an_option_is_known_by_its_name_or_label(word):
    found = reconcile(ours("1 1.00 gpay"), theirs(f"1 1.00 {word}"))
    assert not found.differs
    assert not found.foreign_options


def test_an_option_by_a_foreign_name_is_not_compared_and_said():
    found = reconcile(ours("1 1.00"), theirs("1 1.00 Kredi Kart\u0131"))
    assert not found.differs
    assert "not compared where its name is not known: Kredi Kart\u0131 (1)" in reconciliation_text(found)


def test_a_wrong_option_column_shows_no_addresses():
    rows = theirs(*(f"{n} 1.00 ada{n}@mail.example" for n in range(50)), "99 1.00 4111111111111111")
    found = reconcile(ours("1 1.00"), rows)
    assert dict(found.foreign_options) == {"(others)": 51}


def test_further_rows_of_an_order_without_an_amount_are_its_items():
    assert not reconcile(ours("1 1.00", "2 2.00"), theirs("1 1.00", "1 -", "2 -", "2 2.00")).differs


def test_an_order_without_a_number_explains_an_unknown_one_of_its_amount_and_option():
    placed = ours("1 1.00", "- 5.00 gpay", "- 7.00 gpay")
    found = reconcile(placed, theirs("1 1.00", "2 5.00 gpay"))
    assert not found.differs
    assert [order.number for order in found.fitting] == ["2"]
    assert "2 orders were perhaps placed without a number that the shopper saw; 1 of the export fit" in (
        reconciliation_text(found)
    )
    for other in ("2 5.01 gpay", "2 5.00 credit_card"):
        assert reconcile(placed, theirs("1 1.00", other)).unknown
    assert len(reconcile(placed, theirs("1 1.00", "2 5.00", "3 5.00")).unknown) == 1


def test_amounts_that_mean_two_things_are_read_as_the_run_knows_them():
    assert not reconcile(ours("1 1234.00"), theirs("1 1.234")).differs
    assert not reconcile(ours("1 1.234"), theirs("1 1.234")).differs
    with pytest.raises(UsageError, match="can be read in two ways"):
        reconcile(ours("1 5.00"), theirs("1 1.234"))


def test_unreadable_and_mixed_amounts_are_refused_with_their_lines():
    with pytest.raises(
        UsageError, match=r"not a number in 2 lines of the export \(2, 4\); is --amount-column the right one"
    ):
        reconcile(ours("1 1.00"), theirs("1 x", "2 1.00", "3 y"))
    with pytest.raises(UsageError, match=r"a decimal point \(line 2\) and a decimal comma \(line 3\)"):
        reconcile(ours("1 1.00"), theirs("1 1.00", "2 1,00"))


def test_hints_name_a_wrong_column_and_hundredths():
    assert "Is --number-column the right one" in reconciliation_text(reconcile(ours("1 1.00"), theirs("A 1.00")))
    hundredths = reconcile(ours("1 1.00", "2 2.50"), theirs("1 100", "2 250"))
    assert "it seems to count hundredths" in reconciliation_text(hundredths)


def test_a_long_list_is_cut_in_the_text_and_whole_in_json():
    found = reconcile(ours(*(f"{n} 1.00" for n in range(30))), [])
    assert "… and 10 more; --json FILE writes all" in reconciliation_text(found)
    assert len(reconciliation_json(found)["lost"]) == 30


def test_nothing_on_both_sides_is_no_proof():
    assert headline(reconcile([], [])).startswith("NOTHING TO COMPARE")
