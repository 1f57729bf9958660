"""What was learnt of a shop, from a walk or from a recording: enough to write a scenario for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shop.contract import PAYMENT_OPTIONS

JOURNEY_SECONDS = 12.0
"""The length of a journey, in seconds, if nothing is known about it."""


@dataclass(frozen=True, slots=True)
class OfferedOption:
    """A payment option that the shop lists, in the shop's own words.

    ``covered``: a journey bought with it, so a scenario can use it. ``ends_outside``: that journey was left at the page of
    a bank or a wallet, without an order. ``left_out``: why a scenario cannot use it.
    """

    payment_type: str
    slug: str = ""
    pk: str = ""
    name: str = ""
    covered: bool = False
    ends_outside: bool = False
    left_out: str = ""

    @property
    def known(self) -> bool:
        """Whether it is one of the fourteen options that checkload can pay with."""
        return self.payment_type in PAYMENT_OPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """What a scenario needs to know of a shop. A default means that nothing special was seen.

    Secrets are not in here: ``headers`` holds values such as ``${NAME}``. Times are in seconds.
    """

    host: str = ""
    """The host to allow as a target; empty for this machine."""
    learnt_from: str = "a walk through the shop"
    options: tuple[OfferedOption, ...] = ()
    option_value: Literal["slug", "pk"] = "slug"
    fidelity: Literal["api", "storefront"] = "api"
    csrf_path: str | None = None
    """The page that gives the CSRF token, if it is not the usual one; empty: the shop wants none."""
    csrf_in_page: bool = False
    """That page shows the token, and no cookie has it."""
    locale: str = ""
    currency: str = ""
    journeys: Mapping[str, float] = field(default_factory=lambda: {"guest": 1})
    """A weight for each journey that works."""
    accounts: Mapping[str, int] = field(default_factory=dict)
    """How many accounts the file has for each journey that signs in."""
    accounts_file: str = ""
    """The file of accounts, relative to the scenario to write."""
    search: str | None = ""
    """Buy what the shop finds for this text; ``None``: buy the ``products``."""
    products: tuple[str, ...] = ()
    address: Mapping[str, int | str] = field(default_factory=dict)
    """Keys of ``[address]``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    sms_options: tuple[str, ...] = ()
    """Payment options after which the shop asked for a code."""
    sms_scripts: tuple[str, ...] = ("right",)
    """What shoppers can do with a code at this shop."""
    sms_code: str = ""
    """The code of the test system, as the scenario in use names it."""
    external: Literal["follow", "return", "stop"] = "follow"
    allowed_hosts: tuple[str, ...] = ()
    three_d: bool = False
    """Whether a card was paid through 3-D Secure on request."""
    think_times: Mapping[str, float] = field(default_factory=dict)
    """The median think time before each page; empty: unknown."""
    journey_seconds: float = JOURNEY_SECONDS
    """How long a journey takes at this shop, think times included."""
    verify_tls: bool = True
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Further keys by table, such as ``{"payments.recipes.my_wallet": {"pages": [...]}}``; what was learnt wins."""
    kept: bool = False
    """Whether ``more`` was kept from a scenario that was given."""
