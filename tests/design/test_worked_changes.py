"""The code in CONTRIBUTING.md is whole: its new modules work, and their tests pass."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from textwrap import dedent

import pytest
from design.sources import ROOT

BLOCK = re.compile(r"^   ```python\n   # (?P<path>\S+\.py)\n(?P<code>.*?)^   ```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def files():
    """The files that the page tells to write, by path."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {found["path"]: dedent(found["code"]) for found in BLOCK.finditer(page)}


def test_a_check_and_a_report_format_are_shown_with_their_tests(files):
    shown = [path.partition("/")[0] for path in files]
    assert sorted(shown) == ["harness", "harness", "tests", "tests"]


@pytest.mark.end_to_end
def test_the_code_that_is_shown_passes_its_own_tests(files, tmp_path):
    shutil.copytree(ROOT / "harness", tmp_path / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    for path, code in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(code, encoding="utf-8")
    for name in ("tests/conftest.py", "tests/harness/conftest.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "tests"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT), str(ROOT / "tests")])}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
