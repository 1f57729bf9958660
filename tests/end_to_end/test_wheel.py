import os
import subprocess
import sys
import zipfile

import pytest
from running import ROOT

pytestmark = pytest.mark.end_to_end


def test_an_installed_wheel_runs_a_scenario_outside_the_repository(tmp_path):
    pytest.importorskip("pip", reason="needs pip to build a wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = tmp_path.glob("checkload-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = (
        "import sys, harness; from scenarios.commands.cli import main; "
        "print(harness.__file__, flush=True); sys.exit(main(['run', 'smoke', '--seed', '3']))"
    )
    # The wheel's files come before those of an editable installation.
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    reported = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert reported.returncode == 0, reported.stdout + reported.stderr
    assert reported.stdout.startswith(str(tmp_path / "installed" / "harness"))
    assert "PASSED" in reported.stdout
    (folder,) = (tmp_path / "results").iterdir()
    assert folder.name.rpartition("-")[0] == "smoke"
    assert (folder / "report.html").exists()
