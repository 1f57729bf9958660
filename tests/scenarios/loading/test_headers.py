"""The table ``[headers]``: valid names and values, and no value in a message."""

from __future__ import annotations

import json

import pytest

from harness.run.workload import Choices
from scenarios.loading.reader import build_scenario
from scenarios.loading.scenario import Scenario
from scenarios.runtime.workload import ScenarioWorkload
from scenarios.schema.problems import ScenarioError

PLAIN = {"arrivals": {"rate": "5/s", "duration": "10s"}, "objectives": ["journey failures < 1%"]}
SECRET = "S3cret-of-the-gate"


def made(**headers: object) -> Scenario:
    return build_scenario({**PLAIN, "headers": headers}, name="gated")


def refused(**headers: object) -> str:
    with pytest.raises(ScenarioError) as caught:
        made(**headers)
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("STAGING_TOKEN", SECRET)


def test_a_value_comes_from_the_environment(token):
    assert made(Authorization="Bearer ${STAGING_TOKEN}", X="plain").headers == {
        "Authorization": f"Bearer {SECRET}",
        "X": "plain",
    }


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable_is_reported_with_its_key(monkeypatch, value):
    monkeypatch.delenv("STAGING_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("STAGING_TOKEN", value)
    said = refused(Authorization="Bearer ${STAGING_TOKEN}")
    assert "headers.Authorization" in said
    assert "set STAGING_TOKEN before the run" in said


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "connection",
        "cookie",
        "X-CSRFToken",
        "x-requested-with",
        "Trailer",
    ],
)
def test_a_header_that_the_client_sets_is_refused(name):
    said = refused(**{name: SECRET})
    assert f"headers.{name}" in said
    assert "leave it out" in said


@pytest.mark.parametrize("name", ["", "X Y", f"X: {SECRET}", "X\r\nHost", "Ümlaut"])
def test_an_invalid_header_name_is_refused_and_not_shown(name):
    assert "names of letters" in refused(**{name: SECRET})


@pytest.mark.parametrize("value", [f"{SECRET}\r\nX: 1", f"{SECRET}\n", f" {SECRET}", f"{SECRET}ü", f"{SECRET}\x00"])
def test_a_value_that_would_break_the_request_is_refused(value):
    assert "printable ASCII" in refused(X=value)


def test_a_line_end_from_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("STAGING_TOKEN", f"{SECRET}\nX: 1")
    assert "printable ASCII" in refused(X="${STAGING_TOKEN}")


@pytest.mark.parametrize("value", ["${", "${}", "${A B}", "${A", "${A${B}}"])
def test_an_invalid_reference_is_refused(value):
    assert "environment variable" in refused(X=value + SECRET)


def test_a_header_may_be_there_once_in_any_case():
    assert "leave one of them out" in refused(Authorization=SECRET, authorization=SECRET)


def test_all_wrong_headers_are_reported_at_once():
    said = refused(Host=SECRET, X=f"{SECRET}\n", Y="${NOT_SET_ANYWHERE}")
    assert "3 problems" in said


@pytest.mark.parametrize("value", [5, [SECRET], {"a": SECRET}])
def test_a_value_that_is_not_text_is_not_shown(value):
    assert "headers.X" in refused(X=value)


def test_header_values_are_hidden_from_results(token):
    scenario = made(Authorization="Basic ${STAGING_TOKEN}", Key=SECRET)
    asked = scenario.as_asked()
    assert SECRET not in json.dumps(asked)
    assert asked["headers"] == {"Authorization": "(hidden)", "Key": "(hidden)"}
    assert build_scenario(asked, name="again").as_asked() == asked
    workload_of = ScenarioWorkload(scenario, Choices(scenario="gated"))
    assert {SECRET, f"Basic {SECRET}"} <= set(workload_of.secrets())
    assert SECRET not in json.dumps(workload_of.as_asked())


@pytest.mark.parametrize("key", ["locale", "currency"])
@pytest.mark.parametrize("value", ["", "a b", "try\r\nX: 1", "try; a=1", "ü"])
def test_locale_and_currency_are_plain_codes(key, value):
    with pytest.raises(ScenarioError, match=f"conduct.{key}"):
        build_scenario({**PLAIN, "conduct": {key: value}}, name="coded")
