"""Makes Locust's own percentiles about as precise as ours: Locust rounds times to two digits."""

from __future__ import annotations

_STEPS = ((10.0, 2), (100.0, 1), (1000.0, 0), (10_000.0, -1), (100_000.0, -2))
"""Below so many milliseconds, a time is rounded to so many decimals: to three digits."""


def round_time(milliseconds: float) -> float:
    """A response time with three digits, so at most 0.5 % off."""
    for below, decimals in _STEPS:
        if milliseconds < below:
            return round(milliseconds, decimals)
    return round(milliseconds, -3)


def install_precision() -> None:
    """Let Locust round times in this process, and in those that it forks, as ``round_time`` does."""
    from locust import stats  # noqa: PLC0415 - it patches the standard library

    stats.bucket_response_time = round_time  # type: ignore[assignment]  # Locust says that it may be replaced
