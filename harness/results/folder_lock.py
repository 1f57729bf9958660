"""Keeps a results folder to one process at a time, by a lock that the system takes back when that process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_LOCKED: dict[tuple[int, int], int] = {}


def lock_folder(folder: Path) -> bool:
    """Make the folder where there is none, and claim it for this process; False: another one has. OSError: it cannot be made."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    found = os.fstat(descriptor)
    if (found.st_dev, found.st_ino) in _LOCKED:
        os.close(descriptor)
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    except OSError:  # a file system that knows no locks
        os.close(descriptor)
        return True
    _LOCKED[found.st_dev, found.st_ino] = descriptor
    return True
