"""The destination of remote write and its credentials, which no message or log shows."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from harness.allowed_targets import is_loopback, target_refusal
from harness.errors import UsageError

PATH = "/api/v1/write"
"""The path at which Prometheus receives remote write."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A destination of metrics; ``authorization`` is the value of that header, empty for none."""

    secure: bool
    host: str
    port: int
    path: str
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Host and port, without credentials."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def parse_destination(url: str, token: str, allowed: Collection[str]) -> Destination:
    """The destination in a URL; raises ``UsageError``, which never repeats the URL.

    The URL may contain user and password, or ``token`` replaces them. Metrics go to this machine and the ``allowed`` hosts
    only; credentials go over TLS only, except to this machine.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise UsageError(
            "--remote-write: the URL contains blanks, backslashes or characters outside ASCII; write them as %20 and so on"
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UsageError("--remote-write: the URL cannot be read; write http://host:port/path") from None
    user, _, where = parts.netloc.rpartition("@")
    if problem := target_refusal(f"{parts.scheme}://{where}", allowed):
        raise UsageError(f"--remote-write: {problem}")
    if parts.fragment:
        raise UsageError("--remote-write: the URL has a fragment; leave out everything from the # on")
    if user and token:
        raise UsageError(
            "--remote-write: there is both a user in the URL and a token in the environment; leave out one of them"
        )
    secure, host = parts.scheme == "https", parts.hostname or ""
    if (user or token) and not secure and not is_loopback(host):
        raise UsageError(f"--remote-write: the password or token would go to {host} in plain text; write https://")
    if not (token.isascii() and token.isprintable()):
        raise UsageError(
            "--remote-write: the token in the environment contains a line end, or characters outside ASCII"
        )
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
