"""The command `checkload report` makes the page with charts again, of one result or of several."""

import pytest
from finished_runs import a_run

from harness.results.store import write
from scenarios.commands.cli import main


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    write(a_run(10), folder / "base")
    write(a_run(10, invalid=True), folder / "spoilt")
    return folder


def test_a_report_with_charts_is_made_again_from_the_stored_results(results, tmp_path, capsys):
    one, several = tmp_path / "one.html", tmp_path / "several.html"
    assert main(["report", str(results / "base"), "--html", str(one)]) == 0
    assert "PASSED" in one.read_text()
    both = [str(results / "base"), str(results / "spoilt" / "result.json")]
    assert main(["report", *both, "--html", str(several), "--exit-code"]) == 4
    assert all(f'data-tag="{name}"' in several.read_text() for name in ("base", "spoilt"))
    assert str(several) in capsys.readouterr().out


def test_several_results_need_a_page_and_every_error_is_said(results, capsys):
    assert main(["report", str(results / "base"), str(results / "nowhere")]) == 2
    said = capsys.readouterr().err
    assert "nowhere" in said
    assert "only --html FILE shows several" in said
