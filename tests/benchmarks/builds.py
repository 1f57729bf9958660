"""Compiles checkload for the benchmark: once for each state of the sources, into the benchmark's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from peers import CACHE, OFFLINE

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600  # seconds


@cache
def compiled_build() -> Path | None:
    """The folder of a compiled installation; ``None`` if there is none and none can be made here."""
    folder = CACHE / f"compiled-{_digest()}"
    if not folder.exists() and not os.environ.get(OFFLINE):
        making = folder.with_name(f"{folder.name}.making")
        shutil.rmtree(making, ignore_errors=True)
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*install, "--target", str(making), str(ROOT)],
            check=False,
            timeout=PATIENCE,
            env={**os.environ, "CHECKLOAD_COMPILED": "1"},
        )
        if done.returncode == 0:
            making.rename(folder)
    return folder if folder.exists() else None


def _digest() -> str:
    files = [ROOT / "pyproject.toml", ROOT / "setup.py"]
    for package in ("harness", "scenarios", "shop", "users"):
        files += sorted((ROOT / package).rglob("*.py"))
    contents = hashlib.sha256(sys.version.encode())
    for file in files:
        contents.update(file.read_bytes())
    return contents.hexdigest()[:16]
