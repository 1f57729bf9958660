"""The command `checkload regress history`: stored runs, a candidate, and the CSV for Otava."""

import csv
import random

import pytest
from finished_runs import a_run

from harness.results.store import write
from scenarios.commands.cli import main


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history")
    chance = random.Random(1)
    for number in range(10):
        write(a_run(10, minute=number, page=0.05 * chance.lognormvariate(0, 0.02)), folder / f"r{number}")
    write(a_run(10, minute=20), folder / "same")
    write(a_run(10, minute=21, page=0.1), folder / "slow")
    write(a_run(10, minute=22, invalid=True), folder / "spoilt")
    write(a_run(10, minute=23, page=0.2), folder / "slow4")
    for number in range(3):
        write(a_run(10, minute=30 + number, page=0.1 + 0.002 * number), folder / f"after{number}")
    assert main(["baseline", "add", *(str(folder / f"r{n}") for n in range(9)), "--folder", str(folder / "nine")]) == 0
    assert main(["baseline", "add", str(folder / "r0"), "--folder", str(folder / "one")]) == 0
    changed = [*(f"r{n}" for n in range(9)), *(f"after{n}" for n in range(3))]
    assert main(["baseline", "add", *(str(folder / n) for n in changed), "--folder", str(folder / "changed")]) == 0
    return folder


def judged(place, *names, folder="nine", options=()):
    places = [str(place / name) for name in names]
    return main(["regress", "history", *places, "--folder", str(place / folder), *options])


def test_a_slower_run_fails_against_the_stored_ones(place, capsys):
    assert judged(place, "slow") == 3
    assert "the p95 of all pages is longer by" in " ".join(capsys.readouterr().out.split())


def test_the_same_shop_does_not_fail(place, capsys):
    assert judged(place, "same", "r9") in {0, 5}
    assert "compared with 9 stored runs" in " ".join(capsys.readouterr().out.split())


def test_the_series_are_written_for_otava(place, tmp_path):
    file = tmp_path / "otava.csv"
    judged(place, "slow", options=("--otava", str(file)))
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 10
    assert list(rows[0]) == ["time", "commit", "journeys_p95", "all_pages_p95", "failures"]
    assert rows[-1]["commit"] == "x-21"
    assert float(rows[-1]["all_pages_p95"]) == pytest.approx(0.1, rel=0.02)
    assert rows[0]["time"] == "2026-01-02 00:00:00 +0000"


def test_all_problems_are_named_at_once(place, capsys):
    assert judged(place, "spoilt", "nowhere", "r0", folder="one", options=("--run-effect", "2%")) == 2
    said = capsys.readouterr().err
    for part in (
        "spoilt is invalid: the harness used 99 % of a core",
        "nowhere",
        "the same run (x-0) was given 2 times",
        "--run-effect: the stored runs show",
    ):
        assert part in said


def test_few_stored_runs_say_why_they_are_weak_and_what_to_do(place, capsys):
    assert judged(place, "same", folder="one") == 5
    said = " ".join(capsys.readouterr().out.split())
    for part in ("compared with only 1 stored run.", "nothing passes", "store 7 more runs", "checkload regress abba"):
        assert part in said
    assert judged(place, "slow4", folder="one") == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "compared with only 1 stored run." in said
    assert "more runs" not in said


def test_after_a_change_the_answer_names_the_runs_that_it_compared_with(place, capsys):
    assert judged(place, "slow", folder="changed") == 5
    said = " ".join(capsys.readouterr().out.split())
    for part in (
        "compared with 3 stored runs since x-30",
        "only 3 stored runs since the last change point; the older ones are not compared",
        "Change point: with the run x-30",
        "store 5 more runs",
    ):
        assert part in said


def test_an_empty_folder_is_no_history(place, capsys):
    assert judged(place, "same", folder="none") == 2
    assert "none: no stored runs; store one with checkload baseline add" in capsys.readouterr().err
