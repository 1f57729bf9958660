"""How long a shopper's client waits for a shop, and how much of it it takes in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """How long to wait, in seconds, how much to read, in bytes, and whether to verify certificates.

    ``connect`` bounds the way to an open connection (name, TCP and TLS), ``read`` the silence of a server that is
    expected to send, ``longest`` a whole exchange from the first of these to the last byte. ``largest`` bounds a body.
    """

    connect: float
    read: float
    longest: float
    largest: int
    verify_tls: bool = True
