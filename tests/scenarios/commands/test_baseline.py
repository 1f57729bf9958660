"""The command `checkload baseline`, and baselines in `checkload compare`."""

from dataclasses import replace

import pytest
from finished_runs import a_run

from harness.regression.baselines import MAX_BYTES
from harness.results.result import SteeringChange
from harness.results.store import write
from scenarios.commands.cli import main


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        write(a_run(10, minute=number), tmp_path / f"r{number}")
    write(a_run(10, minute=9, page=0.1), tmp_path / "slow")
    return tmp_path


def test_runs_are_stored_listed_shown_and_pruned(place, capsys):
    assert main(["baseline", "add", "r0", "r1", "r2"]) == 0
    assert [file.name for file in sorted((place / "baselines").iterdir())] == [f"x-{n}.json.gz" for n in range(3)]
    assert all(file.stat().st_size < MAX_BYTES for file in (place / "baselines").iterdir())
    assert main(["baseline", "list"]) == 0
    text = capsys.readouterr().out
    assert "x-1.json.gz" in text
    assert "2026-01-02 00:02:00" in text
    assert main(["baseline", "show", "baselines/x-1.json.gz"]) == 0
    assert "run: x-1" in capsys.readouterr().out
    assert main(["baseline", "prune", "--keep", "1"]) == 0
    assert [file.name for file in (place / "baselines").iterdir()] == ["x-2.json.gz"]


def test_an_empty_folder_says_how_to_begin(place, capsys):
    assert main(["baseline", "list"]) == 0
    assert "checkload baseline add RESULT" in capsys.readouterr().out


def test_a_run_is_stored_once(place, capsys):
    assert main(["baseline", "add", "r0"]) == 0
    assert main(["baseline", "add", "r0"]) == 2
    assert "the run x-0 is stored already, as baselines/x-0.json.gz" in capsys.readouterr().err


def test_unlike_and_invalid_runs_are_refused_with_the_reason_and_the_others_are_stored(place, capsys):
    run = a_run(10, minute=5)
    write(replace(run, asked=replace(run.asked, scenario={"think": {"median": 1}})), place / "other")
    write(replace(a_run(10, minute=6), versions={"machine": "8 x Other"}), place / "moved")
    write(a_run(10, minute=7, invalid=True), place / "spoilt")
    write(replace(a_run(10), versions={"machine": "2 x This"}), place / "first")
    assert main(["baseline", "add", "first", "other", "moved", "spoilt", "nowhere", "r1"]) == 2
    said = capsys.readouterr().err
    for part in (
        "other cannot be compared with baselines/x-0.json.gz: think is ",
        "moved was not measured like baselines/x-0.json.gz: machine 8 x Other instead of 2 x This",
        "spoilt is invalid: the harness used 99 % of a core",
        "nowhere",
    ):
        assert part in said
    assert {file.name for file in (place / "baselines").iterdir()} == {"x-0.json.gz", "x-1.json.gz"}


def test_no_folder_is_suggested_for_a_run_that_no_comparison_can_use(place, capsys):
    change = SteeringChange(at=3.0, quantity="users", before="10", after="20")
    write(replace(a_run(10), changes=(change,)), place / "changed")
    assert main(["baseline", "add", "changed"]) == 2
    said = capsys.readouterr().err
    assert "changed was changed by a person" in said
    assert "--folder" not in said


def test_a_damaged_file_among_the_baselines_is_named(place, capsys):
    assert main(["baseline", "add", "r0"]) == 0
    (place / "baselines" / "y.json.gz").write_bytes(b"\x1f\x8bnothing")
    assert main(["baseline", "list"]) == 2
    assert "baselines/y.json.gz" in capsys.readouterr().err


def test_a_baseline_takes_the_place_of_a_result(place, capsys):
    assert main(["baseline", "add", "r0"]) == 0
    assert main(["compare", "baselines/x-0.json.gz", "r1", "--run-effect", "1%"]) in {0, 5}
    assert main(["compare", "baselines/x-0.json.gz", "slow", "--run-effect", "1%"]) == 3
    assert main(["compare", "baselines/x-0.json.gz", "r0"]) == 2
    assert "the same run (x-0)" in capsys.readouterr().err
    assert main(["report", "baselines/x-0.json.gz"]) == 0


def test_a_wrong_number_to_keep_deletes_nothing(place, capsys):
    assert main(["baseline", "add", "r0"]) == 0
    assert main(["baseline", "prune", "--keep", "-1"]) == 2
    assert len(list((place / "baselines").iterdir())) == 1
