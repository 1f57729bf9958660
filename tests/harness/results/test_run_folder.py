"""The folder of a run is found by the folder around it, if it holds no other run."""

import pytest

from harness.results.store import ResultError, read, run_folder, write


def test_a_folder_with_one_run_in_it_names_this_run(passed, tmp_path):
    (tmp_path / "other").mkdir()
    write(passed, tmp_path / "run")
    assert run_folder(tmp_path) == tmp_path / "run"
    assert run_folder(tmp_path / "run") == tmp_path / "run"
    assert run_folder(tmp_path / "run" / "result.json") == tmp_path / "run"
    assert read(tmp_path).run_id == passed.run_id


def test_a_run_that_was_killed_is_a_run_too(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "orders.csv").touch()
    assert run_folder(tmp_path) == tmp_path / "run"


def test_of_several_runs_one_must_be_named(passed, tmp_path):
    for number in range(4):
        write(passed, tmp_path / f"run-{number}")
    with pytest.raises(ResultError, match=r"holds 4 runs; name one of them, such as run-1, run-2, run-3$"):
        read(tmp_path)
