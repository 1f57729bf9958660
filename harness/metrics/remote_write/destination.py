"""Where metrics are written to, and with which credentials, which nobody else gets to see."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from harness.allowed_targets import is_loopback, target_refusal
from harness.errors import UsageError

PATH = "/api/v1/write"
"""Where a Prometheus takes what is written to it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A place to write metrics to; ``authorization`` is what the header of that name is to say, empty for none."""

    secure: bool
    host: str
    port: int
    path: str
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        """As a person may see it: host and port."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def parse_destination(url: str, token: str, allowed: Collection[str]) -> Destination:
    """The place that a URL names; raises ``UsageError``, which does not repeat the URL.

    User and password may stand in the URL; ``token`` is an alternative to them. Only this machine and the hosts ``allowed`` may be
    written to, with credentials only over TLS unless it is this machine.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UsageError(
            "--remote-write: the URL holds blanks, backslashes or characters outside ASCII; write them as %20 and the like"
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UsageError("--remote-write: the URL cannot be read; write http://host:port/path") from None
    user, _, where = parts.netloc.rpartition("@")
    if problem := target_refusal(f"{parts.scheme}://{where}", allowed):
        raise UsageError(f"--remote-write: {problem}")
    if parts.fragment:
        raise UsageError("--remote-write: the URL has a fragment; leave out what follows the #")
    if user and token:
        raise UsageError(
            "--remote-write: there are both a user in the URL and a token in the environment; leave out one of them"
        )
    secure, host = parts.scheme == "https", parts.hostname or ""
    if (user or token) and not secure and not is_loopback(host):
        raise UsageError(f"--remote-write: {host} would be sent a password or token in plain text; write https://")
    if not (token.isascii() and token.isprintable()):
        raise UsageError("--remote-write: the token in the environment holds a line end, or characters outside ASCII")
    path = parts.path if parts.path not in {"", "/"} else PATH
    return Destination(
        secure,
        host,
        parts.port or (443 if secure else 80),
        f"{path}?{parts.query}" if parts.query else path,
        _basic(user) if user else f"Bearer {token}" if token else "",
    )


def _basic(user: str) -> str:
    return f"Basic {base64.b64encode(unquote(user).encode()).decode()}"
