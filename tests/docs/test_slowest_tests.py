"""CONTRIBUTING.md names the slowest tests, and each of them exists."""

import re

import slowest_tests
from documents import ROOT

REPORT = """<testsuites><testsuite>
<testcase classname="tests.users.test_funnel" name="test_quick" time="0.012" />
<testcase classname="tests.end_to_end.test_rules" name="test_slow[a fault]" time="31.6" />
</testsuite></testsuites>"""


def test_the_slowest_test_comes_first():
    said, _, _, _, first, second = slowest_tests.slowest([REPORT]).splitlines()
    assert said.startswith("All 2 tests together take 32 s")
    assert first == "| 32 | `tests/end_to_end/test_rules.py` | `test_slow[a fault]` |"
    assert second.startswith("| 0 | `tests/users/test_funnel.py`")


def test_only_the_slowest_are_listed():
    assert slowest_tests.slowest([REPORT] * 30).count("\n") == 3 + slowest_tests.NUMBER


def test_the_table_replaces_the_one_before():
    page = slowest_tests.PAGE.read_text(encoding="utf-8")
    new = slowest_tests.written(page, "| new |")
    assert "\n| new |\n" in new
    assert slowest_tests.written(new, "| new |") == new


def test_every_test_in_the_table_exists():
    page = slowest_tests.PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| `(.+?)` \| `(\w+).*?` \|$", page, re.MULTILINE)
    assert len(rows) == slowest_tests.NUMBER
    assert [row for row in rows if f"def {row[1]}(" not in (ROOT / row[0]).read_text(encoding="utf-8")] == []


def test_a_missing_report_is_named_with_what_writes_it(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["slowest_tests.py", "nowhere.xml"])
    assert slowest_tests.main() == 2
    assert capsys.readouterr().err == "nowhere.xml: No such file or directory; run make test, which writes it\n"
