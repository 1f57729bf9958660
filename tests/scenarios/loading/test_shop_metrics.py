"""Objectives on the shop's own metrics in a scenario file, and the Prometheus that they need."""

import pytest

from scenarios.loading.overrides import apply_overrides

LOAD = '[arrivals]\nrate = "10/s"\nduration = "1m"\n'
BOTH = 'objectives = ["prometheus: up{job=\'shop\'} > 0", "journey failures < 1%"]\n'
SECRET = "swordfish"


def test_objectives_on_metrics_stand_beside_those_on_samples(written, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    scenario = written(f'{BOTH}{LOAD}[prometheus]\nurl = "http://127.0.0.1:9090/path"\ntoken_variable = "SHOP_TOKEN"\n')
    chosen = apply_overrides(scenario, {"arrival_rate": "5/s", "payment_mix": "gpay"})
    assert [one.query for one in chosen.document.metric_objectives] == ["up{job='shop'}"]
    assert [one.text for one in chosen.objectives] == ["journey failures < 1%"]
    source = chosen.document.prometheus.source
    assert (source.url, source.token) == ("http://127.0.0.1:9090/path", SECRET)
    assert SECRET not in str(chosen.as_asked())
    assert SECRET not in repr(source)


def test_an_objective_on_a_metric_needs_a_prometheus(complaints):
    (problem,) = complaints(BOTH + LOAD).values()
    assert problem.key == "prometheus.url"
    assert "objectives[0]" in problem.expected
    assert "[prometheus] url" in problem.remedy


def test_a_search_for_capacity_has_no_objective_on_a_metric(complaints):
    search = '[arrivals]\ndrain = "5s"\n[capacity]\nstart = "10/s"\nmost = "120/s"\nbudget = "5m"\nconfirm = "45s"\n'
    found = complaints(f'{BOTH}{search}[prometheus]\nurl = "http://127.0.0.1:9090"\n')
    assert "leave it out" in found["objectives[0]"].remedy


@pytest.mark.parametrize(
    ("key", "written_value"),
    [
        ("url", "127.0.0.1:9090"),
        ("url", f"http://ada:{SECRET}@127.0.0.1:9090"),
        ("url", "http://127.0.0.1:9090?query=1"),
        ("url", "ftp://127.0.0.1"),
        ("url", "http://2130706433:9090"),
        ("token_variable", f"{SECRET}-of.prometheus"),
    ],
)
def test_a_wrong_address_or_variable_is_refused_without_its_password(complaints, key, written_value):
    text = f'url = "http://127.0.0.1"\n{key} = "{written_value}"' if key != "url" else f'url = "{written_value}"'
    found = complaints(f"{BOTH}{LOAD}[prometheus]\n{text}\n")
    assert f"prometheus.{key}" in found
    assert SECRET not in "\n".join(map(str, found.values()))


def test_an_objective_that_cannot_be_read_says_what_is_wrong(complaints):
    found = complaints(f'objectives = ["prometheus: up"]\n{LOAD}[prometheus]\nurl = "http://127.0.0.1:9090"\n')
    assert "end it with <, <=, > or >= and a number" in str(found["objectives[0]"])
