"""The script that adds the results of several masters."""

from add_results import main
from finished_runs import a_run

from harness.results.store import write


def test_counts_are_added_and_each_verdict_is_shown(tmp_path, capsys):
    for number, name in enumerate(("europe", "asia")):
        write(a_run(10, minute=number), tmp_path / name)
    assert main([str(tmp_path / "europe")]) == 0
    one = capsys.readouterr().out.splitlines()[-2]
    assert main([str(tmp_path / "europe"), str(tmp_path / "asia")]) == 0
    *verdicts, both, _ = capsys.readouterr().out.splitlines()
    assert [line.rpartition(": ")[2] for line in verdicts] == ["passed", "passed"]

    def pages(line):
        return int(line.partition(" ")[0].replace(",", ""))

    assert pages(both) == 2 * pages(one) > 0


def test_a_folder_without_a_result_is_named(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "nowhere: cannot be read" in capsys.readouterr().err
    assert main([]) == 2
