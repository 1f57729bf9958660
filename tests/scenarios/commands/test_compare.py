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
    """Runs of one shop (a…) and of a second version (b…, slow…) in the order A B B A, two minutes apart."""
    folder = tmp_path_factory.mktemp("results")
    for number in range(6):
        first, second = 4 * number, 4 * number + 2
        if number % 2:
            first, second = second, first
        write(a_run(10, minute=first), folder / f"a{number}")
        write(a_run(10, minute=second), folder / f"b{number}")
        write(a_run(10, page=0.1, minute=second), folder / f"slow{number}")
    write(a_run(10, invalid=True, minute=50), folder / "spoilt")
    write(a_run(1, length=20, minute=51), folder / "short")
    other = a_run(10, minute=52)
    write(replace(other, asked=replace(other.asked, scenario={"think": {"median": 1}})), folder / "other")
    faulty = a_run(10, minute=53)
    write(replace(faulty, asked=replace(faulty.asked, scenario={"shop": {"faults": {"delay": 1}}})), folder / "faulty")
    moved = a_run(10, minute=54)
    write(replace(moved, versions={"machine": "8 x Other", "python": "3.11"}), folder / "moved")
    write(replace(a_run(10), versions={"machine": "2 x This", "python": "3.11"}), folder / "here")
    return folder


def compared(results, *names, options=()):
    first, second, *more = (str(results / name) for name in names)
    pairs = [each for at in range(0, len(more), 2) for each in ("--and", *more[at : at + 2])]
    return main(["compare", first, second, *pairs, *options])


def pairs(candidate, number):
    return [name for each in range(number) for name in (f"a{each}", f"{candidate}{each}")]


def said(capsys):
    captured = capsys.readouterr()
    return " ".join((captured.out + captured.err).split())


@pytest.mark.parametrize(
    ("names", "options", "code", "says"),
    [
        (pairs("b", 2), ("--run-effect", "1%"), 0, "PASSED: the candidate is not slower by more than"),
        (("a0", "b0"), (), 5, "pairs of runs like this one would be conclusive"),
        (pairs("b", 6), (), 0, "after 6 pairs of runs"),
        (pairs("slow", 4), (), 3, "FAILED: the candidate is worse: the p95 of all pages is longer by 100 %"),
        (("a0", "spoilt"), (), 4, "spoilt is invalid: the harness used 99 % of a core"),
        (("spoilt", "slow0"), (), 4, "INVALID"),
    ],
)
def test_the_exit_code_is_the_verdict(results, capsys, names, options, code, says):
    assert compared(results, *names, options=options) == code
    assert says in said(capsys)


def test_too_few_samples_are_not_compared(tmp_path, capsys):
    for number, name in enumerate("ab"):
        write(a_run(1, length=20, minute=number), tmp_path / name)
    assert compared(tmp_path, "a", "b") == 5
    text = said(capsys)
    for name in ("journeys", "all pages"):
        assert f"Not compared: {name}: too few samples" in text


def test_the_time_of_a_bank_does_not_hide_a_slow_shop(results, capsys):
    assert compared(results, *pairs("slow", 4)) == 3  # most of the journey is the bank, so it is hardly longer
    text = said(capsys)
    assert "all pages failed" in text
    assert "Bank" not in text


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("a0", "a0"), "the same run (x-0) was given 2 times, and counts only once"),
        (("a0", "b0", "a0", "b0", "a0", "b0", "a0", "b0"), "(x-2) was given 4 times"),
        (("a0", "b0", "a0", "b1"), "(x-0) was given 2 times"),
    ],
)
def test_a_run_counts_once(results, capsys, names, says):
    assert compared(results, *names) == 2
    assert says in said(capsys)


def test_a_copy_of_a_run_is_the_same_run(results, tmp_path, capsys):
    write(a_run(10), tmp_path / "copy")
    assert main(["compare", str(results / "a0"), str(tmp_path / "copy")]) == 2
    assert "the same run (x-0)" in said(capsys)


def test_runs_that_do_not_alternate_are_one_pair(tmp_path, capsys):
    for number in range(12):
        write(a_run(10, minute=number), tmp_path / str(number))
    before, after = (list(map(str, part)) for part in (range(6), range(6, 12)))
    names = [name for pair in zip(before, after, strict=True) for name in pair]
    assert compared(tmp_path, *names) == 5
    text = said(capsys)
    assert "after 1 pair of runs" in text
    assert "no run of the other version came directly before or after" in text


def test_pairs_that_always_begin_with_the_same_version_are_pointed_out(tmp_path, capsys):
    for number in range(4):
        write(a_run(10, minute=number), tmp_path / str(number))
    compared(tmp_path, "0", "1", "2", "3")
    assert "In each pair the same version ran first" in said(capsys)


def test_runs_of_different_loads_are_not_compared(results, capsys):
    assert compared(results, "a0", "other") == 2
    assert "cannot be compared with" in said(capsys)


def test_a_shop_with_faults_is_compared_and_that_is_said(results, capsys):
    assert compared(results, "a0", "faulty") == 5
    assert "the embedded shops of" in (text := said(capsys))
    assert "differ in faults" in text


def test_runs_of_different_machines_are_compared_only_if_wanted(results, capsys):
    assert compared(results, "here", "moved") == 2
    assert "machine 8 x Other instead of 2 x This" in said(capsys)
    assert compared(results, "here", "moved", options=("--unlike",)) == 5
    assert "machine 8 x Other instead of 2 x This" in said(capsys)


def test_a_search_for_capacity_is_not_compared(results, tmp_path, capsys):
    found = CapacityAnswer(
        **dict.fromkeys(("journeys", "orders", "orders_low", "orders_high", "boundary", "low", "high")),
        **dict.fromkeys(("gave_way", "critical")),
        at_least=False,
        why="",
        points=(),
    )
    write(replace(a_run(10, minute=99), capacity=found), tmp_path / "search")
    assert main(["compare", str(results / "a0"), str(tmp_path / "search")]) == 2
    assert "search is a search for capacity" in said(capsys)


def test_all_wrong_arguments_are_reported_at_once(results, capsys):
    options = ("--percentile", "95", "--harmless", "much", "--and", str(results / "nowhere"), str(results / "b1"))
    assert compared(results, "a0", "b0", options=options) == 2
    text = said(capsys)
    for part in ("--percentile 95", "--harmless much", "nowhere"):
        assert part in text
    assert compared(results, "a0", "b0", options=("--harmless", "20%")) == 2
    assert compared(results, "a0", "b0", options=("--harmful-failures", "0%")) == 2


def test_the_figures_are_written_as_json(results, tmp_path):
    file = tmp_path / "c.json"
    assert compared(results, *pairs("b", 6), options=("--json", str(file))) == 0
    document = json.loads(file.read_text())
    assert (document["verdict"], document["pairs"]) == ("passed", 6)
    assert document["figures"][0]["name"] == "journeys"
    assert document["figures"][0]["smallest_seen"] > 0.03


@pytest.mark.parametrize(
    ("form", "says"), [("console", "PASSED"), ("summary", "## checkload baseline"), ("junit", "<?xml")]
)
def test_a_run_is_shown_again(results, capsys, form, says):
    assert main(["report", str(results / "a0"), "--format", form]) == 0
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
    assert main(["report", str(results / "slow0")]) == 0
    assert main(["report", str(results / "spoilt"), "--exit-code"]) == 4
    assert main(["report", str(results / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.end_to_end
def test_a_full_disk_is_reported_in_one_line(results):
    program = [sys.executable, "-c", "import sys; from scenarios.commands.cli import main; sys.exit(main())"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*program, "report", str(results / "a0")], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        ["No space left on device; check the free space and the permissions"],
    )


def test_an_output_file_on_a_full_disk_is_a_usage_error(results, capsys):
    assert compared(results, "a0", "b0", options=("--json", "/dev/full")) == 2
    assert "--json /dev/full: cannot be written (No space left on device)" in capsys.readouterr().err
    assert Path("/dev/full").exists()


def test_a_file_name_that_is_not_text_is_shown(results, capsys):
    odd = results / "\udcff"
    odd.symlink_to(results / "a0")
    assert main(["report", str(odd)]) == 0
    assert "Results" in capsys.readouterr().out


@pytest.mark.parametrize("place", ["\0", "x" * 300, "/dev/zero", "/proc/self/environ"])
def test_a_path_without_a_result_is_a_usage_error(capsys, place):
    assert main(["report", place]) == 2
    assert "cannot be read" in capsys.readouterr().err
