"""What is not as known about a shop, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as known.

    ``code`` is a short name for programs, such as ``captcha``. ``page`` is where it was seen, such as ``POST /address/``.
    ``seen`` and ``remedy`` are sentences without a full stop; ``seen`` goes on from ``page``, as in "was refused: city".
    ``key`` is the key of the scenario to change, such as ``[address] city``, and ``value`` what to write there, in TOML.
    Both are empty if no key helps. ``stops``: no journey can go on past it. No text holds a secret.
    """

    code: str
    page: str
    seen: str
    remedy: str
    key: str = ""
    value: str = ""
    stops: bool = True
    also: tuple[tuple[str, str], ...] = ()
    """Further keys to change, each with its value in TOML."""

    @property
    def text(self) -> str:
        """The finding in words."""
        return f"{self.page} {self.seen.rstrip('.')}. {self.remedy[:1].upper()}{self.remedy[1:]}."


_ONE_CAUSE = frozenset(
    {"product_missing", "product_sold_out", "product_variant", "basket_refused", "minimum_amount"}
    | {"throttled", "bad_gateway", "session_lost"}
)
"""With these, it does not matter at which page they were seen."""


def same_cause(one: Finding, other: Finding) -> bool:
    """Whether one repair helps against both."""
    return one.code == other.code and (one.code in _ONE_CAUSE or (one.page, one.seen) == (other.page, other.seen))
