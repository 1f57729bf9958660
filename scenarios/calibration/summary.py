"""What is said to whoever calibrated: how much of the log was understood, what was assumed, and what was not known."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.calibration.journey_counts import JourneyCounts
from scenarios.calibration.load_estimate import arrival_pattern
from scenarios.calibration.log_reader import LineCounts
from scenarios.calibration.sessions import Sessions

_MOST_UNKNOWN = 10


def summary(tally: JourneyCounts, sessions: Sessions, lines: LineCounts, output: str, trace: str) -> str:
    """A few lines of plain text."""
    return "\n".join(_lines(tally, sessions, lines, output, trace)) + "\n"


def _lines(tally: JourneyCounts, sessions: Sessions, lines: LineCounts, output: str, trace: str) -> Iterator[str]:
    counts = sessions.counts
    yield f"{lines.read:,} lines, {lines.bad:,} of them not readable; {counts.failed:,} requests failed (4xx, 5xx)."
    yield from (f"  {shown}" for shown in lines.shown)
    yield (
        f"{tally.total:,} journeys reached the checkout; {tally.looked_around:,} sessions did not and are left out, so are "
        f"{tally.headless:,} that began before the log and {tally.under_way:,} that were under way at its end."
    )
    if counts.by_address:
        known = counts.by_cookie + counts.by_address
        yield (
            f"{counts.by_address / known:.0%} of the requests carry no session: for these, one address with one browser is "
            "taken for one shopper."
        )
    if counts.late:
        yield f"{counts.late:,} requests came too late to be put in order and are left out."
    if counts.evicted:
        yield f"{counts.evicted:,} sessions were closed early for want of room."
    pages = tally.pages.total() / max(1, tally.total)
    telling = tally.arrivals.widest_reliable
    yield (
        f"{pages:.1f} pages a journey. Arrivals: {arrival_pattern(tally.arrivals)} (index of dispersion {telling.index:.2f} in "
        f"{telling.windows:,} windows of {telling.width:g} s)."
    )
    if sessions.unknown.total:
        yield f"{sessions.unknown.total:,} requests for addresses that are none of the checkout's; those asked for most:"
        yield from (f"  {count:>9,}  {name}" for name, count in sessions.unknown.rows(_MOST_UNKNOWN))
    for what, name in (("Scenario", output), ("Trace", trace)):
        if name:
            yield f"{what}: {name}"
