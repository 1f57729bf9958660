"""The versions of installed packages, for results."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str:
    """The version of an installed package, or ``"not installed"``."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def own_version() -> str:
    """The version of checkload that is running."""
    return version_of("checkload")
