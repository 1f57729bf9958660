"""The command ``checkload reconcile``: whether the shop has exactly the orders that a run has placed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from harness import files
from harness.errors import UsageError
from harness.exits import Exit
from harness.results.orders_file import read_orders
from harness.results.result import Result
from harness.results.store import RESULT, ResultError, read, run_folder
from scenarios.reconciliation.matching import Reconciliation, reconcile
from scenarios.reconciliation.shop_export import ExportColumns, read_export
from scenarios.reconciliation.text import reconciliation_json, reconciliation_text

EXIT_CODE_HELP = """
exit codes: 0 the shop has each order of the run once, at its price, and no other; 3 an order is lost, doubled, mispriced, paid
by another option, or unknown; 5 there is no order to compare; 4 orders.csv does not hold all orders of the run; 2 wrong options,
or a file that cannot be read.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "result", type=Path, metavar="RESULT", help="the folder of a run's results, with its orders.csv"
    )
    parser.add_argument(
        "--orders", type=Path, required=True, metavar="FILE", help="the orders that the shop has exported, as CSV"
    )
    parser.add_argument("--number-column", required=True, metavar="NAME", help="the column with the order number")
    parser.add_argument("--amount-column", required=True, metavar="NAME", help="the column with the amount")
    parser.add_argument("--option-column", default="", metavar="NAME", help="the column with the payment option")
    parser.add_argument(
        "--encoding", default="", metavar="NAME", help="such as windows-1254 (default: UTF-8, or UTF-16 with its mark)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all differences to this file as JSON")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXIT_CODE_HELP


def run(arguments: argparse.Namespace) -> int:
    """Compare the orders and print the differences; returns the exit code, raises ``UsageError``."""
    try:
        folder = run_folder(arguments.result)
    except ResultError as error:
        raise UsageError(str(error)) from None
    result = _result(folder)
    columns = ExportColumns(arguments.number_column, arguments.amount_column, arguments.option_column)
    exported = read_export(arguments.orders, columns, _known_encoding(arguments.encoding))
    found = reconcile(read_orders(folder), exported)
    sys.stdout.write(reconciliation_text(found))
    if result is None:
        sys.stdout.write(
            f"\nThis run has no {RESULT}: it was killed, or is still on. Orders of its last second may be missing.\n"
        )
    missing = 0 if result is None else result.counts.orders - found.our_rows
    if missing > 0:
        sys.stdout.write(f"\n{missing:,} orders of the run are missing in its orders.csv; was the disk full?\n")
    if arguments.json is not None:
        files.write_file("--json", arguments.json, orjson.dumps(reconciliation_json(found), option=orjson.OPT_INDENT_2))
    return int(_exit(found, complete=missing <= 0))


def _exit(found: Reconciliation, *, complete: bool) -> Exit:
    if not complete:
        return Exit.INVALID
    if found.differs:
        return Exit.FAILED
    return Exit.PASSED if found.agreed else Exit.INCONCLUSIVE


def _result(folder: Path) -> Result | None:
    """The result of the run; ``None`` if it has none, because it was killed."""
    if not files.is_file(folder / RESULT):
        return None
    try:
        return read(folder)
    except ResultError as error:
        raise UsageError(str(error)) from None


def _known_encoding(name: str) -> str:
    try:
        "".encode(name or "utf-8")
    except (LookupError, UnicodeError, ValueError):
        raise UsageError(
            f"--encoding {name}: no such encoding; write one such as utf-8, utf-16 or windows-1254"
        ) from None
    return name
