"""Gets the other load generators of the benchmark, each into a folder of its own under the user's cache, outside the repository.

``PINNED`` names them with their versions. A program on the PATH is preferred for those of Debian. A peer that cannot be had is a
sentence that says why; the benchmark then has a row with this sentence instead of figures.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "checkload-bench"
OFFLINE = "CHECKLOAD_BENCH_OFFLINE"
"""With this variable set, the benchmark takes what is there and gets nothing."""
PATIENCE = 180  # seconds to get one of them

# The versions of all of them, in one place.
PINNED = {
    "k9": "k9-load==0.1.0",
    "autocannon": "autocannon@9.0.0",
    "wrk": "wrk",  # Debian keeps one version of each in a release
    "h2load": "nghttp2-client",
    "aiolocust": "aiolocust==0.1.0",
}


class Program(NamedTuple):
    """How to start a peer: the words of its command, and what its environment needs."""

    command: list[str]
    environment: dict[str, str]


@cache
def peer(name: str) -> Program | str:
    """The peer of this name, or a sentence that says why there is none."""
    get, ready = _WAYS[name]
    folder = CACHE / PINNED[name].replace("/", "_")
    found = ready(folder)
    if not isinstance(found, str) or os.environ.get(OFFLINE):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for command in get(folder):
            subprocess.run(command, check=True, timeout=PATIENCE, capture_output=True)
    except (OSError, subprocess.SubprocessError) as error:
        return f"not to be had here: {str(error.args[-1])[:60]}"
    return ready(folder)


def _python(folder: Path) -> list[list[str]]:
    return [
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", PINNED["k9"]],
    ]


def _node(folder: Path) -> list[list[str]]:
    return [["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), PINNED["autocannon"]]]


def _debian(name: str) -> Callable[[Path], list[list[str]]]:
    def get(folder: Path) -> list[list[str]]:
        (folder / "partial").mkdir(exist_ok=True)
        download = ["apt-get", "--yes", "--quiet", "--quiet", "--no-install-recommends", "--download-only"]
        unpack = f'for each in "{folder}"/*.deb; do dpkg-deb --extract "$each" "{folder}"; done'
        return [[*download, f"-oDir::Cache::archives={folder}", "install", PINNED[name]], ["sh", "-c", unpack]]

    return get


def _no_way(_folder: Path) -> list[list[str]]:
    return []


def _k9(folder: Path) -> Program | str:
    program = folder / "bin" / "k9"
    return Program([str(program)], {}) if program.exists() else "not installed"


def _autocannon(folder: Path) -> Program | str:
    node = shutil.which("node")
    modules = folder / "node_modules"
    if node is None:
        return "needs Node.js"
    return Program([node], {"NODE_PATH": str(modules)}) if (modules / "autocannon").exists() else "not installed"


def _unpacked(name: str) -> Callable[[Path], Program | str]:
    def ready(folder: Path) -> Program | str:
        if (installed := shutil.which(name)) is not None:
            return Program([installed], {})
        program, libraries = folder / "usr" / "bin" / name, folder / "usr" / "lib" / f"{platform.machine()}-linux-gnu"
        if not program.exists():
            return "not installed"
        return Program([str(program)], {"LD_LIBRARY_PATH": str(libraries)})

    return ready


def _aiolocust(_folder: Path) -> Program | str:
    return "needs Python 3.14" if shutil.which("python3.14") is None else "not measured yet: no side is written for it"


_WAYS: dict[str, tuple[Callable[[Path], list[list[str]]], Callable[[Path], Program | str]]] = {
    "k9": (_python, _k9),
    "autocannon": (_node, _autocannon),
    "wrk": (_debian("wrk"), _unpacked("wrk")),
    "h2load": (_debian("h2load"), _unpacked("h2load")),
    "aiolocust": (_no_way, _aiolocust),
}
