"""The error that a user can mend."""


class UsageError(Exception):
    """Something the user asked for cannot be done; the message names each key, its value and the remedy."""
