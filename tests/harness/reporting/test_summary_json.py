"""The small file for scripts: it fits its schema and 20 kB, and says the same as the result."""

import json
from dataclasses import replace
from importlib.resources import files

import pytest
from finished_runs import a_run
from jsonschema import Draft202012Validator

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.objectives.verdict import Finding, Severity
from harness.reporting.summary_json import summary_json

SCHEMA = json.loads(files("harness.reporting").joinpath("summary.schema.json").read_text())


def read(result):
    content = summary_json(result)
    document = json.loads(content)
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)] == []
    assert len(content) < 20_000
    return document


@pytest.mark.parametrize("name", ["passed", "failed", "invalid", "inconclusive", "rich"])
def test_every_verdict_fits_the_schema(request, name):
    result = request.getfixturevalue(name)
    document = read(result)
    assert document["verdict"] == result.judgement.verdict.value
    assert document["reason"] == result.judgement.reason
    assert document["counts"]["orders"] == result.counts.orders


def test_a_failed_run_names_its_cause_and_the_broken_objective_first():
    document = read(a_run(10, page=0.2, objectives=("journey failures < 1%",)))
    assert [one["verdict"] for one in document["objectives"]] == ["failed", "passed"]
    first = document["objectives"][0]
    assert (first["measured"], first["bound"], first["unit"]) == (pytest.approx(0.2, rel=0.01), 0.1, "s")


def test_objectives_of_an_invalid_run_are_not_judged():
    assert {one["verdict"] for one in read(a_run(10, invalid=True))["objectives"]} == {"not judged"}


def test_long_lists_are_cut_and_counted():
    texts = [f"page.IndexPage response_time p{percent} < 1ms" for percent in range(40, 99)]
    run = a_run(10, objectives=texts)
    findings = tuple(Finding(str(n), Severity.WARNING, "x" * 500, "y" * 500) for n in range(40))
    run = replace(run, judgement=replace(run.judgement, findings=findings))
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for n in range(60):
        recorder.page(PageSample(f"Page{n}", "gpay", "ok", "nobody", 1.0, 1.0, 1.1))
    document = read(replace(run, recorder=recorder))
    assert document["left_out"] == {"objectives": 30, "findings": 30, "pages": 35}


def test_never_answered_is_a_text():
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    for _ in range(30):
        recorder.page(PageSample("P", "gpay", "timeout", "shop", 1.0, 1.0, 9.0))
    document = read(replace(a_run(10), recorder=recorder))
    assert document["all_pages"]["response_time"]["p95"] == "inf"
