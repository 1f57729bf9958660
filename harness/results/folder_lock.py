"""Reserves a results folder for one process, with a lock that the system releases when that process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

_LOCKED: dict[tuple[int, int], int] = {}


def lock_folder(folder: Path) -> bool:
    """Lock the folder for this process, and create it first if needed; False if another process holds the lock.

    OSError: the folder cannot be created.
    """
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
    except OSError:  # a file system without locks
        os.close(descriptor)
        return True
    _LOCKED[found.st_dev, found.st_ino] = descriptor
    return True
