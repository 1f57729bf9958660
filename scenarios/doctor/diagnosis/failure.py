"""The evidence about a path that stopped: the last exchange, and what the journey knew by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from harness.measurement.outcomes import Outcome
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.finding import Finding
from scenarios.doctor.masking import shown_path
from users.journeys.steps import PageRequest

_MAX_READ = 1_000_000


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where a shop gives its CSRF token: the path of a page, and how it gives it; both empty if no page gives one.

    ``usable``: the page sets the cookie that shoppers send back, so a scenario can name it. ``in_page``: the page shows the
    token, and a scenario can say so.
    """

    path: str = ""
    how: str = ""
    usable: bool = False
    in_page: bool = False


@dataclass(frozen=True)
class Failure:
    """A path that stopped with ``outcome`` on ``page``.

    ``said`` is the shop's own text, without private data. ``exchange`` is the last one and ``request`` what the journey
    wanted with it. ``url`` is the address of the shop. ``invented_account``: the account is not from the scenario.
    ``pinned`` are the fields of ``[address]`` that the scenario gives. ``history`` are all exchanges of the path.
    ``token`` is where the shop gives its CSRF token, if it was looked for.
    """

    outcome: Outcome
    page: str | None
    exchange: Exchange
    request: PageRequest | None = None
    said: str = ""
    url: str = ""
    payment_option: str = ""
    invented_account: bool = False
    sms_code_given: bool = False
    guest: bool = True
    pinned: Mapping[str, Any] = field(default_factory=dict)
    history: Sequence[Exchange] = ()
    token: TokenSource | None = None
    option_taken: bool = False
    """The shop has taken another option in the same walk, so it is not the kind of value that it refuses."""
    verify_tls: bool = True

    @property
    def where(self) -> str:
        """The request, as a finding names it."""
        return where(self.exchange)

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The reply as a JSON object; empty if it is none."""
        return json_object(self.exchange)

    def finding(
        self, code: str, seen: str, remedy: str, key: str = "", value: str = "", *, stops: bool = True
    ) -> Finding:
        """A finding about the last exchange."""
        return Finding(code, self.where, seen, remedy, key, value, stops)


def where(exchange: Exchange) -> str:
    """The request of an exchange, as a finding names it."""
    return f"{exchange.method} {shown_path(exchange.path)}"


def json_object(exchange: Exchange) -> Mapping[str, Any]:
    """The body of a reply as a JSON object; empty if it is none, or very long."""
    if len(exchange.body) > _MAX_READ:
        return {}
    try:
        document = orjson.loads(exchange.body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}
