"""The versions of installed packages and the kind of this machine, for results."""

from __future__ import annotations

import os
import re
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

_MODEL = re.compile(r"^(?:model name|Hardware|CPU part)\s*:\s*(.+)$", re.MULTILINE)


def version_of(package: str) -> str:
    """The version of an installed package, or ``"not installed"``."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def own_version() -> str:
    """The version of checkload that is running."""
    return version_of("checkload")


def build_kind(module: str = "harness.measurement.histogram") -> str:
    """``compiled`` if mypyc has compiled the hot modules of this installation, else ``plain``."""
    found = find_spec(module)
    return "compiled" if found and (found.origin or "").endswith(tuple(EXTENSION_SUFFIXES)) else "plain"


def machine_kind(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor of this machine and how many cores of it this process may use, as ``2 x AMD EPYC 7763``.

    Runs on machines of different kinds have different times.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        found = _MODEL.search(cpuinfo.read_text("utf-8", "replace"))
    except OSError:
        found = None
    return f"{cores} x {' '.join(found[1].split()) if found else 'unknown processor'}"
