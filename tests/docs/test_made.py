"""The generated parts of the pages agree with the code and with the output of a run."""

import re

import make as making
import pytest
import real_runs
from documents import PAGES, ROOT, named

PARTS = [
    (named(page), part["name"], part["body"].strip())
    for page in PAGES
    for part in making.PART.finditer(page.read_text(encoding="utf-8"))
    if part["name"] != "end"
]


@pytest.mark.parametrize(("page", "name", "body"), [one for one in PARTS if one[1] in making.CURRENT])
def test_a_table_made_from_the_code_is_current(page, name, body):
    assert body == making.CURRENT[name](), f"{page}: run python docs/make.py"


def test_every_part_can_be_made_and_is_shown():
    assert {name for _, name, _ in PARTS} == {*making.CURRENT, *real_runs.SHOWN}


def test_a_part_is_put_in_its_place_and_others_stay():
    page = f"a\n<!-- made by docs/make.py: x -->\n\nold\n\n{making.END}\n<!-- made by docs/make.py: y -->\nb\n{making.END}\n"
    new = making.written(page, {"x": "new"})
    assert new == page.replace("old", "new")
    assert making.written(new, {"x": "new"}) == new


REPORT = """PASSED: well

Facts

Pages
page    count
------  -----
a           1
b           2
c           3
all         6"""


def test_an_excerpt_keeps_the_first_rows_and_the_sum():
    assert (
        real_runs.excerpt(REPORT, 2).splitlines()[-5:]
        == ["------  -----", "a           1", "b           2", "…", "all         6"][:5]
    )
    assert real_runs.excerpt(REPORT, 4) == REPORT


SEARCHED = """PASSED: The shop carries 1,135 journeys and 1,076 orders a minute.

Scenario capacity, seed 1, against the embedded shop at http://127.0.0.1:37447: 239 s judged.
Confirmed by a separate level: 1,135 journeys a minute, with 1,076 orders a minute (1,021 to 1,131
with 95 % confidence).
The first objective breaks at 1,419 journeys a minute (1,261 to 1,597 with 95 % confidence).
First objective to break: page response_time p95 < 150ms
In the whole run: 70,962 pages

Objectives"""


def test_a_search_is_held_against_the_known_capacity():
    counts = {"pages": 1_508, "journeys": 100, "pages_by_page": {"Bank": 60, "SmsInbox": 40}}
    text = real_runs.capacity_text(SEARCHED, counts)
    assert "At 14.1 pages a journey, that is 1,551 journeys a minute." in text
    assert "This run found 1,419, which is 8.5% off." in text
    assert text.startswith("```text\nPASSED: The shop carries 1,135")
    assert "In the whole run" not in text


CODE = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "harness").rglob("*.py"))


def test_the_labels_of_a_search_are_those_of_the_report():
    (shown,) = [body for _, name, body in PARTS if name == "capacity"]
    # Numbers are written into the sentences: the words before them are in the code.
    labels = [
        re.split(r" [\d.,]+ %", line.split(":")[0])[0]
        for line in shown.splitlines()
        if ": " in line and "**" not in line
    ]
    labels += re.findall(r"The first objective breaks at", shown)
    assert {"Confirmed by a separate level", "First objective to break", "The first objective breaks at"} <= set(labels)
    assert [label for label in labels if label not in CODE and label != "PASSED"] == []


@pytest.mark.parametrize("name", ["baseline-short", "baseline-report", "capacity"])
def test_the_verdict_is_said_as_the_report_says_it(name):
    (headline,) = {
        line for _, part, body in PARTS if part == name for line in body.splitlines() if line.startswith("PASSED: ")
    }
    pieces = re.split(r"[\d,]*\d[\d,]*|, |PASSED: ", headline)
    assert [piece for piece in pieces if len(piece) > 4 and piece.strip() not in CODE] == []


def test_the_sections_of_the_report_are_named_as_the_report_names_them():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"(?<!\*)\*((?:About|Objectives|What) [^*\n]+)\*(?!\*)", text))
    assert len(named) >= 2
    assert [section for section in named if f'"{section}"' not in CODE] == []


def test_the_readme_shows_a_short_output():
    (shown,) = [body for page, name, body in PARTS if (page, name) == ("README.md", "baseline-short")]
    assert 12 <= len(shown.splitlines()) <= 26
