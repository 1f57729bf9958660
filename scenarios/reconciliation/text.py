"""Says what a reconciliation has found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from harness.results.orders_file import PlacedOrder
from harness.units import format_count
from scenarios.reconciliation.matching import Reconciliation, TheirOrder, our_amount

MOST_LISTED = 20
"""Orders of a kind that the text lists; ``--json`` has all."""

T = TypeVar("T")


def reconciliation_text(found: Reconciliation) -> str:
    """The answer, then each kind of difference with its orders."""
    return "\n".join([headline(found), "", *_totals(found), *_differences(found), *_notes(found)]) + "\n"


def headline(found: Reconciliation) -> str:
    """The answer in one sentence."""
    if not found.differs and not found.agreed:
        return "NOTHING TO COMPARE: the run has no order with a number, and the export has none that it could be."
    if not found.differs:
        return f"EQUAL: the shop has {format_count(found.ours, 'order')} of the run, each once and at its price."
    kinds = (
        (len(found.lost), "lost"),
        (len(found.doubled), "doubled"),
        (len(found.mispriced), "mispriced"),
        (len(found.otherwise_paid), "paid by another option"),
        (len(found.unknown), "unknown"),
    )
    return "DIFFERENT: " + ", ".join(f"{format_count(n, 'order')} {word}" for n, word in kinds if n) + "."


def reconciliation_json(found: Reconciliation) -> dict[str, Any]:
    """Everything that was found, as JSON values; amounts are texts."""

    def theirs(order: TheirOrder) -> dict[str, Any]:
        return {"number": order.number, "amounts": list(map(str, order.amounts)), "payment_option": order.option}

    def pairs(found: Sequence[tuple[PlacedOrder, TheirOrder]]) -> list[Any]:
        return [{"run": our._asdict(), "shop": theirs(their)} for our, their in found]

    return {
        "differs": found.differs,
        "orders": {"run": found.ours, "shop": found.theirs, "agreed": found.agreed},
        "amount": {"run": str(found.our_amount), "shop": str(found.their_amount)},
        "lost": [order._asdict() for order in found.lost],
        "doubled": dict(found.doubled),
        "mispriced": pairs(found.mispriced),
        "otherwise_paid": pairs(found.otherwise_paid),
        "unknown": list(map(theirs, found.unknown)),
        "unnumbered": [order._asdict() for order in found.unnumbered],
        "fitting": list(map(theirs, found.fitting)),
        "foreign_options": dict(found.foreign_options),
    }


def _totals(found: Reconciliation) -> Iterator[str]:
    yield f"The run:  {format_count(found.ours, 'order')} with a number, worth {found.our_amount:,}."
    yield f"The shop: {format_count(found.theirs, 'order')} in the export, worth {found.their_amount:,}."
    yield f"The same in both: {format_count(found.agreed, 'order')}."


def _differences(found: Reconciliation) -> Iterator[str]:
    yield from _listed("Lost: the run placed them, and the export does not have them", found.lost, _placed)
    yield from _listed(
        "Doubled: in the export more than once, or given to more than one shopper",
        list(found.doubled.items()),
        lambda one: f"{one[0]}: {one[1]} times",
    )
    yield from _listed("Mispriced: the amounts differ", found.mispriced, _prices)
    yield from _listed(
        "Paid by another option",
        found.otherwise_paid,
        lambda pair: f"{pair[0].number}: {pair[0].payment_option} in the run, {pair[1].option} in the shop",
    )
    yield from _listed("Unknown: the export has them, and the run did not place them", found.unknown, _theirs)


def _notes(found: Reconciliation) -> Iterator[str]:
    if found.unnumbered:
        yield ""
        yield (
            f"{format_count(len(found.unnumbered), 'order was', 'orders were')} perhaps placed without a number that the "
            f"shopper saw; {len(found.fitting)} of the export fit them in amount and option, and do not count as unknown."
        )
        yield from _listed("Perhaps placed, without a number", found.unnumbered, _placed)
    if found.foreign_options:
        words = ", ".join(f"{word} ({n})" for word, n in list(found.foreign_options.items())[:MOST_LISTED])
        yield ""
        yield f"The option was not compared where its name is not known: {words}."
    if found.ours and found.theirs and len(found.lost) == found.ours:
        yield ""
        yield "No number is in both lists. Is --number-column the right one, and is the export of this run's time?"
    factors = {their.amounts[0] / ours for our, their in found.mispriced if their.amounts and (ours := our_amount(our))}
    if len(found.mispriced) == found.ours - len(found.lost) > 1 and factors == {100}:
        yield ""
        yield "Each amount of the export is a hundred times that of the run: it seems to count hundredths."


def _listed(title: str, orders: Sequence[T], line: Callable[[T], str]) -> Iterator[str]:
    if not orders:
        return
    yield ""
    yield f"{title} ({len(orders):,}):"
    for order in orders[:MOST_LISTED]:
        yield f"  {line(order)}"
    if len(orders) > MOST_LISTED:
        yield f"  … and {len(orders) - MOST_LISTED:,} more; --json FILE writes all"


def _placed(order: PlacedOrder) -> str:
    number = order.number or "(no number)"
    return (
        f"{number}  {order.payment_option}  {order.amount} {order.currency}".rstrip()
        + f"  {order.account}  {order.time}"
    )


def _theirs(order: TheirOrder) -> str:
    amount = " + ".join(map(str, order.amounts)) or "(no amount)"
    return f"{order.number}  {amount}  {order.option}".rstrip()


def _prices(pair: tuple[PlacedOrder, TheirOrder]) -> str:
    our, their = pair
    amount = str(their.amounts[0]) if their.amounts else "no amount"
    return f"{our.number}: {our.amount or 'no amount'} in the run, {amount} in the shop ({our.payment_option})"
