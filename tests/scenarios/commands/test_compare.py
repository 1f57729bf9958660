"""The commands `checkload compare` and `checkload report`."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from finished_runs import a_run

from harness.capacity.answer import CapacityAnswer
from harness.results.store import write
from scenarios.commands.cli import main


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write(a_run(10), folder / "base")
    write(a_run(10), folder / "same")
    write(a_run(10, page=0.1), folder / "slow")
    write(a_run(10, invalid=True), folder / "spoilt")
    write(a_run(1, length=20), folder / "short")
    other = a_run(10)
    write(replace(other, asked=replace(other.asked, scenario={"think": {"median": 1}})), folder / "other")
    return folder


def compared(results, *names, options=()):
    return main(["compare", *(str(results / name) for name in names), *options])


@pytest.mark.parametrize(
    ("names", "options", "code", "says"),
    [
        (("base", "same"), ("--run-effect", "1%"), 0, "PASSED: the candidate is not slower by more than"),
        (("base", "same"), (), 5, "pairs of runs like this one would be conclusive"),
        (("base", "slow"), (), 3, "FAILED: the candidate is slower: p95 of"),
        (("base", "spoilt"), (), 4, "spoilt is invalid: the harness used 99 % of a core"),
        (("spoilt", "slow"), (), 4, "INVALID"),
        (("base", "short"), (), 5, "too few samples"),
    ],
)
def test_the_exit_code_is_the_verdict(results, capsys, names, options, code, says):
    assert compared(results, *names, options=options) == code
    assert says in " ".join(capsys.readouterr().out.split())


def test_the_time_of_a_bank_does_not_hide_a_slow_shop(results, capsys):
    assert compared(results, "base", "slow") == 3  # most of the journey is the bank, so it is hardly longer
    text = capsys.readouterr().out
    assert "all pages" in text
    assert "Bank" not in text


def test_one_slow_page_among_many_is_a_regression(tmp_path, capsys):
    names = [f"page {number}" for number in range(30)]
    for folder, slow in (("a", "nothing"), ("b", "page 3")):
        run = a_run(10, length=60)
        for key in [key for key in run.recorder.pages if key.page == "IndexPage"]:
            cell = run.recorder.pages.pop(key)
            for name in names:
                slower = a_run(10, length=60, page=0.09) if name == slow else None
                run.recorder.pages[key._replace(page=name)] = slower.recorder.pages[key] if slower else cell
        write(run, tmp_path / folder)
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 3
    assert "p95 of page 3 by 80 %" in " ".join(capsys.readouterr().out.split())


def test_runs_of_different_loads_are_not_compared(results, capsys):
    assert compared(results, "base", "other") == 2
    assert "they differ in think" in capsys.readouterr().err


def test_a_search_for_capacity_is_not_compared(results, tmp_path, capsys):
    found = CapacityAnswer(
        **dict.fromkeys(("journeys", "orders", "orders_low", "orders_high", "boundary", "low", "high")),
        **dict.fromkeys(("gave_way", "critical")),
        at_least=False,
        why="",
        points=(),
    )
    write(replace(a_run(10), capacity=found), tmp_path / "search")
    assert main(["compare", str(results / "base"), str(tmp_path / "search")]) == 2
    assert "search is a search for capacity" in capsys.readouterr().err


def test_all_wrong_arguments_are_reported_at_once(results, capsys):
    options = ("--percentile", "95", "--harmless", "much", "--and", str(results / "nowhere"), str(results / "same"))
    assert compared(results, "base", "same", options=options) == 2
    text = capsys.readouterr().err
    for part in ("--percentile 95", "--harmless much", "nowhere"):
        assert part in text
    assert compared(results, "base", "same", options=("--harmless", "20%")) == 2


def test_more_pairs_give_a_clearer_answer(results, tmp_path, capsys):
    pair = ("--and", str(results / "base"), str(results / "same"))
    file = tmp_path / "c.json"
    assert compared(results, "base", "same", options=(*pair * 4, "--json", str(file))) == 0
    document = json.loads(file.read_text())
    assert document["verdict"] == "passed"
    assert document["ratios"][0]["name"] == "journeys"


@pytest.mark.parametrize(
    ("form", "says"), [("console", "PASSED"), ("summary", "## checkload baseline"), ("junit", "<?xml")]
)
def test_a_run_is_shown_again(results, capsys, form, says):
    assert main(["report", str(results / "base"), "--format", form]) == 0
    assert says in capsys.readouterr().out


def test_the_exit_code_follows_the_verdict(results, tmp_path, capsys):
    path = tmp_path / "result.json"
    document = json.loads((results / "spoilt" / "result.json").read_text())
    for code in (0, 2, 3, 5):
        path.write_text(json.dumps({**document, "exit_code": code}))
        assert main(["report", str(path), "--exit-code"]) == 2
        assert "its exit code does not agree with its verdict" in capsys.readouterr().err
    path.write_text(json.dumps({**document, "exit_code": 1}))
    assert main(["report", str(path), "--exit-code"]) == 1  # the run crashed, whatever it was judged


def test_report_can_return_the_exit_code_of_the_run(results, capsys):
    assert main(["report", str(results / "slow")]) == 0
    assert main(["report", str(results / "spoilt"), "--exit-code"]) == 4
    assert main(["report", str(results / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.end_to_end
def test_a_full_disk_is_reported_in_one_line(results):
    program = [sys.executable, "-c", "import sys; from scenarios.commands.cli import main; sys.exit(main())"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*program, "report", str(results / "base")], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        ["No space left on device; check the free space and the permissions"],
    )


def test_an_output_file_on_a_full_disk_is_a_usage_error(results, capsys):
    assert compared(results, "base", "same", options=("--json", "/dev/full")) == 2
    assert "--json /dev/full: cannot be written (No space left on device)" in capsys.readouterr().err
    assert Path("/dev/full").exists()


def test_a_file_name_that_is_not_text_is_shown(results, capsys):
    odd = results / "\udcff"
    odd.symlink_to(results / "base")
    assert main(["report", str(odd)]) == 0
    assert "Results" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["\0", "x" * 300, "/dev/zero", "/proc/self/environ"])
def test_a_path_without_a_result_is_a_usage_error(capsys, place):
    assert main(["report", place]) == 2
    assert "cannot be read" in capsys.readouterr().err
