"""Installs the client once, bundles it, and drives its flows through one process of Node."""

from __future__ import annotations

import fcntl
import hashlib
import json
import select
import shutil
import subprocess
from pathlib import Path
from typing import Any

from child_process import ChildProcess

HERE = Path(__file__).parent
INSTALLED = HERE / "node_modules"
BUNDLE = INSTALLED / ".checkload" / "client.mjs"
_MADE_FROM = ("package-lock.json", "bundle.mjs", "client.js", "stand_ins/*.js")
_LONGEST_INSTALL, _LONGEST_FLOW = 240, 60


class NotInstalled(Exception):
    """The client cannot be driven here; the message says why."""


def prepare() -> Path:
    """The bundled client, made anew only when something it is made of has changed; raises ``NotInstalled``."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        raise NotInstalled(f"needs {' and '.join(missing)}")
    with (HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two sessions of tests must not install at a time
        installed = INSTALLED / ".checkload" / "installed"
        if _read(installed) != (wanted := _digest("package-lock.json")):
            _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], _LONGEST_INSTALL)
            installed.parent.mkdir(exist_ok=True)
            installed.write_text(wanted)
        bundled = BUNDLE.with_suffix(".digest")
        if not BUNDLE.exists() or _read(bundled) != (wanted := _digest(*_MADE_FROM)):
            _run(["node", "bundle.mjs", str(BUNDLE)], _LONGEST_FLOW)
            bundled.write_text(wanted)
    return BUNDLE


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _digest(*patterns: str) -> str:
    files = sorted(file for pattern in patterns for file in HERE.glob(pattern))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _run(command: list[str], longest: float) -> None:
    try:
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=longest, check=False)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"{command[0]} took longer than {longest} s") from None
    if done.returncode != 0:
        raise NotInstalled(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-500:]}")


class RealClient(ChildProcess):
    """One process that drives the client at one shop, a flow at a time."""

    def __init__(self, shop: str) -> None:
        super().__init__(["node", "driver.mjs", str(prepare()), shop], HERE)

    def run(self, flow: str, **asked: Any) -> dict[str, Any]:
        """Walk a flow; the result holds the order, what was found on the way and every request with its reply."""
        self.stdin.write(json.dumps({"flow": flow, **asked}) + "\n")
        self.stdin.flush()
        readable, _, _ = select.select([self.stdout], [], [], _LONGEST_FLOW)
        if not readable:
            raise TimeoutError(f"the flow {flow} took longer than {_LONGEST_FLOW} s")
        line = self.stdout.readline()
        if not line:
            raise RuntimeError(f"the driver ended in the flow {flow}")
        result: dict[str, Any] = json.loads(line)
        return result
