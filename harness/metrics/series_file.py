"""The whole time series of a run in one file: a snapshot of all metrics every few seconds, each whole or not there at all.

``metrics.om.gz`` is an OpenMetrics text, packed. Every snapshot is a gzip member of its own, so that the end of a process at any
moment spoils the last one at most; ``read`` leaves out what is torn and puts the end where it belongs.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

SERIES_FILE_NAME = "metrics.om.gz"
INTERVAL = 5.0
"""Seconds between two snapshots, at first."""
HALVE_RATE_AFTER = 360
"""After so many snapshots they become half as frequent: a day takes hardly more room than an hour."""

_GZIP = 31  # zlib's way of saying: with the header and the end of a gzip file
_EOF = b"# EOF\n"
_PIECE = 1 << 16


class SeriesFile:
    """Writes the snapshots of one run; the file is made anew. ``interval`` is how many seconds to wait for the next one."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.interval = INTERVAL
        path.unlink(missing_ok=True)  # a link is replaced, and what it points to left alone
        self._file: BinaryIO = path.open("xb")
        self._snapshots = 0
        self._last = 0.0

    def next_timestamp(self, now: float) -> float:
        """The moment to write behind the values of the next snapshot: later than the one before, whoever sets the clock."""
        self._last = max(now, self._last + 0.001)
        return self._last

    def append(self, pieces: Iterable[bytes]) -> None:
        """Add one snapshot: lines with moments behind them."""
        packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        packed = [packer.compress(piece) for piece in pieces]
        packed.append(packer.flush())
        # Written at once: either it is all there, or the process has ended in the middle of it.
        self._file.write(b"".join(packed))
        self._file.flush()
        self._snapshots += 1
        if self._snapshots % HALVE_RATE_AFTER == 0:
            self.interval *= 2

    def close(self) -> None:
        """Nothing follows."""
        if not self._file.closed:
            self._file.write(zlib.compress(_EOF, wbits=_GZIP))
            self._file.close()


def read(path: Path) -> Iterator[bytes]:
    """The text piece by piece, with its end; a snapshot that was cut off is left out. OSError where there is no file.

    ValueError where the file is none of ours.
    """
    with path.open("rb") as file:
        for number, member in enumerate(_members(file)):
            if member is None:
                if number == 0:
                    raise ValueError(f"{path}: holds no whole snapshot; is it the {SERIES_FILE_NAME} of a run?")
                break
            if member != _EOF:
                yield member
    yield _EOF


def _members(file: BinaryIO) -> Iterator[bytes | None]:
    """What each member holds; ``None`` for one that is torn, behind which nothing is of use."""
    rest = b""
    while rest := rest or file.read(_PIECE):
        unpacker = zlib.decompressobj(_GZIP)
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
