"""Reads an arrival trace from a CSV file: the time of each arrival, and optionally its payment option and journey."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from harness.files import MAX_CSV_BYTES, UnreadableFile, read_bytes
from harness.schedule.arrivals import Profile, TraceSchedule
from harness.schedule.trace_scaling import profile_of, scale_trace
from scenarios.calibration.timestamps import parse_timestamp
from scenarios.schema.names import JOURNEY_NAMES, PAYMENT_NAMES
from scenarios.schema.problems import HIDDEN_VALUE, Problem, did_you_mean, one_of
from users.population.journey_spec import TraceRow

MOST_ARRIVALS = 1_000_000
"""Arrivals of one trace; they are held in memory."""

MOST_PROBLEMS = 20
"""Wrong lines that are shown; of the others the number."""

COLUMNS = ("time", "payment_option", "journey")
_KEY = "arrivals.trace"


class TraceError(ValueError):
    """A trace that cannot be replayed, with all its problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class TraceFileContent:
    """The content of a trace file: times in seconds after the first arrival, the other columns, and a digest of the bytes."""

    moments: tuple[float, ...]
    trace_rows: tuple[TraceRow, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class ScaledTrace:
    """A trace after scaling: due times, the other columns of each arrival, and the profile of the rate."""

    trace: TraceSchedule
    trace_rows: tuple[TraceRow, ...]
    profile: Profile
    digest: str

    @property
    def options(self) -> frozenset[str]:
        """The payment options that the trace names."""
        return frozenset(one.option for one in self.trace_rows if one.option)


def load_trace(
    path: Path, rate_scale: float, time_scale: float, seed: int, options: tuple[str, ...] = PAYMENT_NAMES
) -> ScaledTrace:
    """Read and scale a trace with these payment options; raises ``TraceError``. The result is cached until the file changes."""
    try:
        state = path.stat()
    except (OSError, ValueError) as error:
        raise TraceError([_unreadable(path, error)]) from None
    scales = (rate_scale, time_scale, seed)
    return _load_trace(path, (state.st_mtime_ns, state.st_size), scales, options)


@lru_cache(maxsize=4)
def _load_trace(
    path: Path, state: tuple[int, int], scales: tuple[float, float, int], options: tuple[str, ...]
) -> ScaledTrace:
    rate_scale, time_scale, seed = scales
    recorded = _read_trace(path, state, options)
    if (count := len(recorded.moments) * rate_scale) > MOST_ARRIVALS:
        raise TraceError(
            [
                Problem(
                    "arrivals.rate_scale",
                    rate_scale,
                    f"at most {MOST_ARRIVALS:,} arrivals; this makes {count:,.0f}",
                    "lower it",
                )
            ]
        )
    moments, places = scale_trace(recorded.moments, rate_scale=rate_scale, time_scale=time_scale, seed=seed)
    if not moments:
        raise TraceError([Problem("arrivals.rate_scale", rate_scale, "at least one arrival", "raise it")])
    rows = tuple(recorded.trace_rows[place] for place in places) if recorded.trace_rows else ()
    return ScaledTrace(TraceSchedule(moments), rows, profile_of(moments), recorded.digest)


@lru_cache(maxsize=4)
def _read_trace(path: Path, _state: tuple[int, int], options: tuple[str, ...]) -> TraceFileContent:
    try:
        text = read_bytes(path, MAX_CSV_BYTES)
        lines = text.decode("utf-8-sig").splitlines()
    except (UnreadableFile, UnicodeDecodeError) as error:
        raise TraceError([_unreadable(path, error)]) from None
    reading = _TraceReader(path.name, options)
    try:
        reading.read(lines)
    except csv.Error:
        raise TraceError(
            [Problem(_KEY, path.name, "a valid CSV file; a cell is too long, or a quote is not closed")]
        ) from None
    if reading.problems:
        raise TraceError(reading.shown())
    rows = tuple(reading.trace_rows) if any(one.option or one.journey for one in reading.trace_rows) else ()
    return TraceFileContent(tuple(reading.moments), rows, sha256(text).hexdigest())


class _TraceReader:
    """Reads the lines of a trace in one pass, and goes on after an error."""

    def __init__(self, name: str, options: Sequence[str]) -> None:
        self._name = name
        self._names: Mapping[str, Sequence[str]] = {"payment_option": options, "journey": JOURNEY_NAMES}
        self.moments: list[float] = []
        self.trace_rows: list[TraceRow] = []
        self.problems: list[Problem] = []
        self._more = 0
        self._first: float | None = None

    def read(self, lines: Sequence[str]) -> None:
        rows = ((number, row) for number, row in enumerate(csv.reader(lines), start=1) if any(map(str.strip, row)))
        columns: tuple[str, ...] | None = None
        for number, row in rows:
            cells = tuple(cell.strip() for cell in row)
            if columns is None:
                columns = self._columns(cells)
                if columns == cells:
                    continue
            if not columns:
                return
            if len(self.moments) == MOST_ARRIVALS:
                self._wrong(number, f"at most {MOST_ARRIVALS:,} arrivals", "cut the trace into several")
                return
            self._row(number, dict(zip(columns, cells, strict=False)), len(cells) - len(columns))
        if not self.moments and not self.problems:
            self.problems.append(Problem(_KEY, self._name, "at least one arrival, each on its own line"))

    def shown(self) -> list[Problem]:
        """The first problems, and how many more there are."""
        more = Problem(_KEY, self._name, f"no wrong lines; {self._more:,} more lines are wrong")
        return [*self.problems, *([more] if self._more else [])]

    def _columns(self, cells: tuple[str, ...]) -> tuple[str, ...]:
        """The names of the columns. With a single column, the first line may already be a time."""
        if len(cells) == 1 and cells[0] != "time":
            return ("time",)
        for cell in cells:
            if cell not in COLUMNS:
                self._wrong(1, f"a header of {one_of(COLUMNS)}", did_you_mean(cell, COLUMNS))
        if "time" not in cells or len(set(cells)) < len(cells):
            self._wrong(1, "a header with `time`, and each column once", "write for example time,payment_option")
        return () if self.problems else cells

    def _row(self, number: int, row: Mapping[str, str], extra: int) -> None:
        if extra > 0:
            self._wrong(number, "no more cells than the header", "put a text with a comma in quotes")
        for column, names in self._names.items():
            if (cell := row.get(column, "")) and cell not in names:
                what = f"a {column.replace('_', ' ')}: {one_of(names)}, or nothing"
                self._wrong(number, what, did_you_mean(cell, names))
        try:
            found = parse_timestamp(row.get("time", ""))
        except (ValueError, OverflowError):
            self._wrong(number, "a time: seconds, or a date such as 2026-11-25T09:00:47.250Z")
            return
        if self._first is None:
            self._first = found
        offset = found - self._first
        if self.moments and offset < self.moments[-1]:
            self._wrong(number, "a time not before that of the line above", "sort the file by time")
            return
        self.moments.append(offset)
        self.trace_rows.append(TraceRow(row.get("payment_option", ""), row.get("journey", "")))

    def _wrong(self, number: int, expected: str, remedy: str = "") -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            self._more += 1
            return
        # It may be the wrong file, such as one with accounts, so no cell is shown.
        self.problems.append(Problem(f"{_KEY}, {self._name} line {number}", HIDDEN_VALUE, expected, remedy))


def _unreadable(path: Path, error: Exception) -> Problem:
    match error:
        case OSError():
            reason = error.strerror or "it cannot be read"
        case UnicodeDecodeError():
            reason = "it is not UTF-8"
        case UnreadableFile():
            reason = str(error)
        case _:
            reason = "its name has a character that is not allowed"
    return Problem(_KEY, path.name, f"a readable CSV file; its path is relative to the scenario file; {reason}")
