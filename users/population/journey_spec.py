"""What one shopper is going to do, decided before she sets out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class SmsScript(StrEnum):
    """How a shopper behaves when the shop asks for the code it sent her by SMS."""

    RIGHT = "right"  # types the code she was sent
    WRONG = "wrong"  # mistypes it once, then gets it right
    RESEND = "resend"  # asks for another code first
    LATE = "late"  # waits until the code has expired, asks for another
    LOCKED = "locked"  # mistypes until the shop locks her out


class ExternalPages(StrEnum):
    """What to do with the steps outside the shop: a bank's page, a wallet, a provider."""

    FOLLOW = "follow"  # open the other site's page (allowed hosts only) and post its form back
    RETURN = "return"  # do not visit it; post back what a provider would
    STOP = "stop"  # the journey ends there, as handed over


class Fidelity(StrEnum):
    """Whose pattern of requests a journey follows."""

    API = "api"  # the API description's: one request after another
    STOREFRONT = "storefront"  # the platform's own client's: automatic choices that overlap, look-ups, repeats


class TraceRow(NamedTuple):
    """What is known of an arrival beforehand, as a trace tells it; an empty text: it is drawn."""

    option: str = ""
    journey: str = ""


# Not frozen, though nobody changes one: it is made for every journey, and to freeze it takes three times as long.
@dataclass(slots=True)
class JourneySpec:
    """One journey as drawn: the number of the arrival, the path, the payment option, the luck, a seed of its own.

    ``journey`` is a key of ``users.journeys.catalogue.JOURNEYS``; ``payment_option`` a slug. The same scenario, seed and number
    give the same itinerary in every process.
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
    """Who comes and how she pays, as the scenario says it.

    ``journeys``, ``payments`` and ``sms`` are weights (any positive scale; a missing name has none). ``three_d`` and
    ``declined`` are shares of the card journeys, 0 to 1. ``minimum`` guarantees a payment option that many journeys,
    whatever its weight. ``cover`` ignores the weights and walks every payment option, SMS path and journey exactly once.
    """

    journeys: Mapping[str, float]
    payments: Mapping[str, float]
    sms: Mapping[SmsScript, float] = field(default_factory=lambda: {SmsScript.RIGHT: 1.0})
    three_d: float = 0.0
    declined: float = 0.0
    minimum: Mapping[str, int] = field(default_factory=dict)
    cover: bool = False


@dataclass(frozen=True, slots=True)
class ShopperPolicy:
    """How shoppers deal with the shop, whatever they buy.

    ``option_value`` is what is posted for a payment option (its ``slug`` or its ``pk``); the storefront posts the ``pk``
    in any case. ``fidelity`` says whose pattern of requests is followed. ``sms_code`` is the code a
    test system accepts; empty: it is read from the shop's SMS inbox, asked every ``sms_poll`` seconds for at most
    ``sms_patience`` seconds. A shopper who lets her code expire waits ``sms_longest_wait`` seconds at most; a shop whose
    codes live longer is given the code in time. ``fallback`` is the option tried when the wanted one is unavailable (empty: give up).
    ``sign_in_once`` keeps a virtual user signed in across journeys. ``address`` holds fields of an address that are the same for
    all. ``locale`` and ``currency`` are what the storefront says with every request. ``json_as_json`` says that JSON which
    claims another media type is a failure, and not just a warning.
    """

    external: ExternalPages = ExternalPages.FOLLOW
    allowed_hosts: frozenset[str] = frozenset()
    option_value: str = "slug"
    fidelity: Fidelity = Fidelity.API
    sms_code: str = ""
    sms_poll: float = 0.2
    sms_patience: float = 5.0
    sms_longest_wait: float = 90.0
    fallback: str = ""
    sign_in_once: bool = False
    locale: str = "en"
    currency: str = "try"
    json_as_json: bool = False
    address: Mapping[str, str] = field(default_factory=dict)
