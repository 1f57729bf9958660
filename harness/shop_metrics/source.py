"""Where the shop's own metrics are: the address of its Prometheus, and where the token for it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class PrometheusSource:
    """A Prometheus: its address, which may have a path, and the environment variable with the bearer token (empty: none)."""

    url: str
    token_variable: str = ""

    @property
    def token(self) -> str:
        """The bearer token; empty if there is none."""
        return os.environ.get(self.token_variable, "") if self.token_variable else ""

    @property
    def server(self) -> str:
        """The address without its path."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"
