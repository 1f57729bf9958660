"""The exit codes of a run."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of a run; anything else is the operating system's."""

    PASSED = 0
    """Every objective held, and there were enough samples to prove it."""
    CRASHED = 1
    """checkload itself broke: a bug, or a machine in trouble."""
    USAGE_ERROR = 2
    """A wrong option, a wrong scenario file, or a target that is not allowed. Nothing was sent."""
    FAILED = 3
    """The shop broke at least one objective."""
    INVALID = 4
    """The measurement cannot be trusted, so there is no verdict on the shop."""
    INCONCLUSIVE = 5
    """There were too few samples to tell."""
