"""What each exit code tells a pipeline."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of a run; anything else is the operating system's."""

    PASSED = 0
    """Every objective held, and the samples suffice to say so."""
    CRASHED = 1
    """The harness itself broke; a bug, or a machine in trouble."""
    USAGE_ERROR = 2
    """Wrong options, a wrong scenario file, a target that is not allowed: nothing was sent."""
    FAILED = 3
    """The shop broke at least one objective."""
    INVALID = 4
    """The measurement cannot be trusted; it says nothing of the shop, good or bad."""
    INCONCLUSIVE = 5
    """Too few samples to tell; a longer run or a higher rate would."""
