"""Ends worker processes of this machine that hang, so that whoever reads the output of a run is not kept waiting for ever."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path


def kill_children(pids: Iterable[int]) -> list[int]:
    """Kill those of these processes that this process has started itself, and return their ids; it reaps none of them.

    A number that belongs to a process of another machine, or of somebody else, is left alone.
    """
    ended = []
    for pid in pids:
        if _parent(pid) == os.getpid():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                ended.append(pid)
    return ended


def _parent(pid: int) -> int | None:
    try:
        # The name in brackets may hold anything, also blanks and brackets.
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
