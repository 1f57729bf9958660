"""Reads the shop's exchanges of a recording in the order of time, in memory that does not grow with the file.

The first pass finds the requests of the shop among images, scripts and other sites. The second one reads just these again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from harness.errors import UsageError
from harness.files import UnreadableFile, open_regular
from scenarios.doctor.exchange import Exchange
from scenarios.doctor.har.entry_reader import (
    NoRequest,
    exchange_of,
    has_body,
    is_unchanged,
    method_and_url,
    sessions_of,
    started_at,
)
from scenarios.doctor.har.entry_splitter import HarError, RawEntry, parse_entry, split_entries
from scenarios.doctor.har.people import people_of
from scenarios.doctor.har.recognition import Recognised, recognise
from shop.contract import CHECKOUT_PATH, Page

MAX_HAR_BYTES = 2_000_000_000
"""The size of the largest recording that is read."""
MOST_REQUESTS = 20_000
"""The most requests of the shop in a recording: a checkout has about thirty."""

_MARKS_SHOP = frozenset({Page.CHECKOUT, Page.BASKET_ADD})


class RecordedExchange(NamedTuple):
    """One exchange with the shop, what it means, and whether the recording has the body of its reply.

    ``person`` is the number of the person who made the request.
    """

    exchange: Exchange
    meaning: Recognised
    has_body: bool
    person: int = 0


class _Place(NamedTuple):
    started: float
    number: int
    start: int
    length: int
    meaning: Recognised
    kept: RecordedExchange | None
    sessions: tuple[str, ...]
    person: int = 0


@dataclass(slots=True)
class Recording:
    """The requests of the shop in a HAR file, and how much else is in it.

    ``entries`` counts all; ``unreadable`` are those that are no request or have no time. ``origins`` counts the requests of the
    shop by server. ``elsewhere`` are requests of a checkout below a path of its own, which is not read.
    """

    path: Path
    entries: int = 0
    unreadable: int = 0
    elsewhere: int = 0
    origins: Counter[str] = field(default_factory=Counter)
    _places: list[_Place] = field(default_factory=list)

    def exchanges(self) -> Iterator[RecordedExchange]:
        """Read the exchanges again, one person after the other, the oldest first."""
        with _opened(self.path) as file:
            for place in self._places:
                found = place.kept or _read_again(file, place)
                yield found._replace(person=place.person)


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
    recording._places = _by_person(place for place in places if place.meaning.origin in shops)  # noqa: SLF001 - its own
    recording.origins.update(place.meaning.origin for place in recording._places)  # noqa: SLF001
    if not recording._places:  # noqa: SLF001
        below = (
            f"; {recording.elsewhere:,} have it below another path, which checkload cannot send"
            if recording.elsewhere
            else ""
        )
        raise UsageError(
            f"--har {path}: none of its {recording.entries:,} requests is of a checkout ({CHECKOUT_PATH} or the storefront's "
            f"/api/client/orders/checkout/); record from the basket to the order, in one tab, with 'Preserve log' on{below}"
        )
    return recording


def _by_person(places: Iterable[_Place]) -> list[_Place]:
    ordered = sorted(places, key=lambda place: (place.started, place.number))
    people = people_of(place.sessions for place in ordered)
    numbered = [place._replace(person=person) for place, person in zip(ordered, people, strict=True)]
    return sorted(numbered, key=lambda place: place.person)


def _marks_shop(meaning: Recognised) -> bool:
    return meaning.page in _MARKS_SHOP or meaning.path.startswith(CHECKOUT_PATH)


def _place(recording: Recording, entry: RawEntry, found: int) -> _Place | None:
    if found >= MOST_REQUESTS:
        raise HarError(f"more than {MOST_REQUESTS:,} requests of a shop; record one checkout")
    document = parse_entry(entry, recording.entries)
    try:
        method, url = method_and_url(document)
        meaning = recognise(method, url)
        if meaning is None or is_unchanged(document):
            recording.elsewhere += meaning is None and CHECKOUT_PATH in url
            return None
        started = started_at(document)
    except NoRequest:
        recording.unreadable += 1
        return None
    # An entry without one of its texts cannot be read again by its length; what is left of it is small.
    kept = _recorded(document, meaning) if entry.shortened else None
    return _Place(started, recording.entries, entry.start, len(entry.text), meaning, kept, sessions_of(document))


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
