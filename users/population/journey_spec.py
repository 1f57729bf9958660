"""What one shopper is going to do, drawn before the journey starts, and the settings that it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from shop.contract import PATHS, Page
from users.population.recipes import AvailabilityCheck, RecipePage


class SmsScript(StrEnum):
    """What a shopper does when the shop asks for the code that it sent by SMS."""

    RIGHT = "right"  # types the right code
    WRONG = "wrong"  # types a wrong code once, then the right one
    RESEND = "resend"  # asks for another code first
    LATE = "late"  # waits until the code has expired, then asks for another
    LOCKED = "locked"  # types wrong codes until the shop locks the shopper out


class ExternalPages(StrEnum):
    """What to do with the steps outside the shop: a bank's page, a wallet, a provider."""

    FOLLOW = "follow"  # open the other site's page (allowed hosts only) and post its form back
    RETURN = "return"  # do not open it; post back what a provider would
    STOP = "stop"  # end the journey there, as handed over


class Fidelity(StrEnum):
    """Whose pattern of requests a journey follows."""

    API = "api"  # the API description: one request after another
    STOREFRONT = "storefront"  # the platform's own client: parallel automatic choices, look-ups, retries


class TraceRow(NamedTuple):
    """What a trace says of one arrival; what it leaves empty is drawn."""

    option: str = ""
    journey: str = ""


# Not frozen: one is made for every journey, and a frozen one takes three times as long.
@dataclass(slots=True)
class JourneySpec:
    """One journey as drawn: the path, the payment option, and what goes wrong on purpose.

    ``number`` is the number of the arrival. ``journey`` is a key of ``users.journeys.catalogue.JOURNEYS``;
    ``payment_option`` a slug. The same scenario, seed and number give the same spec in every process.
    """

    number: int
    journey: str
    payment_option: str
    sms: SmsScript = SmsScript.RIGHT
    three_d: bool = False
    declined: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class JourneyMix:
    """Which journeys take place and how they pay, as the scenario sets it.

    ``journeys``, ``payments`` and ``sms`` are weights (on any positive scale; a missing name has the weight 0).
    ``three_d`` and ``declined`` are shares of the card journeys, 0 to 1. ``minimum`` guarantees a payment option that
    many journeys, whatever its weight. ``cover`` ignores the weights and runs every payment option, SMS script and
    journey once.
    """

    journeys: Mapping[str, float]
    payments: Mapping[str, float]
    sms: Mapping[SmsScript, float] = field(default_factory=lambda: {SmsScript.RIGHT: 1.0})
    three_d: float = 0.0
    declined: float = 0.0
    minimum: Mapping[str, int] = field(default_factory=dict)
    cover: bool = False
    own_options: tuple[str, ...] = ()
    """Payment options that only the scenario knows."""


@dataclass(frozen=True, slots=True)
class ShopperPolicy:
    """How all shoppers deal with the shop, whatever they buy."""

    external: ExternalPages = ExternalPages.FOLLOW
    allowed_hosts: frozenset[str] = frozenset()
    """Other sites whose pages a journey may request."""
    option_value: str = "slug"
    """What to post for a payment option, its ``slug`` or its ``pk``; the storefront always posts the ``pk``."""
    fidelity: Fidelity = Fidelity.API
    sms_code: str = ""
    """The code that a test system accepts; empty: read the code from the shop's SMS inbox."""
    sms_poll: float = 0.2
    """Seconds between two looks at the SMS inbox."""
    sms_patience: float = 5.0
    """Seconds to wait for a code in the inbox."""
    sms_longest_wait: float = 90.0
    """Seconds that a shopper waits for a code to expire; if it lives longer, they type it in time."""
    csrf_path: str = PATHS[Page.CSRF_TOKEN]
    """The page that sets the cookie with the CSRF token; empty: the shop wants no token."""
    csrf_in_page: bool = False
    """That page shows the token, and no cookie has it."""
    fallback: str = ""
    """The payment option to take if the wanted one is unavailable; empty: give up."""
    sign_in_once: bool = False
    """A virtual user stays signed in from journey to journey."""
    locale: str = "en"
    """What the storefront says with every request, as ``currency``."""
    currency: str = "try"
    json_as_json: bool = False
    """JSON under another media type is a failure, and not just a warning."""
    address: Mapping[str, str] = field(default_factory=dict)
    """Address fields that are the same for all shoppers."""
    recipes: Mapping[str, tuple[RecipePage, ...]] = field(default_factory=dict)
    """The pages of payment options that only the scenario knows; a recipe of a known option replaces its flow."""
    availability: Mapping[str, AvailabilityCheck] = field(default_factory=dict)
    """The question to ask before a payment option is chosen."""
