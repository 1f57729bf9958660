"""The summary that ``checkload calibrate`` prints: what was read, what was assumed, and what is unknown."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.calibration.journey_counts import JourneyCounts
from scenarios.calibration.load_estimate import arrival_pattern
from scenarios.calibration.log_reader import LineCounts
from scenarios.calibration.sessions import Sessions

_MOST_UNKNOWN = 10


def summary(tally: JourneyCounts, sessions: Sessions, lines: LineCounts, output: str, trace: str) -> str:
    """The summary as a few lines of text."""
    return "\n".join(_lines(tally, sessions, lines, output, trace)) + "\n"


def _lines(tally: JourneyCounts, sessions: Sessions, lines: LineCounts, output: str, trace: str) -> Iterator[str]:
    counts = sessions.counts
    yield f"{lines.read:,} lines, {lines.bad:,} of them unreadable; {counts.failed:,} requests failed (4xx, 5xx)."
    yield from (f"  {shown}" for shown in lines.shown)
    yield (
        f"{tally.total:,} journeys reached the checkout; {tally.looked_around:,} sessions did not. Also left out: "
        f"{tally.headless:,} that began before the log and {tally.under_way:,} that had not ended at its end."
    )
    if counts.by_address:
        known = counts.by_cookie + counts.by_address
        yield (
            f"{counts.by_address / known:.0%} of the requests have no session: for these, one address with one browser counts as "
            "one shopper."
        )
    if counts.late:
        yield f"{counts.late:,} requests were too far out of order and are left out."
    if counts.evicted:
        yield f"{counts.evicted:,} sessions were ended early: too many were open."
    pages = tally.pages.total() / max(1, tally.total)
    dispersion = tally.arrivals.widest_reliable
    yield (
        f"{pages:.1f} pages per journey. Arrivals: {arrival_pattern(tally.arrivals)} (index of dispersion {dispersion.index:.2f} in "
        f"{dispersion.windows:,} windows of {dispersion.width:g} s)."
    )
    if sessions.unknown.total:
        yield f"{sessions.unknown.total:,} requests for paths outside the checkout; the most frequent:"
        yield from (f"  {count:>9,}  {name}" for name, count in sessions.unknown.rows(_MOST_UNKNOWN))
    for what, name in (("Scenario", output), ("Trace", trace)):
        if name:
            yield f"{what}: {name}"
