"""Links from a report, or from the page "Live", to the traces of a run."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

PLACE = "{trace_id}"


def is_trace_link(link: str) -> bool:
    """Whether this is the address of a trace: http or https, with a host, without a password, and with one ``{trace_id}``."""
    if not link.isascii() or not link.isprintable() or " " in link or link.count(PLACE) != 1:
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    named = bool(parts.hostname) and "@" not in parts.netloc and PLACE not in parts.netloc
    return named and parts.scheme in {"http", "https"}


def trace_link(scenario: Mapping[str, object], trace_id: str) -> str:
    """The address of a trace, by the key ``trace.link`` of the scenario; empty if the scenario has none."""
    section = scenario.get("trace")
    link = section.get("link") if isinstance(section, dict) else None
    # A result may come from anywhere, so its link is checked like that of a scenario.
    return link.replace(PLACE, quote(trace_id, safe="")) if isinstance(link, str) and is_trace_link(link) else ""
