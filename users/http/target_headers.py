"""Headers and cookies that go with every request to the target, and never to another host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

HeaderPairs = tuple[tuple[str, str], ...]

_SENDING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class TargetHeaders:
    """Headers for requests that read and for those that send a body, and cookies for both.

    ``copies`` are cookies that repeat the value of one of the target's own: (name, name of the target's cookie).
    """

    reading: HeaderPairs = field(default=(), repr=False)
    sending: HeaderPairs = field(default=(), repr=False)
    cookies: HeaderPairs = ()
    copies: HeaderPairs = ()

    def for_method(self, method: str) -> HeaderPairs:
        """The headers of a request with this method."""
        return self.sending if method in _SENDING else self.reading


NO_HEADERS = TargetHeaders()


def extra_cookies(target_headers: TargetHeaders, held: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The cookies to send in addition to the target's own; ``held`` gives the value of one of the target's own."""
    for name, value in (*target_headers.cookies, *((name, held(copied)) for name, copied in target_headers.copies)):
        if value and not held(name):
            yield name, value


def merge_headers(own: Mapping[str, str], more: Iterable[tuple[str, str]]) -> dict[str, str]:
    """All these headers; of two with the same name in any case, the later one."""
    merged = {name.lower(): (name, value) for name, value in (*own.items(), *more)}
    return dict(merged.values())
