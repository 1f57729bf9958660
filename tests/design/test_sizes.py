"""A file is short enough to read at once, and a package is short enough to search by eye."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from statistics import median

from design.sources import ROOT, python_files

PRODUCT = ("harness", "users", "scenarios", "shop", "dashboards", "locustfile.py", "docs")
LONGEST_FILE = 300
LONGEST_MEDIAN = 120
LARGEST_PACKAGE = 16
LINES_FOR_A_REASON = 10
REASON = "Longer than 300 lines:"


def lines_of(path):
    with (ROOT / path).open() as file:
        return sum(1 for _ in file)


def top_of(path):
    with (ROOT / path).open() as file:
        return "".join(islice(file, LINES_FOR_A_REASON))


def test_a_long_file_says_at_its_top_why_it_is_long():
    long = {str(path) for path in python_files(*PRODUCT, "tests") if lines_of(path) > LONGEST_FILE}
    without_reason = {path for path in long if REASON not in top_of(path)}
    assert without_reason == set(), f"split them, or say at the top '{REASON} <reason>'"


def test_half_of_the_files_are_short():
    assert median(lines_of(path) for path in python_files(*PRODUCT)) < LONGEST_MEDIAN


def test_a_package_is_small_enough_to_search_by_eye():
    sizes = Counter(str(path.parent) for path in python_files(*PRODUCT) if path.name != "__init__.py")
    large = {package: size for package, size in sizes.items() if size > LARGEST_PACKAGE}
    assert large == {}
