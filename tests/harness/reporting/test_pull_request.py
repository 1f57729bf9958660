"""The comment on a pull request: short, in one language of verdicts, and safe to show."""

import re
from dataclasses import replace

from finished_runs import a_run

from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.markdown import escaped, with_code
from harness.reporting.pull_request import Attempt, comment


def test_a_failure_names_what_was_not_kept():
    text = comment(a_run(10, page=0.2, objectives=("journey failures < 1%",)), link="https://ci.example.com/1")
    assert "### ❌ checkload baseline: failed" in text
    assert "| failed" in text
    assert "1 other objective kept." in text
    assert text.rstrip().endswith("[Full report](https://ci.example.com/1)")


def test_an_invalid_run_judges_no_objective():
    text = comment(a_run(10, page=0.2, invalid=True))
    assert "### ⚠️ checkload baseline: invalid" in text
    assert "| failed" not in text
    assert "What to do: use two." in text


def test_earlier_attempts_are_counted():
    text = comment(a_run(10), [Attempt(Verdict.INVALID, "The machine was busy.")])
    assert "- Attempt 1: invalid. The machine was busy." in text


def test_the_comment_stays_under_60_lines_whatever_happens():
    texts = [f"page.IndexPage response_time p{percent} < 1ms" for percent in range(50, 99)]
    run = a_run(10, objectives=texts)
    findings = [Finding(str(n), Severity.WARNING, f"finding {n}", "do it") for n in range(40)]
    run = replace(run, judgement=replace(run.judgement, findings=tuple(findings)))
    text = comment(run, [Attempt(Verdict.INVALID, "x")] * 5, link="https://ci.example.com/1", warns=True)
    assert len(text.splitlines()) < 60
    assert "37 more objectives not kept." in text


def test_texts_from_outside_cannot_write_markdown():
    hostile = "[click](javascript:x) <img src=x> @everyone | `code` **bold**"
    run = a_run(10)
    findings = (Finding("failures", Severity.WARNING, hostile),)
    text = comment(replace(run, scenario=hostile, judgement=replace(run.judgement, findings=findings)))
    for words in ("[click](", "<img", "@everyone", "**bold**", " `code`"):
        assert words not in text
    assert text.splitlines()[0].startswith("<!-- checkload ")
    assert "-->" in text.splitlines()[0]


def test_a_backslash_cannot_undo_an_escape():
    assert escaped(r"\[click\](http://evil.example)") == r"\\\[click\\\](http://evil.example)"
    assert escaped("a | b") == r"a \| b"


def test_the_cause_shows_the_outcome_as_code_and_leads_to_what_to_do(rich, failed):
    text = comment(rich)
    assert re.search(r"^- .* failed journeys ended as `http_5xx` on \w+", text, re.MULTILINE), text
    assert (
        comment(failed).count(
            "\n\nWhat to do: look for a status from 500 to 599 on IndexPage in the log of the shop.\n\n"
        )
        == 1
    )
    assert with_code("a `b_c` and `[x](y)`") == r"a `b_c` and \`\[x\](y)\`"


def test_objectives_that_were_not_judged_are_counted_apart():
    run = a_run(10, page=0.2, objectives=("journey failures < 1%", "page failures < 1%"))
    failed, *others = run.judgement.objectives
    objectives = (*(replace(one, verdict=Verdict.INVALID) for one in others), replace(failed, verdict=Verdict.FAILED))
    run = replace(run, judgement=replace(run.judgement, verdict=Verdict.FAILED, objectives=objectives))
    text = comment(run)
    assert text.count("| failed") == 1
    assert "2 other objectives not judged." in text
    assert "| invalid" not in text
