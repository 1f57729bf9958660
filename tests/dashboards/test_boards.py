"""The dashboards are up to date, have no problems, and use only existing metrics."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.boards.colours import BY_OUTCOME, GOOD, LUCK, OURS
from dashboards.boards.files import files
from dashboards.examine.file_checks import file_problems
from dashboards.examine.panels import panels
from harness.measurement.outcomes import Blame, Outcome
from harness.metrics.catalogue import CATALOGUE, PREFIX

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "dashboards" / "grafana" / "dashboards"
RULES = sorted((ROOT / "dashboards" / "prometheus" / "rules").glob("*.yml"))
FILES = sorted(FOLDER.glob("*.json"))
SELECTOR = re.compile(rf"(?<![:\w]){PREFIX}" + r"(\w+)(?:\{([^}]*)\})?")
EVERYWHERE = {"run_id", "le"}


@pytest.fixture(scope="module", autouse=True)
def every_type():
    """Register the panel and query types; without them, the contents of panels and queries are not checked."""
    plugins.register_default_plugins()


def _read(path):
    return json.loads(path.read_text())


def _queries(board):
    return [target["expr"] for panel in panels(board) for target in panel["targets"]]


def _rules():
    return [
        rule["expr"]
        for path in RULES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


def test_the_committed_dashboards_are_up_to_date(tmp_path):
    command = [sys.executable, "-m", "dashboards.boards", "--into", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in FILES}
    assert made == {name: text.encode() for name, text in files().items()}
    assert len(made) == 4


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_grafanas_types_keep_every_field(path):
    board = _read(path)
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(board))) == board


@pytest.mark.parametrize(
    ("word", "slip"), [("lineWidth", "lineWidht"), ("legendFormat", "legendFormt"), ("options", "optoins")]
)
def test_grafanas_types_drop_a_misspelled_field(word, slip):
    board = json.loads((FOLDER / "payments.json").read_text().replace(f'"{word}"', f'"{slip}"'))
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(board))) != board


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_dashboards_have_no_problems(path):
    assert list(file_problems(_read(path))) == []


def _first(board):
    return next(panels(board))


SLIPS = {
    "can be edited": lambda board: board.update(editable=True),
    "no variable for the data source": lambda board: board["templating"]["list"].pop(0),
    "have the id 2": lambda board: board["panels"][2].update(id=2),
    "overlaps": lambda board: board["panels"][2]["gridPos"].update(x=1),
    "too wide": lambda board: board["panels"][1]["gridPos"].update(x=20),
    "no title": lambda board: _first(board).update(title=""),
    "what is bad": lambda board: _first(board).update(description="How it goes."),
    "its data source is not the variable": lambda board: _first(board).update(datasource={"uid": "mine"}),
    "A: its data source": lambda board: _first(board)["targets"][0].pop("datasource"),
    "no unit": lambda board: _first(board)["fieldConfig"]["defaults"].pop("unit"),
    "has no query": lambda board: _first(board).update(targets=[]),
    "mixes all runs": lambda board: _ask(board, "checkout_load_run_valid"),
    "irate()": lambda board: _ask(board, 'irate(checkout_load_orders_total{run_id=~"$run_id"}[$__rate_interval])'),
    "increase()": lambda board: _ask(board, 'increase(checkout_load_orders_total{run_id=~"$run_id"}[$__range])'),
    "avg()": lambda board: _ask(board, 'avg by (run_id) (histogram_quantile(0.9, x{run_id=~"$run_id"}))'),
    "over 1m and not": lambda board: _ask(board, 'rate(checkout_load_orders_total{run_id=~"$run_id"}[1m])'),
    "is a counter": lambda board: _ask(board, 'sum(checkout_load_orders_total{run_id=~"$run_id"})'),
    "without le": lambda board: _ask(board, 'histogram_quantile(0.9, sum by (run_id) (x{run_id=~"$run_id"}))'),
}


def _ask(board, query):
    _first(board)["targets"][0]["expr"] = query


@pytest.mark.parametrize("complaint", SLIPS)
def test_each_kind_of_problem_is_found(complaint):
    board = _read(FOLDER / "capacity.json")
    SLIPS[complaint](board)
    assert any(complaint in one for one in file_problems(board)), list(file_problems(board))


def test_every_metric_and_label_in_a_query_is_in_the_catalogue():
    asked = [query for path in FILES for query in _queries(_read(path))] + _rules()
    found = [(name, labels) for query in asked for name, labels in SELECTOR.findall(query)]
    assert len(found) > 100
    for name, labels in found:
        entry = CATALOGUE.get(name) or CATALOGUE[re.sub(r"_(bucket|count|sum)$", "", name)]
        known = {*entry.labels, *EVERYWHERE}
        assert set(re.findall(r"(\w+)(?==~|!=|!~|=)", labels)) <= known, (name, labels)


def test_every_le_in_a_query_is_the_bound_of_a_bucket():
    asked = [query for path in FILES for query in _queries(_read(path))] + _rules()
    found = [(name, labels) for query in asked for name, labels in SELECTOR.findall(query) if "le=" in labels]
    assert found
    for name, labels in found:
        bounds = {repr(bound) for bound in CATALOGUE[name.removesuffix("_bucket")].bounds}
        (wanted,) = re.findall(r'\ble=~?"([^"]+)"', labels)
        assert set(wanted.split("|")) <= bounds, (name, wanted)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_dashboard_has_a_choice_of_runs_and_shows_phases(path):
    board = _read(path)
    variables = {one["name"]: one for one in board["templating"]["list"]}
    assert variables["run_id"]["multi"]
    assert [one["name"] for one in board["annotations"]["list"]] == ["Phases", "Start of the run"]
    assert "useValueForTime" in board["annotations"]["list"][1]


def test_lines_of_objectives_come_from_metrics():
    drawn = [
        query
        for path in FILES
        for panel in panels(_read(path))
        for query in panel["targets"]
        if query["refId"] == "objective"
    ]
    assert len(drawn) == 4
    assert all("checkout_load_slo_threshold_seconds" in one["expr"] for one in drawn)


def test_a_legend_has_the_run_only_through_the_variable_that_knows_whether_there_are_several():
    for path in FILES:
        board = _read(path)
        assert "run_label" in {one["name"] for one in board["templating"]["list"]}
        legends = [target.get("legendFormat", "") for panel in panels(board) for target in panel["targets"]]
        assert any("{{$run_label}}" in one for one in legends)
        assert not any("run_id" in one for one in legends)


def test_a_table_has_the_run_only_through_the_same_variable():
    tables = [panel for path in FILES for panel in panels(_read(path)) if panel["type"] == "table"]
    assert tables
    for panel in tables:
        assert all(target["expr"].startswith("sum by ($run_label, ") for target in panel["targets"]), panel["title"]


def test_the_colour_of_an_outcome_says_whose_fault_it_is():
    colours = {name: colour for names, colour in BY_OUTCOME for name in names.split("|")}
    assert colours.keys() == {one.value for one in Outcome}
    assert (colours["ok"], colours["declined"], colours["aborted"]) == (GOOD, LUCK, OURS)
    assert all("red" in colours[one.value] for one in Outcome if one.blame is Blame.SHOP)


def test_what_is_broken_comes_first_in_the_table_of_objectives():
    (table,) = [one for one in panels(_read(FOLDER / "overview.json")) if one["title"] == "Objectives and their state"]
    assert table["options"]["sortBy"] == [{"displayName": "State", "desc": False}]
    assert sorted(["passed", "kept_so_far", "broken_so_far", "failed"])[:2] == ["broken_so_far", "failed"]
