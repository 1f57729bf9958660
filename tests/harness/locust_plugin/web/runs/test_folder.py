"""The results folder as the web UI shows it: its runs, and nothing else of the machine."""

import io
import shutil
import zipfile

import pytest
from finished_runs import a_run

from harness.locust_plugin.web.runs.folder import ResultsFolder, stored_baselines
from harness.reporting.report import RENDERINGS
from harness.results.store import write
from harness.yield_to_load import YieldToLoad


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A results folder with a run of its own, one in a folder below, and things that are no runs."""
    above = tmp_path_factory.mktemp("above")
    folder = above / "results"
    write(a_run(), folder, (), RENDERINGS)
    write(a_run(page=0.2), folder / "second", (), RENDERINGS)
    (folder / "second" / "report.html").write_text("<h1>second</h1>")
    (folder / "notes").mkdir()
    (folder / "broken").mkdir()
    (folder / "broken" / "result.json").write_text("{}")
    secret = above / "elsewhere"
    write(a_run(), secret, (), RENDERINGS)
    (secret / "report.html").write_text("secret")
    (folder / "linked").symlink_to(secret)
    (folder / "second" / "shadow").symlink_to("/etc/passwd")
    return above


@pytest.fixture
def base(made, tmp_path):
    """A copy of that folder, beside the same secret, for one test."""
    shutil.copytree(made, tmp_path, symlinks=True, dirs_exist_ok=True)
    return tmp_path / "results"


def test_the_runs_are_listed_with_their_verdicts(base):
    listed = {run.name: run for run in ResultsFolder(base).runs()}
    assert listed.keys() == {".", "second"}
    assert listed["."].verdict == "passed"
    assert listed["second"].verdict == "failed"
    assert listed["second"].report
    assert not listed["."].report
    assert listed["."].journeys > 0


def test_the_load_gets_its_turn_after_each_folder(base):
    turns = []
    ResultsFolder(base).runs(YieldToLoad(turns.append, 0.5))
    assert len(turns) == len([".", "second", "broken"])


def test_a_folder_that_does_not_exist_has_no_runs(tmp_path):
    assert ResultsFolder(tmp_path / "none").runs() == []
    assert ResultsFolder(tmp_path / "none").find(".") is None


@pytest.mark.parametrize(
    "name", ["", "..", "../elsewhere", "linked", "second/../..", "/etc", "notes", "./second", "second/", "\0", "SECOND"]
)
def test_no_other_name_is_a_run(base, name):
    folder = ResultsFolder(base)
    assert folder.find(name) is None
    assert folder.report(name) is None
    assert not folder.write_zip(name, io.BytesIO())


def test_a_report_is_served_unless_it_is_a_link_to_another_place(base):
    folder = ResultsFolder(base)
    assert folder.report("second") == b"<h1>second</h1>"
    (base / "second" / "report.html").unlink()
    (base / "second" / "report.html").symlink_to("/etc/passwd")
    assert folder.report("second") is None


def test_a_download_has_the_files_of_the_run_and_no_links(base):
    to = io.BytesIO()
    assert ResultsFolder(base).write_zip("second", to)
    names = zipfile.ZipFile(to).namelist()
    assert {"second/result.json", "second/summary.json", "second/report.html"} <= set(names)
    assert "second/shadow" not in names
    of_base = io.BytesIO()
    ResultsFolder(base).write_zip(".", of_base)
    assert all(name.count("/") == 1 for name in zipfile.ZipFile(of_base).namelist())


def test_baselines_are_listed_by_name(tmp_path):
    assert stored_baselines(tmp_path / "none") == []
    (tmp_path / "a.json.gz").write_bytes(b"")
    (tmp_path / "b.json.gz").write_bytes(b"")
    (tmp_path / "c.json.gz").symlink_to("/etc/passwd")
    assert stored_baselines(tmp_path) == ["b.json.gz", "a.json.gz"]
