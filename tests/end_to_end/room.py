"""Makes a test wait with its load until the machine has room for it.

So a crowded machine makes the tests slower, and not invalid: the fewer processors are idle, the fewer loads run at a time.
"""

import fcntl
import os
import time
from contextlib import contextmanager
from pathlib import Path

from repeating import BEING_REPEATED

IDLE, CALM = 0.2, 0.5  # of all processors; the second for a test that is repeated
LOOK = 0.3  # seconds
PATIENCE, LONG_PATIENCE = 6.0, 25.0  # seconds after which a test begins all the same


@contextmanager
def room_for_load():
    """Wait for room; nothing else that waits may begin until this one has begun. A test that runs alone does not wait."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        yield
        return
    repeated = BEING_REPEATED in os.environ
    with Path(__file__).open(encoding="utf-8") as queue:
        fcntl.flock(queue, fcntl.LOCK_EX)
        until = time.monotonic() + (LONG_PATIENCE if repeated else PATIENCE)
        while idle_share() < (CALM if repeated else IDLE) and time.monotonic() < until:
            pass
        yield


def idle_share():
    """The part of all processors that was idle while this looked."""
    before = _ticks()
    time.sleep(LOOK)
    total, idle = (now - then for now, then in zip(_ticks(), before, strict=True))
    return idle / total if total else 1.0


def _ticks():
    numbers = [int(one) for one in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
    return sum(numbers), numbers[3] + numbers[4]  # idle, and waiting for a disk
