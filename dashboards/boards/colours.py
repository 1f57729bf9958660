"""The colours of series that say whose fault something is: green ok, grey the shopper's luck, red the shop, orange checkload."""

from __future__ import annotations

from harness.measurement.outcomes import Blame, Outcome

GOOD, LUCK, OURS = "green", "#9fa7b3", "orange"
REDS = ("red", "light-red", "dark-red", "super-light-red", "semi-dark-red")
"""Shades for several kinds of failure of the shop in one panel."""


def _outcomes() -> tuple[tuple[str, str], ...]:
    colours = {Blame.NOBODY: GOOD, Blame.SHOPPER: LUCK, Blame.HARNESS: OURS}
    failures = [one for one in Outcome if one.blame is Blame.SHOP]
    reds = {one: REDS[place % len(REDS)] for place, one in enumerate(failures)}
    found: dict[str, list[str]] = {}
    for one in Outcome:
        found.setdefault(reds[one] if one in reds else colours[one.blame], []).append(one.value)
    return tuple(("|".join(names), colour) for colour, names in found.items())


BY_OUTCOME = _outcomes()
"""The colour of each outcome: names in a legend, and their colour."""

BY_STATUS = (
    ("2xx", GOOD),
    ("3xx", "light-green"),
    ("4xx", LUCK),
    ("429", "light-red"),
    ("5xx", "red"),
    ("503", "dark-red"),
    ("none", "semi-dark-red"),
)
"""The colour of each class of HTTP status; most 4xx replies say what a shopper did wrong."""
