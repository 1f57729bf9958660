"""The command ``checkload gate``: runs a scenario for a pipeline, repeats an undecided run, and leaves files to publish."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from harness.errors import UsageError
from harness.exits import Exit
from harness.objectives.verdict import Severity
from harness.reporting import report
from harness.reporting.pull_request import Attempt, comment
from harness.results.result import Result
from harness.results.store import RESULT, ResultError, read, run_folder
from scenarios.commands.comment import is_web_address, link_problem
from scenarios.commands.run import command_line

COMMENT = "comment.md"
UNDECIDED = frozenset({Exit.INVALID, Exit.INCONCLUSIVE})
"""The verdicts that say nothing about the shop: the run is repeated."""
NOT_MEASURED = frozenset({"available", "bugs", "end", "harness", "offered", "products", "requests", "shop", "target"})
"""The findings of a run that measured no checkout, or not to its end: no policy makes a pass of it."""
MOST_RETRIES = 5
EPILOG = """
The folder of --results gets attempt-1, attempt-2, … with the results of each run, and from the last run comment.md,
summary.md, summary.json, junit.xml and report.html. Every option after SCENARIO that is not listed here goes to locust.

exit codes: those of the last run. With --undecided warn, 0 in place of 4 (invalid) and 5 (inconclusive), unless the run was
stopped, or the shop could not be measured at all: it was not reached, it died, or no request was sent.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("scenario", metavar="SCENARIO", help="the name of a scenario, or the path of a TOML file")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("out"),
        metavar="FOLDER",
        help="where the results go (default: %(default)s)",
    )
    parser.add_argument(
        "--retries", type=int, default=1, metavar="N",
        help="how often to repeat a run that is invalid or inconclusive (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--undecided", choices=("fail", "warn"), default="fail",
        help="what a run means that is still invalid or inconclusive after all retries (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--link", default="", metavar="URL", help="the address of the full report, for the comment")
    parser.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        metavar="…",
        help="options of locust, such as --host URL; see locust --help",
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Run the scenario, at most ``retries`` times more if undecided; returns the exit code for the pipeline."""
    _refuse(arguments)
    attempts: list[Attempt] = []
    while True:
        folder = arguments.results / f"attempt-{len(attempts) + 1}"
        code, stopped = _load(arguments.scenario, folder, arguments.options)
        if not (folder.exists() and (run_folder(folder) / RESULT).exists()):
            return _without_result(arguments, attempts, code)
        result = _result(folder)
        attempts.append(Attempt(result.judgement.verdict, result.judgement.reason))
        if stopped or code not in UNDECIDED or len(attempts) > arguments.retries:
            break
        sys.stderr.write(f"\nThe run is {result.judgement.verdict.value}. Attempt {len(attempts) + 1} follows.\n\n")
    warns = code in UNDECIDED and arguments.undecided == "warn" and not stopped and _measured(result)
    _publish(arguments, folder, comment(result, attempts[:-1], link=arguments.link, warns=warns))
    if not warns:
        return code
    sys.stderr.write(f"WARNING: the run is {result.judgement.verdict.value}, so nothing was shown about the shop.\n")
    return int(Exit.PASSED)


def _without_result(arguments: argparse.Namespace, attempts: list[Attempt], code: int) -> int:
    """The exit code after a run without a result: Locust has printed why. An option such as --version is no pass."""
    if attempts:  # an earlier attempt left one
        folder = arguments.results / f"attempt-{len(attempts)}"
        _publish(arguments, folder, comment(_result(folder), attempts[:-1], link=arguments.link))
    return code or int(Exit.INVALID)


def _measured(result: Result) -> bool:
    """Whether the shop was measured, however badly: a pipeline must not go on after a run that never reached it."""
    invalid = {one.check for one in result.judgement.findings if one.level is Severity.INVALID}
    return not invalid & NOT_MEASURED


def _refuse(arguments: argparse.Namespace) -> None:
    problems = []
    if not 0 <= arguments.retries <= MOST_RETRIES:
        problems.append(f"--retries {arguments.retries}: write a number from 0 to {MOST_RETRIES}")
    if any(option.startswith("--res") for option in arguments.options):
        problems.append("--results: write it before SCENARIO, because each attempt has a folder of its own")
    if arguments.link and not is_web_address(arguments.link):
        problems.append(link_problem(arguments.link))
    if arguments.results.exists() and (not arguments.results.is_dir() or any(arguments.results.iterdir())):
        problems.append(f"--results {arguments.results}: exists already; name a folder that is new or empty")
    if problems:
        raise UsageError("\n".join(problems))


def _load(scenario: str, folder: Path, options: list[str]) -> tuple[int, bool]:
    """Run the load in a process of its own; returns its exit code, and whether a signal ended it."""
    words = command_line(scenario, ["--results", str(folder), *options])
    # A group of its own: a terminal would send Ctrl-C to it, too, and a second one ends a run at once.
    process = subprocess.Popen(words, process_group=0)  # noqa: S603 - our own command, no shell
    with process, _passing_on_signals(process) as received:
        code = process.wait()
    return (code if code >= 0 else int(Exit.CRASHED)), bool(received)


@contextmanager
def _passing_on_signals(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Hand SIGTERM and SIGINT on to the load, which ends in good order and writes its results; yields what was received."""
    received: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        with suppress(ProcessLookupError):
            process.send_signal(number)

    former = {number: signal.signal(number, pass_on) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _result(folder: Path) -> Result:
    try:
        return read(folder)
    except ResultError as error:
        raise UsageError(str(error)) from None


def _publish(arguments: argparse.Namespace, folder: Path, text: str) -> None:
    (arguments.results / COMMENT).write_text(text, encoding="utf-8")
    for name in (*report.RENDERINGS, report.HTML_REPORT):
        with suppress(FileNotFoundError):
            shutil.copyfile(run_folder(folder) / name, arguments.results / name)
