"""Prints what the harness claims about itself, and what became of each claim, as a Markdown table.

python tests/calibration/table.py [--quick]

Ends with 1 if a claim does not hold.
"""

import argparse
import sys
from collections.abc import Iterator

from claims import Row, balances, frozen, mixes, objectives, schedules, steadiness, store

HEAD = ("claim", "n", "estimate", "95 % CI (Wilson)", "bound", "seed")


def rows(*, quick: bool) -> Iterator[Row]:
    """All rows, one experiment after the other."""
    yield from frozen(length=120.0 if quick else 300.0, runs=1 if quick else 5)
    yield from schedules(runs=1 if quick else 3)
    yield from store(samples=20_000 if quick else 200_000)
    yield from objectives(runs=40 if quick else 400)
    yield from balances(runs=100 if quick else 1_000)
    yield from steadiness(runs=100 if quick else 1_000)
    yield from mixes(runs=200 if quick else 2_000)


def table(of: Iterator[Row]) -> tuple[str, list[Row]]:
    """The table as text, and the rows that do not hold."""
    seen = list(of)
    lines = ["| " + " | ".join(HEAD) + " |", "|---|---:|---:|---:|---:|---:|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in seen]
    return "\n".join(lines), [row for row in seen if not row.holds]


def main() -> int:
    """Print it; 1 if a claim does not hold."""
    parser = argparse.ArgumentParser(description="Print the table of what checkload claims about itself.")
    parser.add_argument("--quick", action="store_true", help="the sizes of the tests: a few seconds")
    text, broken = table(rows(quick=parser.parse_args().quick))
    sys.stdout.write(text + "\n")
    for row in broken:
        sys.stderr.write(f"does not hold: {row.claim}: {row.estimate}, {row.bound}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
