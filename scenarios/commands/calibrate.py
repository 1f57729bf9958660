"""The command ``checkload calibrate``: makes a scenario from an access log."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from harness import files
from harness.errors import UsageError
from scenarios.calibration.arrival_statistics import ArrivalStatistics, LoggedArrival
from scenarios.calibration.journey_counts import JourneyCounts
from scenarios.calibration.json_lines import USUAL_KEYS, JsonLines
from scenarios.calibration.load_estimate import LONG_JOURNEY_QUANTILE, LoadShape
from scenarios.calibration.log_reader import LineCounts, read_requests
from scenarios.calibration.logged_request import DurationUnit, SessionNumbers, StampedAt
from scenarios.calibration.scenario_writer import LogPrecision, scenario_text
from scenarios.calibration.sessions import SESSION_GAP, Sessions
from scenarios.calibration.summary import summary
from scenarios.calibration.text_lines import TextLines
from scenarios.commands.output_files import output_problems, scenario_name_problems
from scenarios.loading.arrival_trace import COLUMNS
from scenarios.loading.reader import build_scenario
from scenarios.schema.problems import ScenarioError
from scenarios.schema.quantities import InvalidQuantity, positive_seconds, share
from shop.contract import COOKIE_SESSION

FEWEST_JOURNEYS = 200
"""The fewest journeys to make a scenario from."""

_SETTLE_EVERY = 5_000
_MOSTLY = 0.5
_MANY_JOURNEYS = 3
_LATE = 0.01


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "logs",
        nargs="+",
        metavar="LOG",
        help="access logs, the oldest first; they may be .gz files; - is standard input",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="scenario file to write (default: standard output)")
    parser.add_argument("--trace", metavar="FILE", help="write the arrivals to this CSV file; the scenario replays it")
    parser.add_argument(
        "--load",
        choices=[shape.value for shape in LoadShape],
        default=LoadShape.PEAK.value,
        help="the rate of the scenario: that of the busiest ten minutes, of the busiest hour in stages, or the mean (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    parser.add_argument(
        "--gap",
        default="30m",
        metavar="TIME",
        help="a session ends after this time without a request (default: %(default)s)",
    )
    parser.add_argument(
        "--bad-lines", default="5%", metavar="SHARE", help="the share of lines that may be unreadable (default: 5%%)"
    )
    parser.add_argument("--prefix", default="", metavar="PATH", help="a prefix of the shop's paths, such as /api")
    parser.add_argument(
        "--cookie", default=COOKIE_SESSION, metavar="NAME", help="the name of the session cookie (default: %(default)s)"
    )
    parser.add_argument(
        "--json-keys",
        default="",
        metavar="A=B,...",
        help=f"your names for keys of JSON lines, such as time=at,path=http.url; keys are {', '.join(USUAL_KEYS)}",
    )
    parser.add_argument(
        "--stamped",
        choices=[end.value for end in StampedAt],
        help="whether the time of a line is the start or the end of its request (default: by the form of the line)",
    )
    parser.add_argument(
        "--took-unit",
        choices=[unit.value for unit in DurationUnit],
        help="the unit of request durations (default: by the form of the number)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Read the logs, write the scenario, and print a summary on standard error; raises ``UsageError``."""
    gap, allowed, keys = _checked(arguments)
    readers = _readers(arguments, keys)
    lines, sessions = LineCounts(), Sessions(gap, arguments.prefix)
    with _open_trace_file(arguments.trace) as trace:
        tally = JourneyCounts(random.Random("calibrate"), ArrivalStatistics(trace.add if trace else None))
        since = 0
        for journey in sessions.take(read_requests(arguments.logs, *readers, lines, allowed)):
            tally.add(journey)
            since += 1
            if since >= _SETTLE_EVERY:
                tally.arrivals.count_until(sessions.oldest())
                since = 0
        tally.add_unfinished(sessions.close_all())
        # Journeys that had not ended at the end of the log are missing, so the last minutes do not count.
        tally.arrivals.close(sessions.now - tally.length_quantile(LONG_JOURNEY_QUANTILE))
        lines.refuse_too_many_bad_lines(allowed)
        _refuse_too_little(tally, sessions, LoadShape(arguments.load))
        text = scenario_text(tally, _precision(sessions), LoadShape(arguments.load), _relative_trace_path(arguments))
        if trace is not None:
            trace.keep()
    try:
        _check_scenario(text, arguments)
    except UsageError:
        if arguments.trace:
            Path(arguments.trace).unlink()
        raise
    if arguments.output:
        files.write_file("--output", Path(arguments.output), text.encode())
    else:
        sys.stdout.write(text)
    sys.stderr.write(summary(tally, sessions, lines, arguments.output or "", arguments.trace or ""))
    return 0


def _checked(arguments: argparse.Namespace) -> tuple[float, float, dict[str, str]]:
    problems = []
    gap, allowed = SESSION_GAP, 0.0
    try:
        gap = positive_seconds(arguments.gap)
    except InvalidQuantity as error:
        problems.append(f"--gap {arguments.gap}: {error.expected}")
    try:
        allowed = share(arguments.bad_lines)
    except InvalidQuantity as error:
        problems.append(f"--bad-lines {arguments.bad_lines}: {error.expected}")
    keys, wrong = _json_keys(arguments.json_keys)
    problems += [*wrong, *_file_problems(arguments)]
    if problems:
        raise UsageError("\n".join(problems))
    return gap, allowed, keys


def _json_keys(text: str) -> tuple[dict[str, str], list[str]]:
    keys, problems = {}, []
    for pair in filter(None, text.split(",")):
        name, equals, key = (part.strip() for part in pair.partition("="))
        if not equals or name not in USUAL_KEYS or not key:
            problems.append(f"--json-keys {pair}: write NAME=KEY with one of these names: {', '.join(USUAL_KEYS)}")
        keys[name] = key
    return keys, problems


def _file_problems(arguments: argparse.Namespace) -> Iterator[str]:
    for option, name in (("--output", arguments.output), ("--trace", arguments.trace)):
        if name in arguments.logs:
            yield f"{option} {name}: this is a log; choose another file"
        else:
            yield from output_problems(option, name, overwrite=arguments.overwrite)
    yield from scenario_name_problems("--output", arguments.output)


def _readers(arguments: argparse.Namespace, keys: dict[str, str]) -> tuple[TextLines, JsonLines]:
    anonymous = SessionNumbers()
    stamped = StampedAt(arguments.stamped) if arguments.stamped else None
    unit = DurationUnit(arguments.took_unit) if arguments.took_unit else None
    return (
        TextLines(anonymous, arguments.cookie, ("session", "sessionid", "sid"), stamped=stamped, unit=unit),
        JsonLines(anonymous, arguments.cookie, keys, stamped=stamped, unit=unit),
    )


def _refuse_too_little(tally: JourneyCounts, sessions: Sessions, shape: LoadShape) -> None:
    counts = sessions.counts
    if counts.late > _LATE * max(1, counts.requests):
        raise UsageError(f"{counts.late:,} of {counts.requests:,} requests are out of order; give the oldest log first")
    if tally.total < FEWEST_JOURNEYS:
        raise UsageError(
            f"only {tally.total:,} journeys reached the checkout; a scenario needs at least {FEWEST_JOURNEYS}. "
            f"The log has {counts.requests:,} requests; {sessions.unknown.total:,} of them are for paths outside the "
            f"checkout, and {counts.failed:,} failed.\n  remedy: give a longer log, or add --prefix if the shop's paths "
            "have a prefix"
        )
    if counts.by_address > counts.by_cookie and tally.total > _MANY_JOURNEYS * counts.opened:
        raise UsageError(
            f"{tally.total:,} journeys came from only {counts.opened:,} client{'s' * (counts.opened != 1)} (address and browser). So one client is "
            "many shoppers, as behind a proxy.\n  remedy: let the server log the session, in nginx with "
            f"session=$cookie_{COOKIE_SESSION}; add --cookie or --json-keys if its name differs"
        )
    if shape is LoadShape.HOUR and not tally.arrivals.best_hour:
        raise UsageError(
            f"--load hour: the log is only {tally.arrivals.length / 60:.0f} minutes long; give at least an hour, or use --load mean"
        )


def _precision(sessions: Sessions) -> LogPrecision:
    counts = sessions.counts
    known = max(1, counts.by_cookie + counts.by_address)
    return LogPrecision(
        whole_seconds=counts.fine < _MOSTLY * known,
        untimed=counts.timed < _MOSTLY * known,
        by_address=counts.by_cookie < _MOSTLY * known,
    )


def _relative_trace_path(arguments: argparse.Namespace) -> str:
    """The path of the trace, relative to the scenario file."""
    if not arguments.trace:
        return ""
    folder = Path(arguments.output).parent if arguments.output else Path()
    return Path(os.path.relpath(arguments.trace, folder)).as_posix()


def _check_scenario(text: str, arguments: argparse.Namespace) -> None:
    folder = Path(arguments.output).parent if arguments.output else Path()
    name = Path(arguments.output).stem if arguments.output else "calibrated"
    try:
        build_scenario(files.parse_toml(text), name=name, folder=folder)
    except (ScenarioError, files.TomlError) as error:
        raise UsageError(f"the scenario made from the log is not usable:\n{error}") from None


class TraceFile:
    """Writes arrivals to a CSV file for ``[arrivals] trace``: without dates, addresses and names.

    The rows go to a temporary file. ``keep`` gives it its name; without that call the file is deleted at the end.
    """

    def __init__(self, file: IO[str], temporary: Path, name: Path) -> None:
        self._file = file
        self._temporary = temporary
        self._name = name
        self._first: float | None = None
        file.write(f"{','.join(COLUMNS)}\n")

    def add(self, arrival: LoggedArrival) -> None:
        """Write one arrival, in seconds after the first. Arrivals come in order of time."""
        if self._first is None:
            self._first = arrival.moment
        self._file.write(f"{arrival.moment - self._first:.3f},{arrival.option},{arrival.journey}\n")

    def keep(self) -> None:
        """Move the file to its final name."""
        self._file.flush()
        self._temporary.replace(self._name)


@contextmanager
def _open_trace_file(name: str | None) -> Iterator[TraceFile | None]:
    if name is None:
        yield None
        return
    temporary: Path | None = None
    try:
        handle, path = tempfile.mkstemp(dir=Path(name).parent, prefix=".checkload-trace-")
        temporary = Path(path)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield TraceFile(file, temporary, Path(name))
    except OSError as error:
        raise UsageError(f"--trace {name}: cannot be written ({error.strerror}); choose another file") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
