"""The pipelines to copy: each fits the schema of its service, and its shell parts run from a clone to a comment."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from finished_runs import a_run

from harness.results.store import write

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "pipelines"
SCHEMAS = {
    "github/action.yml": ("vendor.github-actions",),
    "github/workflow.yml": ("vendor.github-workflows",),
    "gitlab-ci.yml": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
    # The schema of Azure has a pattern that only Python's regular expressions read.
    "azure-pipelines.yml": (
        "vendor.azure-pipelines",
        "--data-transform",
        "azure-pipelines",
        "--regex-variant",
        "python",
    ),
}
SCENARIO = """
objectives = ["journey failures < 5%"]
[arrivals]
process = "uniform"
rate = "40/s"
duration = "4s"
drain = "15s"
[journeys]
guest = 1
[payments]
gpay = 1
[think]
scale = 0
"""

pytestmark = pytest.mark.end_to_end


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_pipeline_fits_the_schema_of_its_service(name):
    schema, *options = SCHEMAS[name]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *options, str(FOLDER / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _github():
    action = yaml.safe_load((FOLDER / "github" / "action.yml").read_text())
    return [step["run"] for step in action["runs"]["steps"]]


def _gitlab():
    job = yaml.safe_load((FOLDER / "gitlab-ci.yml").read_text())["checkload"]
    return ["\n".join(job["script"]), "\n".join(job["after_script"])]


def _azure():
    pipeline = yaml.safe_load((FOLDER / "azure-pipelines.yml").read_text())
    return [step["bash"] for step in pipeline["steps"] if "bash" in step]


def _jenkins():
    return re.findall(r"sh '''(.*?)'''", (FOLDER / "Jenkinsfile").read_text(), re.DOTALL)


PIPELINES = {
    "gitlab": (_gitlab, {"CI_JOB_URL": "https://ci.example.com/1"}),
    "github": (
        _github,
        {
            "GITHUB_ACTION_PATH": "{folder}/checkload/docs/pipelines/github",
            "GITHUB_PATH": "{folder}/path",
            "GITHUB_STEP_SUMMARY": "{folder}/summary",
            "GITHUB_SERVER_URL": "https://ci.example.com",
            "GITHUB_RUN_ID": "1",
        },
    ),
    "azure": (
        _azure,
        {"SYSTEM_COLLECTIONURI": "https://ci.example.com/", "SYSTEM_TEAMPROJECTID": "p", "BUILD_BUILDID": "1"},
    ),
    "jenkins": (_jenkins, {"BUILD_URL": "https://ci.example.com/1", "NUMBER": ""}),
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The folder of a job. The first pipeline clones and installs checkload there, as on a new machine."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "own.toml").write_text(SCENARIO)
    return folder


@pytest.mark.parametrize("name", PIPELINES)
def test_the_shell_parts_of_a_pipeline_lead_from_a_clone_to_a_comment(workspace, name):
    steps, variables = PIPELINES[name]
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("CI", "GITHUB_", "SYSTEM_"))},
        **{key: value.format(folder=workspace) for key, value in variables.items()},
        "CHECKLOAD_REPOSITORY": str(ROOT),
        "SCENARIO": "own.toml",
        "OPTIONS": "--metrics-port 0",
        "RETRIES": "0",
        "UNDECIDED": "warn",
    }
    results = workspace / "checkload-results"
    if name == "github" and not (workspace / "checkload").exists():  # there, the service gets the action
        subprocess.run(["git", "clone", "--quiet", str(ROOT), "checkload"], cwd=workspace, check=True)
    for script in steps():
        added = workspace / "path"
        path = f"{added.read_text().strip()}:{env['PATH']}" if name == "github" and added.exists() else env["PATH"]
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=workspace,
            env={**env, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    text = (results / "comment.md").read_text()
    assert text.startswith("<!-- checkload own -->")
    assert "[Full report](https://ci.example.com/" in text
    assert (results / "junit.xml").exists()
    assert list(results.glob("attempt-1/*/result.json"))
    if name == "github":
        assert "checkload own" in (workspace / "summary").read_text()
    results.rename(workspace / name)


SLOWER = {"page": 0.2}
FAILING = {"fails": 1.0}
STOP = {"UNDECIDED": "fail"}


@pytest.fixture
def stored_gate(tmp_path):
    """Calls the script for stored runs with one stored run of a shop; ``checkload run`` is replaced by a copy of a result."""
    program = tmp_path / "bin" / "checkload"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nif [ "$1" = run ]; then mkdir gate-results && cp -r new gate-results/; exit ${RUN:-0}; fi\n'
        f"exec {sys.executable} -c 'import sys; from scenarios.commands.cli import main; sys.exit(main())' \"$@\"\n"
    )
    program.chmod(0o755)
    base = {key: value for key, value in os.environ.items() if key not in {"HOST", "SCENARIO", "UNDECIDED"}}
    base["PATH"] = f"{program.parent}:{base['PATH']}"
    where = {"HOST": "http://127.0.0.1:1", "SCENARIO": "s"}

    def called(command=("sh", str(FOLDER / "compare_with_stored.sh")), where=where, **more):
        return subprocess.run(
            command, cwd=tmp_path, env={**base, **where, **more}, capture_output=True, text=True, check=False
        )

    write(a_run(10), tmp_path / "before")
    assert called(("checkload", "baseline", "add", "before")).returncode == 0
    return called


@pytest.mark.parametrize(
    ("shop", "env", "code"),
    [({}, {}, 0), ({}, STOP, 5), (FAILING, {}, 3), (SLOWER, {}, 3), ({}, {"RUN": "4"}, 4)],
)
def test_the_script_for_stored_runs_stops_a_shop_that_fails_or_is_slow(stored_gate, tmp_path, shop, env, code):
    write(a_run(10, minute=5, **shop), tmp_path / "new")
    write(a_run(10, minute=4), tmp_path / "gate-results" / "of-the-last-call")
    done = stored_gate(**env)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("WARNING: nothing is decided, which is no pass" in done.stdout) == (code == 0)


def test_the_script_for_stored_runs_loads_nothing_if_something_is_missing(stored_gate, tmp_path):
    for name in ("HOST", "SCENARIO"):
        done = stored_gate(where={name: "given"})
        assert (done.returncode, "Set HOST" in done.stderr) == (2, True)
    (tmp_path / "baselines").rename(tmp_path / "elsewhere")
    done = stored_gate()
    assert done.returncode == 2
    assert "has no stored runs. Store one there with: checkload baseline add" in done.stderr
    assert not (tmp_path / "gate-results").exists()
