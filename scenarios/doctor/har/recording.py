"""Reads the shop's exchanges of a recording in the order of time, in memory that does not grow with the file.

The first pass finds the requests of the shop among images, scripts and other sites. The second one reads just these again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from harness.errors import UsageError
from harness.files import UnreadableFile, open_regular
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.har.entry_reader import NoRequest, exchange_of, has_body, method_and_url, started_at
from scenarios.doctor.har.entry_splitter import HarError, RawEntry, parse_entry, split_entries
from scenarios.doctor.har.recognition import Recognised, recognise
from shop.contract import CHECKOUT_PATH, Page

MAX_HAR_BYTES = 2_000_000_000
"""The size of the largest recording that is read."""
MOST_REQUESTS = 20_000
"""The most requests of the shop in a recording: a checkout has about thirty."""

_MARKS_SHOP = frozenset({Page.CHECKOUT, Page.BASKET_ADD})


class RecordedExchange(NamedTuple):
    """One exchange with the shop, what it means, and whether the recording has the body of its reply."""

    exchange: Exchange
    meaning: Recognised
    has_body: bool


class _Place(NamedTuple):
    started: float
    number: int
    start: int
    length: int
    meaning: Recognised
    kept: RecordedExchange | None


@dataclass(slots=True)
class Recording:
    """The requests of the shop in a HAR file, and how much else is in it.

    ``entries`` counts all; ``unreadable`` are those that are no request or have no time. ``origins`` counts the requests of the
    shop by server.
    """

    path: Path
    entries: int = 0
    unreadable: int = 0
    origins: Counter[str] = field(default_factory=Counter)
    _places: list[_Place] = field(default_factory=list)

    def exchanges(self) -> Iterator[RecordedExchange]:
        """Read the exchanges again, the oldest first."""
        with _opened(self.path) as file:
            for place in self._places:
                yield place.kept or _read_again(file, place)


def read_recording(path: Path) -> Recording:
    """Find the requests of the shop in a HAR; raises ``UsageError`` with the place of an error, or if there are none."""
    recording = Recording(path)
    places: list[_Place] = []
    try:
        with _opened(path) as file:
            for entry in split_entries(file):
                recording.entries += 1
                if (place := _place(recording, entry, len(places))) is not None:
                    places.append(place)
    except HarError as error:
        raise UsageError(f"--har {path}: {error}") from None
    shops = {place.meaning.origin for place in places if _marks_shop(place.meaning)}
    recording._places = sorted(place for place in places if place.meaning.origin in shops)  # noqa: SLF001 - its own
    recording.origins.update(place.meaning.origin for place in recording._places)  # noqa: SLF001
    if not recording._places:  # noqa: SLF001
        raise UsageError(
            f"--har {path}: none of its {recording.entries:,} requests is of a checkout ({CHECKOUT_PATH} or the storefront's "
            "/api/client/orders/checkout/); record from the basket to the order, in one tab, with 'Preserve log' on"
        )
    return recording


def _marks_shop(meaning: Recognised) -> bool:
    return meaning.page in _MARKS_SHOP or meaning.path.startswith(CHECKOUT_PATH)


def _place(recording: Recording, entry: RawEntry, found: int) -> _Place | None:
    if found >= MOST_REQUESTS:
        raise HarError(f"more than {MOST_REQUESTS:,} requests of a shop; record one checkout")
    document = parse_entry(entry, recording.entries)
    try:
        meaning = recognise(*method_and_url(document))
        if meaning is None:
            return None
        started = started_at(document)
    except NoRequest:
        recording.unreadable += 1
        return None
    # An entry without one of its texts cannot be read again by its length; what is left of it is small.
    kept = _recorded(document, meaning) if entry.shortened else None
    return _Place(started, recording.entries, entry.start, len(entry.text), meaning, kept)


def _recorded(document: Any, meaning: Recognised) -> RecordedExchange:
    return RecordedExchange(exchange_of(document, meaning.path), meaning, has_body(document))


def _read_again(file: BinaryIO, place: _Place) -> RecordedExchange:
    file.seek(place.start)
    return _recorded(
        parse_entry(RawEntry(place.start, file.read(place.length), shortened=False), place.number), place.meaning
    )


def _opened(path: Path) -> BinaryIO:
    try:
        return open_regular(path, MAX_HAR_BYTES)
    except UnreadableFile as error:
        raise UsageError(f"--har {path}: {error}; give the HAR file that a browser has saved") from None
