"""The error that a user can fix."""


class UsageError(Exception):
    """An option, a scenario or a file is wrong; the message names each key or option, its value and the remedy."""
