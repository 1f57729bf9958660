"""Writes and reads ``orders.csv``: every order that a run has placed, so that a test system can cancel them.

A row is on the disk as soon as its journey is over. A row without a number is an order that the shop may have taken, although
the shopper never saw its number. No row is ever left out to save space: a long file is compressed at the end of the run.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from harness.errors import UsageError
from harness.files import UnreadableFile, open_regular

logger = logging.getLogger("checkload")

ORDERS = "orders.csv"
ORDERS_COMPRESSED = "orders.csv.gz"
COMPRESS_FROM = 1_000_000
"""The size in bytes from which the file is compressed: about 10,000 orders. Compressed, an order takes 13 bytes."""
LONGEST_CELL = 200
"""Most characters of a cell: the order number comes from the shop."""
MAX_ORDERS_BYTES = 2_000_000_000
"""The size of the largest file that is read."""
_PIECE = 1 << 18


class PlacedOrder(NamedTuple):
    """One order: its number (empty: unknown), option, amount as the shop writes it, currency, account, and time in UTC.

    ``account`` is the e-mail address of a generated shopper, or the line of an accounts file.
    """

    number: str
    payment_option: str
    amount: str
    currency: str
    account: str
    time: str


class OrdersFile:
    """Writes the orders of one run into a new file of its folder; a full disk ends the file, not the run."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / ORDERS
        for name in (ORDERS, ORDERS_COMPRESSED):
            (folder / name).unlink(missing_ok=True)  # replaces a symbolic link, and leaves its target alone
        self._file: TextIO = self._path.open("x", newline="", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerow(PlacedOrder._fields)
        self._broken = False

    def add(self, order: PlacedOrder) -> None:
        """Write one order."""
        if self._broken:
            return
        try:
            self._rows.writerow([cell[:LONGEST_CELL] for cell in order])
        except OSError as error:
            self._give_up(error)

    def close(self, pause: Callable[[], None] = lambda: None) -> None:
        """End the file, and compress it if it is long; calls ``pause`` after each piece."""
        try:
            self._file.close()
            if not self._broken and self._path.stat().st_size >= COMPRESS_FROM:
                self._compress(pause)
        except OSError as error:
            self._give_up(error)

    def _compress(self, pause: Callable[[], None]) -> None:
        unfinished = self._folder / f".{ORDERS_COMPRESSED}.{os.getpid()}"
        try:
            with self._path.open("rb") as plain, gzip.open(unfinished, "xb", compresslevel=6) as packed:
                while piece := plain.read(_PIECE):
                    packed.write(piece)
                    pause()
            unfinished.replace(self._folder / ORDERS_COMPRESSED)
            self._path.unlink()
        except OSError:  # the plain file stays
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)

    def _give_up(self, error: OSError) -> None:
        if not self._broken:
            self._broken = True
            logger.warning(
                "%s cannot be written any more: %s; orders from now on are not in it",
                self._path,
                error.strerror or error,
            )
            with contextlib.suppress(OSError):
                self._file.close()


def read_orders(folder: Path) -> Iterator[PlacedOrder]:
    """The orders of a run, one by one; UsageError: there is no such file, or it is damaged.

    A last line that was cut off is left out.
    """
    compressed = folder / ORDERS_COMPRESSED
    path = compressed if os.path.lexists(compressed) else folder / ORDERS
    try:
        with open_regular(path, MAX_ORDERS_BYTES) as file:
            unpacked = gzip.GzipFile(fileobj=file) if path == compressed else file
            with io.TextIOWrapper(unpacked, encoding="utf-8", newline="") as text:
                yield from _rows(path, text)
    except UnreadableFile as error:
        raise UsageError(
            f"{path}: cannot be read ({error}); give the results folder of a run with an {ORDERS}"
        ) from None
    except (OSError, EOFError, UnicodeDecodeError):
        raise UsageError(f"{path}: is damaged; copy it again") from None


def _rows(path: Path, lines: TextIO) -> Iterator[PlacedOrder]:
    rows = csv.reader(line for line in lines if line.endswith("\n"))
    try:
        if tuple(next(rows, ())) != PlacedOrder._fields:
            raise UsageError(f"{path}: is not an {ORDERS} of checkload: its first line is not the expected one")
        for row in rows:
            if len(row) != len(PlacedOrder._fields):
                raise UsageError(f"{path}, line {rows.line_num}: is damaged; copy the file again")
            yield PlacedOrder(*row)
    except csv.Error:
        raise UsageError(f"{path}, line {rows.line_num}: is damaged; copy the file again") from None
