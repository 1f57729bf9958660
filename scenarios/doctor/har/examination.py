"""Examines a recording: the exchanges in order, what differs from what checkload knows, and the facts for a scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.errors import UsageError
from harness.exits import Exit
from harness.units import format_count
from scenarios.doctor.diagnosis.failure import json_object
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.facts import ShopFacts
from scenarios.doctor.finding import Finding
from scenarios.doctor.har.deviations import Deviations, is_page_view
from scenarios.doctor.har.learning import Learner
from scenarios.doctor.har.recorded_findings import buyers, findings_of
from scenarios.doctor.har.recording import RecordedExchange, Recording, read_recording
from scenarios.doctor.masking import MASK
from scenarios.doctor.reporting.document import exchange_document
from users.population.accounts import AccountsRejected

MOST_SHOWN = 200
"""The most exchanges that a report shows."""
LARGEST_SHOWN = 16_000
"""A longer reply, in bytes, is left out of the report."""

_INCOMPLETE = frozenset({"no_order", "no_bodies"})
_PLACE_FIELDS = frozenset({"country", "city", "township", "district"})


@dataclass(frozen=True, slots=True)
class RecordedPurchase:
    """Everything that a recording showed; ``shown`` are its first exchanges, masked."""

    target: str
    recording: Recording
    findings: Sequence[Finding]
    notes: Sequence[Finding]
    facts: ShopFacts
    shown: Sequence[dict[str, Any]]
    requests: int
    seconds: float

    @property
    def exit(self) -> Exit:
        """Failed if something has to change, inconclusive if the recording does not show a whole purchase."""
        if any(finding.code not in _INCOMPLETE for finding in self.findings):
            return Exit.FAILED
        bought = any(option.covered for option in self.facts.options)
        return Exit.PASSED if bought and not self.findings else Exit.INCONCLUSIVE


def examine_recording(
    path: Path, url: str = "", accounts: Path | None = None, folder: Path = Path()
) -> RecordedPurchase:
    """Examine a HAR file; raises ``UsageError``.

    ``url`` is the address of the shop, if the command line names it. ``accounts`` is a CSV file of accounts, and ``folder`` the
    folder of the scenario to write.
    """
    recording = read_recording(path)
    learner, deviations = Learner(), Deviations()
    shown: list[dict[str, Any]] = []
    requests = 0
    for recorded in recording.exchanges():
        if is_page_view(recorded):
            learner.see_page(recorded)
            continue
        requests += 1
        learner.add(recorded, json_object(recorded.exchange))
        deviations.add(recorded, learner.payments.chosen)
        if len(shown) < MOST_SHOWN:
            shown.append(exchange_document(_without_place(recorded)))
    host = urlsplit(url).hostname or ""
    facts = learner.facts(host, f"a recording of {format_count(requests, 'request')}")
    facts, found = _buyers(facts, learner, accounts, folder)
    found = [*deviations.findings, *found, *findings_of(facts, learner, deviations, recording.unreadable)]
    return RecordedPurchase(
        url or _origin(recording, learner),
        recording,
        [finding for finding in found if finding.stops],
        [finding for finding in found if not finding.stops],
        facts,
        shown,
        requests,
        learner.thinking.length,
    )


def _buyers(facts: ShopFacts, learner: Learner, accounts: Path | None, folder: Path) -> tuple[ShopFacts, list[Finding]]:
    shown = "" if accounts is None else _relative(accounts, folder)
    try:
        return buyers(facts, learner, accounts, shown)
    except AccountsRejected as rejected:
        raise UsageError("\n".join(f"--accounts: {problem}" for problem in rejected.problems)) from None


def _relative(path: Path, folder: Path) -> str:
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return str(path.resolve())


def _origin(recording: Recording, learner: Learner) -> str:
    """The address to start the scenario with: that of the shop, if the browser spoke to it."""
    hosts = {urlsplit(origin).hostname or "": origin for origin in recording.origins}
    return hosts.get(learner.main_host, "")


def _without_place(recorded: RecordedExchange) -> Exchange:
    """The exchange without the place that the person lives at, and without a very long reply."""
    exchange = recorded.exchange
    fields = {name: MASK if name in _PLACE_FIELDS else value for name, value in exchange.fields.items()}
    path = exchange.path.partition("?")[0] if "/address/" in exchange.path else exchange.path
    long = len(exchange.body) > LARGEST_SHOWN or "/address/" in exchange.path
    return replace(exchange, path=path, fields=fields, body=b"" if long else exchange.body)
