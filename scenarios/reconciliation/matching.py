"""Compares the orders of a run with the orders of an export, number by number."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from harness.errors import UsageError
from harness.results.orders_file import PlacedOrder
from harness.units import format_count
from scenarios.reconciliation.decimals import MARKS, MixedMarks, decimal_mark, parse_amount
from scenarios.reconciliation.shop_export import ExportedRow
from shop.contract import PAYMENT_OPTIONS

_MOST_LINES = 5
_MOST_WORDS, _LONGEST_WORD = 20, 40
_PRIVATE = re.compile(r"@|\d{6}")  # the column may be the wrong one, with addresses or card numbers


class TheirOrder(NamedTuple):
    """One order of the export: its number, its amounts as numbers, row by row, and its option (empty: not known)."""

    number: str
    amounts: tuple[Decimal, ...]
    option: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the two lists agree and differ on.

    ``ours`` and ``theirs`` are different numbers, ``our_rows`` how often the run saw a number.
    ``lost``: placed, but not in the export. ``doubled``: in the export more than once, or given to several shoppers, with how
    often. ``mispriced`` and ``otherwise_paid``: both orders. ``unknown``: in the export only. ``unnumbered``: placed, or perhaps
    placed, without a number seen; ``fitting`` are orders of the export that may be these, by amount and option.
    ``foreign_options``: words for options that are not known, with how often.
    """

    ours: int = 0
    our_rows: int = 0
    theirs: int = 0
    agreed: int = 0
    our_amount: Decimal = Decimal(0)
    their_amount: Decimal = Decimal(0)
    lost: Sequence[PlacedOrder] = ()
    doubled: Mapping[str, int] = field(default_factory=dict)
    mispriced: Sequence[tuple[PlacedOrder, TheirOrder]] = ()
    otherwise_paid: Sequence[tuple[PlacedOrder, TheirOrder]] = ()
    unknown: Sequence[TheirOrder] = ()
    unnumbered: Sequence[PlacedOrder] = ()
    fitting: Sequence[TheirOrder] = ()
    foreign_options: Mapping[str, int] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether an order is lost, doubled, mispriced, paid otherwise or unknown."""
        return any((self.lost, self.doubled, self.mispriced, self.otherwise_paid, self.unknown))


def reconcile(ours: Iterable[PlacedOrder], rows: Sequence[ExportedRow]) -> Reconciliation:
    """Compare; raises ``UsageError`` if amounts of the export cannot be read."""
    placed: dict[str, PlacedOrder] = {}
    shoppers = Counter[str]()
    unnumbered = []
    for order in ours:
        number = order.number.strip()
        if not number:
            unnumbered.append(order)
            continue
        shoppers[number] += 1
        placed.setdefault(number, order)
    words = _OptionWords(order.payment_option for order in placed.values())
    theirs = _orders(rows, _mark(rows, placed), words)
    matched = [(order, theirs[number]) for number, order in placed.items() if number in theirs]
    mispriced = [(our, their) for our, their in matched if their.amounts[:1] != (our_amount(our),)]
    otherwise = [(our, their) for our, their in matched if their.option and their.option != our.payment_option]
    wrong = {our.number for our, _ in (*mispriced, *otherwise)}
    times = {number: max(len(order.amounts), shoppers[number]) for number, order in theirs.items()}
    times |= {number: count for number, count in shoppers.items() if number not in theirs}
    doubled = {number: count for number, count in times.items() if count > 1}
    unknown, fitting = _fit([order for number, order in theirs.items() if number not in placed], unnumbered)
    return Reconciliation(
        ours=len(placed),
        our_rows=shoppers.total(),
        theirs=len(theirs),
        agreed=sum(our.number not in wrong and our.number.strip() not in doubled for our, _ in matched),
        our_amount=sum((our_amount(order) or Decimal(0) for order in placed.values()), Decimal(0)),
        their_amount=sum((sum(order.amounts, Decimal(0)) for order in theirs.values()), Decimal(0)),
        lost=[order for number, order in placed.items() if number not in theirs],
        doubled=doubled,
        mispriced=mispriced,
        otherwise_paid=otherwise,
        unknown=unknown,
        unnumbered=unnumbered,
        fitting=fitting,
        foreign_options=words.foreign,
    )


class _OptionWords:
    """Reads the words of an export for payment options: the name or the label of an option, however it is spelled."""

    def __init__(self, ours: Iterable[str]) -> None:
        self._known = {_plain(option.label): option.slug for option in PAYMENT_OPTIONS.values()}
        self._known |= {_plain(name): name for name in (*PAYMENT_OPTIONS, *ours)}
        self.foreign = Counter[str]()

    def read(self, word: str) -> str:
        if not word:
            return ""
        known = self._known.get(_plain(word), "")
        if not known:
            shown = word not in self.foreign and len(self.foreign) >= _MOST_WORDS
            self.foreign["(others)" if shown or len(word) > _LONGEST_WORD or _PRIVATE.search(word) else word] += 1
        return known


def _plain(word: str) -> str:
    return re.sub(r"[\W_]+", "_", word.strip().casefold())


def our_amount(order: PlacedOrder) -> Decimal | None:
    """The amount of an order of the run; ``None``: the shopper never saw it."""
    return parse_amount(order.amount, ".")


def _mark(rows: Sequence[ExportedRow], placed: Mapping[str, PlacedOrder]) -> str:
    """The decimal mark of the export; ours decide where it can be either."""
    try:
        mark = decimal_mark((row.line, row.amount) for row in rows)
    except MixedMarks as mixed:
        raise UsageError(
            f"the amounts of the export have a decimal point (line {mixed.point}) and a decimal comma (line {mixed.comma}); "
            "export the column in one form"
        ) from None
    if mark is not None:
        return mark
    fits = {
        mark: sum(
            parse_amount(row.amount, mark) == our_amount(placed[row.number]) for row in rows if row.number in placed
        )
        for mark in MARKS
    }
    if fits["."] == fits[","]:
        raise UsageError(
            "the amounts of the export, such as 1.234 or 1,234, can be read in two ways, and none fits the orders of the run; "
            "export the column with decimals"
        )
    return max(fits, key=lambda one: fits[one])


def _orders(rows: Sequence[ExportedRow], mark: str, words: _OptionWords) -> dict[str, TheirOrder]:
    """The orders of the export; a further row without an amount is an item of an order that is there already."""
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    options: dict[str, str] = {}
    unreadable = []
    for row in rows:
        known = amounts[row.number]
        if not options.get(row.number):
            options[row.number] = words.read(row.option)
        if not row.amount:
            continue
        amount = parse_amount(row.amount, mark)
        if amount is None:
            unreadable.append(row.line)
        else:
            known.append(amount)
    if unreadable:
        lines = ", ".join(map(str, unreadable[:_MOST_LINES])) + (", …" if len(unreadable) > _MOST_LINES else "")
        raise UsageError(
            f"the amount is not a number in {format_count(len(unreadable), 'line')} of the export ({lines}); "
            "is --amount-column the right one?"
        )
    return {number: TheirOrder(number, tuple(found), options[number]) for number, found in amounts.items()}


def _fit(unknown: Sequence[TheirOrder], unnumbered: Sequence[PlacedOrder]) -> tuple[list[TheirOrder], list[TheirOrder]]:
    """Split the unknown orders: those that remain, and those that an order without a number can be."""
    wanted: dict[Decimal | None, Counter[str]] = defaultdict(Counter)
    for one in unnumbered:
        wanted[our_amount(one)][one.payment_option] += 1
    remaining, fitting = [], []
    for order in unknown:
        options = wanted.get(order.amounts[0], Counter()) if len(order.amounts) == 1 else Counter[str]()
        option = next((name for name, left in options.items() if left and order.option in ("", name)), None)
        if option is None:
            remaining.append(order)
        else:
            options[option] -= 1
            fitting.append(order)
    return remaining, fitting
