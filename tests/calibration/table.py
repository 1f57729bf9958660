# ruff: noqa: E402 - the path of the tests comes first
"""Prints the claims about the harness and their results as a Markdown table.

python tests/calibration/table.py [--only simulated|searches|loopback|comparisons] [--runs N] [--searches N] [--quick] [--write docs/proofs.md]

The claims about comparisons have a table of their own: ``--only comparisons --write docs/ci-gate.md``.
Ends with 1 if a claim does not hold; its row says so.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS.parent), str(TESTS)]  # as the settings of pytest have it; the first one must stay first

import calibrate_claims
import capacity_claims
import disturbed
import instrument_claims
import percentile_claims
import plan_claims
import regression_claims
import thinking
from claims import Row, balances, bounds, early_ends, frozen, mixes, objectives, schedules, steadiness, store

HEAD = ("claim", "n", "estimate", "95 % CI (Wilson)", "bound", "seed")
BEGIN, END = "<!-- proofs: written by tests/calibration/table.py -->", "<!-- proofs: end -->"
RUNS, FEW, SEARCHES = 50, 2, 300
KINDS = ("simulated", "searches", "loopback")
COMPARISONS = "comparisons"


def simulated(*, quick: bool) -> Iterator[Row]:
    """The rows of simulated experiments."""
    yield from frozen(length=120.0 if quick else 300.0, runs=1 if quick else 5)
    yield from schedules(runs=1 if quick else 3)
    yield from store(samples=20_000 if quick else 200_000)
    yield from bounds(runs=10 if quick else 300)
    yield from objectives(runs=40 if quick else 400)
    yield from percentile_claims.rows(quick=quick)
    yield from percentile_claims.means(quick=quick)
    yield from early_ends(runs=40 if quick else 400)
    yield from instrument_claims.rows(quick=quick)
    yield from balances(runs=100 if quick else 1_000)
    yield from steadiness(runs=100 if quick else 1_000)
    yield from mixes(runs=200 if quick else 2_000)
    yield from plan_claims.rows(quick=quick)
    yield from calibrate_claims.rows(quick=quick)


def searches(*, quick: bool, number: int) -> Iterator[Row]:
    """The rows of simulated capacity searches."""
    yield from capacity_claims.rows(quick=quick)
    yield from thinking.rows(quick=quick, searches=number)
    yield from disturbed.rows(quick=quick, searches=number)


def on_loopback(runs: int, say: Callable[[str], None]) -> Iterator[Row]:
    """The rows of experiments with real processes."""
    sys.path.insert(0, str(TESTS / "end_to_end"))
    import loopback  # noqa: PLC0415 - starts nothing, but needs the tests' own way to start Locust

    return loopback.rows(runs, say)


def table(of: Iterator[Row]) -> tuple[str, list[Row]]:
    """The table as text, and the rows that do not hold."""
    seen = list(of)
    lines = ["| " + " | ".join(HEAD) + " |", "|---|---:|---:|---:|---:|---:|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in seen]
    return "\n".join(lines), [row for row in seen if not row.holds]


def written(document: str, text: str) -> str:
    """The document with this table between its two marks; a ``ValueError`` unless it has both, in order."""
    before, begin, remaining = document.partition(BEGIN)
    _, end, after = remaining.partition(END)
    if not (begin and end):
        raise ValueError(f"there is no place for the table: it needs {BEGIN!r} and after it {END!r}")
    return f"{before}{BEGIN}\n\n{text}\n\n{END}{after}"


def asked_for(arguments: list[str] | None) -> argparse.Namespace:
    """The parsed arguments; wrong ones end the process with code 2."""
    parser = argparse.ArgumentParser(description="Print the table of what checkload claims about itself.")
    parser.add_argument(
        "--only", choices=(*KINDS, COMPARISONS), help="one kind of claims (default: all but comparisons)"
    )
    parser.add_argument(
        "--runs", type=int, metavar="N", help=f"clean runs on loopback, by which the others go (default: {RUNS})"
    )
    parser.add_argument(
        "--searches",
        type=int,
        default=SEARCHES,
        metavar="N",
        help=f"searches for each row about thinking shoppers and disturbed shops (default: {SEARCHES})",
    )
    parser.add_argument("--quick", action="store_true", help="the sizes of the tests: a minute or two")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the whole table between its marks in this file")
    asked = parser.parse_args(arguments)
    if asked.runs is None:
        asked.runs = FEW if asked.quick else RUNS
    if min(asked.runs, asked.searches) < 1:
        parser.error(f"--runs {asked.runs}, --searches {asked.searches}: from 1")
    if asked.write is not None:
        if asked.only not in (None, COMPARISONS) or asked.quick:
            parser.error("--write takes a whole table; leave --only (except comparisons) and --quick out")
        try:
            written(asked.write.read_text(encoding="utf-8"), "")  # fails now, and not after an hour
        except (OSError, ValueError) as error:
            parser.error(f"--write {asked.write}: {error}")
    return asked


def main(arguments: list[str] | None = None) -> int:
    """Print the table and write it where asked; 1 if a claim does not hold."""
    asked = asked_for(arguments)
    began = time.monotonic()

    def say(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.0f} s  {what}\n")

    def rows() -> Iterator[Row]:
        kinds = (
            simulated(quick=asked.quick),
            searches(quick=asked.quick, number=asked.searches),
            on_loopback(asked.runs, say),
        )
        chosen = [of for kind, of in zip(KINDS, kinds, strict=True) if asked.only in (None, kind)]
        if asked.only == COMPARISONS:
            chosen = [regression_claims.rows(quick=asked.quick)]
        for of in chosen:
            for row in of:
                say(f"{row.claim}: {row.estimate} of {row.bound}{'' if row.holds else ': DOES NOT HOLD'}")
                yield row

    text, broken = table(rows())
    sys.stdout.write(text + "\n")
    if asked.write is not None:
        document = asked.write.read_text(encoding="utf-8")
        asked.write.write_text(written(document, text), encoding="utf-8")
    for row in broken:
        sys.stderr.write(f"does not hold: {row.claim}: {row.estimate}, {row.bound}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
