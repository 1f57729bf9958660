"""Every check has a title that a person can read."""

import ast
from pathlib import Path

import harness
from harness.judging import exploration, short_run
from harness.validity.titles import TITLES, title_of


def names_of_findings():
    """The first argument of each call that makes a finding, in the product."""
    for path in Path(harness.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Finding", "_finding")
            ):
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    yield first.value


def test_every_check_has_a_title_of_its_own_and_no_other_has():
    names = {*names_of_findings(), exploration.CHECK, short_run.CHECK, "books"}
    assert names == TITLES.keys()
    assert (
        len({TITLES[name] for name in names - {"books"}}) == len(names) - 1
    )  # the books of the page "Live" are accounts


def test_titles_are_short():
    assert all(2 <= len(title.split()) <= 5 for title in TITLES.values())
    assert title_of("something_new") == "something_new"
