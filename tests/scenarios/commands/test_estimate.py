"""The command `checkload estimate`: its text, its file, and its errors."""

import json
import re

import pytest

from scenarios.commands.cli import main
from scenarios.estimation import estimate, walk

SHORT = ("estimate", "baseline", "--arrival-rate", "2/s", "--run-time", "20s")


def test_the_text_names_what_the_run_sends_and_fits_80_columns(capsys):
    assert main([*SHORT]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    for words in ("journeys", "requests", "SMS codes", "virtual users", "processes on this machine", "result.json"):
        assert words in out
    assert "This run cannot pass" in out
    assert "- journey failures < 1%: let the judged part last at least" in out


def test_the_file_holds_every_figure(tmp_path, capsys):
    path = tmp_path / "estimate.json"
    assert main([*SHORT, "--json", str(path)]) == 0
    document = json.loads(path.read_text())
    assert document["schema_version"] == 1
    assert document["requests"] > document["arrivals"] > 0
    assert {"text", "expected", "needed", "shortest"} == document["objectives"][0].keys()


def test_a_search_is_counted_at_most(capsys, monkeypatch):
    monkeypatch.setattr(walk, "MOST_WALKED", 100)
    monkeypatch.setattr(estimate, "MOST_SPREAD", 100)
    assert main(["estimate", "capacity", "--budget", "5m"]) == 0
    assert re.search(r"journeys +at most 36,000 +120 a second", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("nonsense",), 'scenario = "nonsense"'),
        (("baseline", "--run-time", "x", "--arrival-rate", "5"), "--run-time x: not a duration"),
        (("baseline", "--run-time", "x", "--arrival-rate", "much"), "much"),
    ],
)
def test_every_wrong_option_is_named(capsys, options, says):
    assert main(["estimate", *options]) == 2
    assert says in capsys.readouterr().err
