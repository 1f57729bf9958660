"""Installs the client once, bundles it, and drives its flows through one process of Node."""

from __future__ import annotations

import hashlib
import json
import select
from pathlib import Path
from typing import Any

from child_process import ChildProcess
from npm_packages import MARKS, npm_installed, run_in

HERE = Path(__file__).parent
BUNDLE = HERE / "node_modules" / MARKS / "client.mjs"
_MADE_FROM = ("package-lock.json", "bundle.mjs", "client.js", "stand_ins/*.js")
_LONGEST_FLOW = 60


def prepare() -> Path:
    """The bundled client, made anew only when something it is made of has changed; raises ``NotInstalled``."""
    with npm_installed(HERE):
        bundled = BUNDLE.with_suffix(".digest")
        if not BUNDLE.exists() or not bundled.exists() or bundled.read_text() != _digest(*_MADE_FROM):
            run_in(HERE, ["node", "bundle.mjs", str(BUNDLE)], _LONGEST_FLOW)
            bundled.write_text(_digest(*_MADE_FROM))
    return BUNDLE


def _digest(*patterns: str) -> str:
    files = sorted(file for pattern in patterns for file in HERE.glob(pattern))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


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
