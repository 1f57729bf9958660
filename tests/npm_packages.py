"""Installs what a folder's ``package-lock.json`` pins, once, and says why where that is not possible."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_INSTALL = 240
MARKS = ".checkload"


class NotInstalled(Exception):
    """The packages cannot be installed here; the message says why."""


@contextmanager
def npm_installed(folder: Path) -> Iterator[Path]:
    """The folder of the installed packages, locked as long as the context lasts; raises ``NotInstalled``."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        raise NotInstalled(f"needs {' and '.join(missing)}")
    packages = folder / "node_modules"
    with (folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two sessions of tests must not install at a time
        mark = packages / MARKS / "installed"
        wanted = hashlib.sha256(lock.read()).hexdigest()
        if not mark.exists() or mark.read_text() != wanted:
            run_in(folder, ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], LONGEST_INSTALL)
            mark.parent.mkdir(exist_ok=True)
            mark.write_text(wanted)
        yield packages


def run_in(folder: Path, command: list[str], longest: float) -> None:
    """Run a command of npm or Node in this folder; raises ``NotInstalled``."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=longest, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"{command[0]} took longer than {longest} s") from None
    if done.returncode != 0:
        raise NotInstalled(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-500:]}")
