"""The summary of a run as Markdown, for a CI step."""

import re
from dataclasses import replace

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.objectives.verdict import Finding, Severity
from harness.reporting.report import MOST_BYTES, summary


def table(text, title):
    """The rows of a table on the console, split into cells."""
    lines = text.split(f"\n{title}")[1].split("\n\n")[0].splitlines()[3:]
    return [re.split(r"\s{2,}", line.strip()) for line in lines]


def test_the_summary_is_markdown_with_the_same_contents(rich):
    text = summary(rich)
    assert text.startswith("## checkload baseline: FAILED\n")
    assert "| failed       | journey response\\_time p95 &lt; 100ms" in text
    assert "### Pages (steady part)\n\n| page " in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    headings = [line for line in rows if set(line) <= set("|-: ")]
    assert len(headings) == 5
    assert all("--:" in line for line in headings)


@pytest.mark.parametrize("odd", ["a|b", "<script>alert(1)</script>", "*bold* _x_ `y`", "line\nbreak"])
def test_special_characters_cannot_break_a_table(passed, odd):
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    recorder.page(PageSample(odd, "gpay", "ok", "nobody", 1.0, 1.0, 1.1))
    text = summary(replace(passed, recorder=recorder))
    (row,) = [line for line in text.split("### Pages")[1].split("###")[0].splitlines() if "100 ms" in line]
    assert len(re.findall(r"(?<!\\)\|", row)) == 8
    assert "<script" not in text


def test_the_summary_has_a_size_limit(passed):
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    for number in range(3000):
        recorder.page(PageSample(f"Page{number:04}" * 5, f"option{number:04}" * 5, "ok", "nobody", 1.0, 1.0, 1.1))
        recorder.journey(JourneySample("guest", f"option{number:04}" * 5, f"o{number}" * 9, "shop", 1.0, 1.0, 1.1))
    findings = tuple(Finding("x", Severity.WARNING, f"something {'very ' * 50}odd", "do it") for _ in range(300))
    result = replace(passed, recorder=recorder, judgement=replace(passed.judgement, findings=findings))
    text = summary(result)
    assert len(text.encode()) < 64_000
    assert len(text.encode()) > MOST_BYTES / 2
    assert "in `result.json`" in text
    assert text.startswith("## checkload baseline: PASSED")
