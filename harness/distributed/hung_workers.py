"""Kills hung worker processes of this machine: a program that reads the output of the run would wait for ever."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path


def kill_children(pids: Iterable[int]) -> list[int]:
    """Kill the processes among ``pids`` that this process has started, and return their ids; does not reap them.

    A worker on another machine may have the id of a foreign process here: that process is left alone.
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
        # The name in brackets may contain anything, also spaces and brackets.
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
