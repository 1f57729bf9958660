"""One request and its reply, as seen on the wire or in a recording; nothing in it is masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply.

    ``path`` is path and query on the shop; on another host it is the absolute URL. The names of headers are in lower
    case. ``fields`` is what was sent, from a form or from a JSON object. ``started`` is the moment of the request in
    seconds, on a clock that all exchanges of one walk share, and ``seconds`` the time until the last byte of the reply.
    ``status`` is 0 without a reply; ``failure`` then says why, as half a sentence.

    The values are as they were sent. ``masking`` makes them fit to show.
    """

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    status: int = 0
    reply_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    seconds: float = 0.0
    started: float = 0.0
    failure: str = ""

    @property
    def media(self) -> str:
        """The media type of the reply: lower case, without parameters, empty if it names none."""
        return self.reply_headers.get("content-type", "").partition(";")[0].strip().lower()
