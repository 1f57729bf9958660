"""Stores all time series of a run in one file: a snapshot of all metrics every few seconds.

``metrics.om.gz`` is a compressed OpenMetrics text. Every snapshot is a gzip member of its own, so a process that dies damages
the last snapshot at most. ``read`` leaves out a damaged one, and ends the text properly.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from harness.reporting.html.timeline import NO_TIMELINE, RunTimeline, read_timeline

SERIES_FILE_NAME = "metrics.om.gz"
INTERVAL = 5.0
"""Seconds between two snapshots at the beginning."""
MOST_BYTES = 1_200_000
"""The size at which every other snapshot goes and the interval doubles: the file of a day is no larger than that of an hour."""

GZIP = 31
"""Tells zlib to use the gzip format."""
_EOF = b"# EOF\n"
_PACKED_EOF = zlib.compress(_EOF, wbits=GZIP)
_PIECE = 1 << 16
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
"""The beginning of each gzip member that zlib writes: no name, no time."""
MOST_MOMENTS = 150
"""The most snapshots of a timeline: as many as a chart has places for."""
MAX_FILE_BYTES = 200_000_000
MAX_SNAPSHOT_BYTES = 50_000_000
"""The largest snapshot that ``spread`` unpacks."""


class SeriesFile:
    """Writes the snapshots of one run into a new file, of ``most_bytes`` at most.

    ``interval`` is the time to the next snapshot in seconds. The first and the latest snapshot are always kept.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.interval = INTERVAL
        path.unlink(missing_ok=True)  # replaces a symbolic link, and leaves its target alone
        self._file: BinaryIO = path.open("xb")
        self._most_bytes = most_bytes
        self._sizes: list[int] = []
        self._last = 0.0

    def next_timestamp(self, now: float) -> float:
        """The timestamp of the next snapshot: later than the last one, even if the clock was set back."""
        self._last = max(now, self._last + 0.001)
        return self._last

    def append(self, pieces: Iterable[bytes]) -> None:
        """Add one snapshot: lines with timestamps."""
        packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
        packed = [packer.compress(piece) for piece in pieces]
        packed.append(packer.flush())
        snapshot = b"".join(packed)
        if sum(self._sizes) + len(snapshot) > self._most_bytes:
            self._drop_every_other()
        # One write: the snapshot is complete, unless the process ends within it.
        self._file.write(snapshot)
        self._file.flush()
        self._sizes.append(len(snapshot))

    def _drop_every_other(self) -> None:
        shorter = self.path.with_name(f".{self.path.name}.shorter")
        shorter.unlink(missing_ok=True)
        with self.path.open("rb") as old, shorter.open("xb") as new:
            pieces = [old.read(size) for size in self._sizes]
            new.writelines(pieces[::2])
        shorter.replace(self.path)
        self._file.close()
        self._file = self.path.open("ab")
        self._sizes = self._sizes[::2]
        self.interval *= 2

    def close(self) -> None:
        """End the file."""
        if not self._file.closed:
            self._file.write(_PACKED_EOF)
            self._file.close()


def read(path: Path) -> Iterator[bytes]:
    """The text, snapshot by snapshot, with its end; a damaged snapshot at the end is left out.

    OSError: there is no such file. ValueError: it is no file of this kind.
    """
    with path.open("rb") as file:
        for number, member in enumerate(_members(file)):
            if member is None:
                if number == 0:
                    raise ValueError(f"{path}: has no complete snapshot; is it the {SERIES_FILE_NAME} of a run?")
                break
            if member != _EOF:
                yield member
    yield _EOF


def stored_timeline(folder: Path) -> RunTimeline:
    """What the metrics in a folder of results show over time; an empty timeline if they are missing or damaged."""
    try:
        return read_timeline(spread(folder / SERIES_FILE_NAME, MOST_MOMENTS))
    except ValueError:
        return NO_TIMELINE


def spread(path: Path, most: int) -> Iterator[bytes]:
    """At most ``most`` complete snapshots, spread evenly over the run, the first and the last among them; none without a file.

    It unpacks only these: all snapshots of a long run are gigabytes of text.
    """
    try:
        with path.open("rb") as file:
            packed = memoryview(file.read(MAX_FILE_BYTES))
    except OSError:
        return
    starts = [found.start() for found in re.finditer(re.escape(_HEADER), packed)]
    if starts and packed[starts[-1] :] == _PACKED_EOF:
        del starts[-1]
    step = max(1.0, (len(starts) - 1) / max(1, most - 1))
    chosen = sorted({min(len(starts) - 1, round(number * step)) for number in range(min(most, len(starts)))})
    for place in chosen:
        unpacker = zlib.decompressobj(GZIP)
        try:
            text = unpacker.decompress(packed[starts[place] :], MAX_SNAPSHOT_BYTES)
        except zlib.error:
            continue
        if unpacker.eof:
            yield text


def _members(file: BinaryIO) -> Iterator[bytes | None]:
    """The content of each member; None for a damaged one, after which nothing can be read."""
    rest = b""
    while rest := rest or file.read(_PIECE):
        unpacker = zlib.decompressobj(GZIP)
        parts: list[bytes] = []
        while not unpacker.eof:
            if not rest and not (rest := file.read(_PIECE)):
                yield None
                return
            try:
                parts.append(unpacker.decompress(rest))
            except zlib.error:
                yield None
                return
            rest = unpacker.unused_data
        yield b"".join(parts)
