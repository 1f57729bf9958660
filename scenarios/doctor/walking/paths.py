"""The paths that a walk takes: one for each payment option, each way to deal with an SMS code, each kind of shopper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scenarios.doctor.exchange import Exchange
from scenarios.doctor.finding import Finding
from shop.contract import PAYMENT_OPTIONS, Flow
from users.journeys.context import Receipt
from users.population.journey_spec import SmsScript

_KINDS = {"guest": "a guest", "returning": "a returning customer", "first_time": "a new customer"}


class PathEnd(StrEnum):
    """How a path ended."""

    OK = "ok"
    """As known: with an order, or where this path has to end."""
    LEFT = "left"
    """At the page of a bank or a wallet, without an order, as the scenario says."""
    SKIPPED = "skipped"
    """The shop does not offer this to this shopper, or it was not tried; no fault."""
    STOPPED = "stopped"
    """At something that is not as known."""


@dataclass(frozen=True, slots=True)
class WalkPath:
    """One path: who buys, how they pay, and what they do with a code. Without ``option``, it ends before the payment."""

    journey: str
    option: str = ""
    sms: SmsScript = SmsScript.RIGHT
    three_d: bool = False

    @property
    def name(self) -> str:
        """The path in words."""
        words = [_KINDS[self.journey], self.option or "up to the payment options"]
        if self.three_d:
            words.append("3-D Secure")
        if self.sms is not SmsScript.RIGHT:
            words.append(f"SMS code: {self.sms}")
        return ", ".join(words)


@dataclass(slots=True)
class WalkedPath:
    """A path that was walked, or skipped: its exchanges and how it ended.

    ``asked_for_code``: the shop wanted a code by SMS. ``may_have_ordered``: the last form was sent, but no order was seen.
    """

    path: WalkPath
    end: PathEnd
    exchanges: Sequence[Exchange] = ()
    """All exchanges, those of earlier tries, too."""
    last_try: int = 0
    """How many exchanges the last try had."""
    finding: Finding | None = None
    receipt: Receipt | None = None
    asked_for_code: bool = False
    may_have_ordered: bool = False
    product: str = ""
    """The product that was bought."""
    changed: tuple[str, ...] = ()
    """The keys that had to change before the shop let it pass."""

    @property
    def seconds(self) -> float:
        """How long the shop took for all of its replies."""
        return sum(exchange.seconds for exchange in self.exchanges)


def payment_paths(journey: str, options: Sequence[str], *, three_d: bool) -> Iterator[WalkPath]:
    """A path for each option, and one through 3-D Secure."""
    for option in options:
        yield WalkPath(journey, option)
    known = [option for option in options if option in PAYMENT_OPTIONS]  # the others have a recipe
    card = next((option for option in known if PAYMENT_OPTIONS[option].flow is Flow.CARD), "")
    if card and three_d:
        yield WalkPath(journey, card, three_d=True)


def sms_paths(journey: str, option: str, scripts: Sequence[SmsScript]) -> Iterator[WalkPath]:
    """A path for each way to deal with a code, besides typing it right: that one has been walked."""
    for script in scripts:
        if script is not SmsScript.RIGHT:
            yield WalkPath(journey, option, script)
