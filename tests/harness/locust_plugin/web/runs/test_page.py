"""The page "Runs": which commands it starts, and when it refuses to."""

import io
import os
import shutil
import sys
import zipfile
from types import SimpleNamespace

import pytest
from finished_runs import a_run
from flask import Flask

from harness.locust_plugin.web.guard import install_guard
from harness.locust_plugin.web.runs.page import PART, RUNS_PATH, RunPages
from harness.reporting.report import RENDERINGS
from harness.results.store import write

HERE = {"base_url": "http://127.0.0.1:8089"}
ECHO = (sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(3)")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Two runs with their reports, which each test copies."""
    folder = tmp_path_factory.mktemp("written")
    for name in ("one", "two"):
        write(a_run(), folder / name, (), RENDERINGS)
    return folder


@pytest.fixture
def served(tmp_path, monkeypatch, written):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(written, tmp_path / "results")
    (tmp_path / "baselines").mkdir()
    (tmp_path / "baselines" / "old.json.gz").write_bytes(b"")
    app, load = Flask(__name__), SimpleNamespace(on=False)
    ui = SimpleNamespace(
        app=app,
        host="127.0.0.1",
        environment=SimpleNamespace(parsed_options=SimpleNamespace(web_base_path="")),
        auth_required_if_enabled=lambda view: view,
    )
    install_guard(ui, start=lambda _: None, shape="shape")
    RunPages(tmp_path / "results", ECHO, lambda: load.on).install(ui)
    client = app.test_client()
    return SimpleNamespace(
        get=lambda path: client.get(RUNS_PATH + path, **HERE),
        post=lambda path, body, **more: client.post(RUNS_PATH + path, json=body, **HERE, **more),
        load=load,
        base=tmp_path / "results",
    )


def test_two_runs_are_compared_by_the_command(served):
    answer = served.post("/compare", {"baseline": "one", "candidate": "two"})
    assert answer.status_code == 200
    assert answer.json["code"] == 3
    assert answer.json["text"] == str(["compare", str(served.base / "one"), str(served.base / "two")])


def test_a_run_is_compared_with_a_stored_baseline(served):
    answer = served.post("/compare", {"baseline": "baseline:old.json.gz", "candidate": "two"})
    assert "baselines/old.json.gz" in answer.json["text"]


def test_a_run_is_stored_as_a_baseline_by_the_command(served):
    answer = served.post("/baseline", {"run": "one"})
    assert answer.json["text"] == str(["baseline", "add", str(served.base / "one")])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/compare", {"baseline": "one", "candidate": "../.."}),
        ("/compare", {"baseline": "baseline:../results/one/result.json", "candidate": "two"}),
        ("/compare", {"baseline": "--json", "candidate": "two"}),
        ("/compare", {"baseline": ["one"], "candidate": "two"}),
        ("/compare", ["one", "two"]),
        ("/baseline", {"run": "/etc"}),
        ("/baseline", {}),
    ],
)
def test_nothing_but_a_listed_run_reaches_a_command(served, path, body):
    answer = served.post(path, body)
    assert answer.status_code == 404
    assert answer.json["code"] is None


def test_no_command_disturbs_a_load(served):
    served.load.on = True
    assert served.post("/compare", {"baseline": "one", "candidate": "two"}).status_code == 409
    assert served.get("/list").json["load"]


def test_no_other_site_starts_a_command(served):
    refused = served.post("/baseline", {"run": "one"}, headers={"Origin": "http://evil.example"})
    assert refused.status_code == 403


def test_a_download_is_sent_in_parts(served):
    (served.base / "one" / "orders.bin").write_bytes(os.urandom(300_000))
    with served.get("/download?run=one") as answer:
        parts = list(answer.iter_encoded())
    assert max(map(len, parts)) <= PART
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.testzip() is None
        assert archive.getinfo("one/orders.bin").file_size == 300_000


def test_a_run_in_a_folder_with_foreign_letters_can_be_downloaded(served):
    write(a_run(), served.base / "Größe 東", (), RENDERINGS)
    with served.get("/download?run=Größe 東") as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="Gr--e--.zip"'


def test_the_page_and_its_list_are_served(served):
    assert "Compare" in served.get("").text
    assert {run["name"] for run in served.get("/list").json["runs"]} == {"one", "two"}
    assert served.get("/list").json["baselines"] == ["old.json.gz"]
    assert served.get("/report?run=one").status_code == 404


def test_a_report_is_served_with_an_origin_of_its_own(served):
    (served.base / "one" / "report.html").write_text("<h1>Report</h1>")
    policy = served.get("/report?run=one").headers["Content-Security-Policy"]
    assert "sandbox allow-scripts " in policy
    assert "allow-same-origin" not in policy
    assert "connect-src 'none'" in policy
    assert served.get("/download?run=..").status_code == 404
    with served.get("/download?run=one") as answer:
        assert answer.headers["Content-Disposition"] == 'attachment; filename="one.zip"'
