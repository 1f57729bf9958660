"""Writes the table of the slowest tests in CONTRIBUTING.md, from the times that ``make test`` has measured.

python docs/slowest_tests.py results/quick-tests.xml results/process-tests.xml
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

PAGE = Path(__file__).resolve().parents[1] / "CONTRIBUTING.md"
NUMBER = 20
PLACE = re.compile(
    r"(<!-- made by docs/slowest_tests\.py -->\n).*?(<!-- made by docs/slowest_tests\.py: end -->)", re.DOTALL
)


def slowest(reports: Iterable[str]) -> str:
    """The table, from the texts of JUnit reports; the seconds include what a test sets up and takes down."""
    found = []
    for report in reports:
        for case in ET.fromstring(report).iter("testcase"):  # noqa: S314 - our own tests wrote it
            file = f"tests/{case.attrib['classname'].removeprefix('tests.').replace('.', '/')}.py"
            found.append((float(case.attrib["time"]), file, case.attrib["name"]))
    found.sort(reverse=True)
    rows = [f"| {seconds:.0f} | `{file}` | `{name}` |" for seconds, file, name in found[:NUMBER]]
    total = sum(seconds for seconds, _, _ in found)
    said = f"All {len(found):,} tests together take {total:,.0f} s. Most of that is waiting."
    return "\n".join([said, "", "| seconds | file | test |", "|---:|---|---|", *rows])


def written(page: str, table: str) -> str:
    """The text of the page with this table in its place."""
    return PLACE.sub(lambda place: f"{place[1]}\n{table}\n\n{place[2]}", page)


def asked_for(arguments: list[str] | None = None) -> argparse.Namespace:
    """What these arguments ask for."""
    parser = argparse.ArgumentParser(description="Write the table of the slowest tests in CONTRIBUTING.md.")
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT", help="a JUnit report that `make test` wrote")
    return parser.parse_args(arguments)


def main() -> int:
    """Write the table."""
    try:
        reports = [report.read_text(encoding="utf-8") for report in asked_for().reports]
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}; run make test, which writes it\n")
        return 2
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(page, slowest(reports)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
