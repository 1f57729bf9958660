"""The command ``checkload comment``: writes a comment for a pull request about a finished run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.errors import UsageError
from harness.exits import Exit
from harness.reporting.pull_request import comment
from harness.results.store import ResultError, read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    parser.add_argument("result", type=Path, metavar="RESULT", help="the folder of a run's results, or its result.json")
    parser.add_argument("--link", default="", metavar="URL", help="the address of the full report")


def run(arguments: argparse.Namespace) -> int:
    """Print the comment as Markdown; returns 0."""
    problems: list[str] = []
    if arguments.link and not is_web_address(arguments.link):
        problems.append(link_problem(arguments.link))
    try:
        result = read(arguments.result)
    except ResultError as error:
        problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    sys.stdout.write(comment(result, link=arguments.link))
    return int(Exit.PASSED)


def is_web_address(text: str) -> bool:
    """Whether a text can stand as a link in Markdown: http or https, without blanks and brackets."""
    return text.startswith(("http://", "https://")) and not any(char in text for char in ' \t\n<>()[]"')


def link_problem(text: str) -> str:
    """What is wrong with a link."""
    return f"--link {text}: not a web address; write one such as https://ci.example.com/report.html"
