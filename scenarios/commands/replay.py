"""The command ``checkload replay``: shows finished runs in Prometheus, together with a run of this machine.

``promtool``, which comes with Prometheus, turns the time series of a run into blocks of Prometheus' own store.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from harness.errors import UsageError
from harness.exits import Exit
from harness.metrics.series_file import SERIES_FILE_NAME, read
from harness.network import METRICS_PORT
from harness.results.store import RESULT, ResultError, run_folder

_GRAPH_QUERY = "sum by (run_id) (rate(checkout_load_page_response_seconds_count[{window:d}s]))"
_SHORTEST_WINDOW = 30.0  # seconds
_SNAPSHOTS_IN_WINDOW = 4  # a rate needs two, and the file of a long run may lack one
_INSTALL = "install Prometheus (Debian: apt install prometheus)"
_RETENTION = "10y"  # long enough for a run of last year
_DEFAULT_SECONDS = 3600.0  # seconds
_READY_WITHIN = 60  # seconds
_REPOSITORY = Path(__file__).parents[2]


class TimeSpan(NamedTuple):
    """The first and the last time of a time series, in seconds since 1970, and the longest time between two snapshots."""

    first: float
    last: float
    step: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument(
        "results", nargs="+", metavar="RESULT", help=f"the folder of a run's results, or its {SERIES_FILE_NAME}"
    )
    parser.add_argument("--into", metavar="DIR", help="only write the blocks into this folder")
    parser.add_argument("--port", type=int, default=9090, help="port of the Prometheus that it starts (default: 9090)")
    parser.add_argument(
        "--for",
        dest="seconds",
        type=float,
        default=_DEFAULT_SECONDS,
        metavar="SECONDS",
        help=f"how long Prometheus runs (default: {_DEFAULT_SECONDS:.0f}; Ctrl-C ends it earlier)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make blocks of the results, and start a Prometheus with them unless ``--into`` is given; raises ``UsageError``."""
    files = _files(arguments.results)
    _require_programs("promtool", *([] if arguments.into else ["prometheus"]))
    if arguments.into:
        into = Path(arguments.into)
        create_blocks(files, into)
        _print(
            f"The blocks of {_run_count(files)} are in {into}. Copy them into the data folder of a Prometheus, or start one:"
        )
        _print(
            f"prometheus --storage.tsdb.path={into} --storage.tsdb.retention.time={_RETENTION} --config.file=/dev/null"
        )
        return Exit.PASSED
    if not arguments.seconds > 0:
        raise UsageError(f"--for {arguments.seconds:g}: give a time over 0 seconds")
    _refuse_taken_port(arguments.port)
    with tempfile.TemporaryDirectory(prefix="checkload-replay-") as folder:
        span = create_blocks(files, Path(folder))
        with _prometheus(Path(folder), arguments.port) as process:
            _print(f"{_run_count(files)}, and the run on port {METRICS_PORT} if there is one:")
            _print(f"http://127.0.0.1:{arguments.port}/graph?{_graph(span)}")
            if drawn := _drawn_dashboards(process, f"http://127.0.0.1:{arguments.port}", Path(folder) / "dashboards"):
                _print("The dashboards of the last run, as long as this command runs:")
                _print("\n".join(page.as_uri() for page in drawn))
            try:
                code = process.wait(arguments.seconds)
            except subprocess.TimeoutExpired:
                return Exit.PASSED
            raise UsageError(f"prometheus ended with exit code {code}: {_last_line(Path(folder) / 'log')}")


def create_blocks(files: list[Path], into: Path) -> TimeSpan:
    """Write blocks of these time series into a folder; returns their time span. Raises ``UsageError``."""
    first, last, step = float("inf"), 0.0, 0.0
    into.mkdir(parents=True, exist_ok=True)
    for file in files:
        with tempfile.NamedTemporaryFile(prefix="checkload-", suffix=".om") as text:
            moments: set[float] = set()
            try:
                for piece in read(file):
                    text.write(piece)
                    moments |= _moments(piece)
            except ValueError as error:
                raise UsageError(str(error)) from None
            text.flush()
            first, last = min(first, *moments), max(last, *moments)
            step = max((step, *(later - earlier for earlier, later in pairwise(sorted(moments)))))
            made = subprocess.run(  # noqa: S603 - a program of this machine, asked for by its name
                [_program_path("promtool"), "tsdb", "create-blocks-from", "openmetrics", text.name, str(into)],
                capture_output=True,
                text=True,
                check=False,
            )
        if made.returncode:
            raise UsageError(f"{file}: promtool cannot make blocks of it: {made.stderr.strip() or made.stdout.strip()}")
    return TimeSpan(first, last, step)


def _moments(piece: bytes) -> set[float]:
    """The times of the first and the last line of a snapshot."""
    lines = [line for line in piece.splitlines() if not line.startswith(b"#")]
    return {float(line.rpartition(b" ")[2]) for line in (*lines[:1], *lines[-1:])}


def _files(results: list[str]) -> list[Path]:
    problems, files = [], []
    for result in results:
        place = Path(result)
        try:
            file = run_folder(place) / SERIES_FILE_NAME if place.is_dir() or place.name == RESULT else place
        except ResultError as error:
            problems.append(str(error))
            continue
        if file.is_file():
            files.append(file)
        else:
            problems.append(f"{result}: it has no {SERIES_FILE_NAME}; give the folder of a run's results")
    if problems:
        raise UsageError("\n".join(problems))
    return files


def _require_programs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise UsageError(f"{' and '.join(missing)} not found on the PATH; {_INSTALL}")


def _program_path(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise UsageError(f"{program} not found on the PATH; {_INSTALL}")
    return found


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or "it is not a port"
            raise UsageError(f"--port {port}: {why}; choose another one") from None


@contextmanager
def _prometheus(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Prometheus on loopback that shows the blocks in a folder and scrapes a run of this machine."""
    config = folder / "prometheus.yml"
    live = {"job_name": "checkload", "static_configs": [{"targets": [f"127.0.0.1:{METRICS_PORT}"]}]}
    config.write_text(json.dumps({"global": {"scrape_interval": "5s"}, "scrape_configs": [live]}))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - a program of this machine, asked for by its name
            [
                _program_path("prometheus"),
                f"--config.file={config}",
                f"--storage.tsdb.path={folder}",
                f"--storage.tsdb.retention.time={_RETENTION}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _drawn_dashboards(process: subprocess.Popen[bytes], address: str, into: Path) -> list[Path]:
    """A page for each dashboard, drawn from this Prometheus; none without the folder ``dashboards`` of the repository."""
    if not (_REPOSITORY / "dashboards" / "examine").is_dir() or not is_ready(process, address):
        return []
    command = [sys.executable, "-m", "dashboards.examine", "--prometheus", address, "--pictures", str(into)]
    subprocess.run(command, cwd=_REPOSITORY, capture_output=True, check=False)  # noqa: S603 - our own program
    return sorted(into.glob("*.html"))


def is_ready(process: subprocess.Popen[bytes], address: str) -> bool:
    """Wait until this Prometheus answers, for a minute at most; a long run takes it some seconds."""
    direct = build_opener(ProxyHandler({}))  # a proxy of the environment does not reach this machine
    for _ in range(_READY_WITHIN):
        if process.poll() is not None:
            return False
        try:
            with direct.open(f"{address}/-/ready", timeout=5):
                return True
        except OSError:
            time.sleep(1)
    return False


def _graph(span: TimeSpan) -> str:
    length = max(60, round((span.last - span.first) * 1.2))
    return urlencode(
        {
            "g0.expr": _GRAPH_QUERY.format(window=round(max(_SHORTEST_WINDOW, _SNAPSHOTS_IN_WINDOW * span.step))),
            "g0.tab": 0,
            "g0.range_input": f"{length}s",
            "g0.end_input": _utc_text(span.last + 0.1 * length),
        }
    )


def _utc_text(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"


def _run_count(files: list[Path]) -> str:
    return "one run" if len(files) == 1 else f"{len(files)} runs"


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it printed nothing"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
