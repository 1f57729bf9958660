"""What a walk found: the paths, the findings, what the shop offers, the orders, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.exits import Exit
from scenarios.doctor.facts import ShopFacts
from scenarios.doctor.finding import Finding
from scenarios.doctor.walking.paths import PathEnd, WalkedPath
from users.population.identity import DOMAIN

_UNREACHABLE = frozenset({"dns", "port_closed", "no_answer", "no_route", "certificate", "tls", "no_socket"})


@dataclass(slots=True)
class Examination:
    """A walk through one shop.

    ``notes`` are findings that stop no shopper. ``ended_early`` says why the walk ended before its last path, as half a
    sentence. ``embedded``: it is the embedded shop, which is gone afterwards. ``changed`` maps keys of the scenario to the values that the walk needed, in TOML.
    """

    url: str
    paths: list[WalkedPath] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    facts: ShopFacts = field(default_factory=ShopFacts)
    changed: dict[str, str] = field(default_factory=dict)
    places_orders: bool = True
    ended_early: str = ""
    embedded: bool = False

    @property
    def name(self) -> str:
        """The shop as a report names it."""
        return "the embedded shop" if self.embedded else self.url

    @property
    def orders(self) -> Sequence[WalkedPath]:
        """The paths that placed an order."""
        return [walked for walked in self.paths if walked.receipt is not None]

    @property
    def possible_orders(self) -> int:
        """Paths that sent their last form and saw no order; the shop may have one."""
        return sum(walked.may_have_ordered for walked in self.paths)

    @property
    def stopped(self) -> Sequence[WalkedPath]:
        """The paths that stopped at something that is not as known."""
        return [walked for walked in self.paths if walked.end is PathEnd.STOPPED]

    @property
    def exit(self) -> Exit:
        """The exit code: failed if a finding stops a path, invalid if the shop could not be asked, inconclusive if too little was walked."""
        if any(finding.code in _UNREACHABLE for finding in self.findings):
            return Exit.INVALID
        if self.findings:
            return Exit.FAILED
        bought = any(option.covered for option in self.facts.options)
        return Exit.PASSED if self.places_orders and bought and not self.ended_early else Exit.INCONCLUSIVE

    @property
    def order_search(self) -> str:
        """What to look for in the shop to find the orders of the walk."""
        return f"@{DOMAIN}"
