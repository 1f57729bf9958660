"""Whether anybody listens at the target, asked once before the load starts."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def unreachable(url: str, timeout: float) -> str:
    """Why no connection to ``url`` can be made within ``timeout`` seconds, as a sentence; empty if one can."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        return f"nobody answers at {host} port {port} ({error.strerror or error})"
    return ""
