"""Runs Locust in this process and records the order in which the project's functions are called.

Run as ``python recorded_run.py CALLS ARGUMENTS…``; ``ARGUMENTS`` are Locust's. Each line of the file ``CALLS`` is the path of a
source file and the name of one of its functions. A line is written when the function begins and when it returns or
yields: a value goes from hop to hop either way. Equal lines in a row are written once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import TextIO

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("harness/", "users/", "scenarios/")
MOST_CALLS = 1_000_000


def recorder(calls: TextIO) -> Callable[[FrameType, str, object], None]:
    """The function for ``sys.setprofile``; it reads each file's name only once."""
    lines: dict[CodeType, str] = {}
    last, left = "", MOST_CALLS

    def record(frame: FrameType, event: str, _value: object) -> None:
        nonlocal last, left
        if event not in {"call", "return"} or not left:
            return
        code = frame.f_code
        line = lines.get(code)
        if line is None:
            path = code.co_filename.removeprefix(f"{ROOT}/")
            ours = path.startswith(ROOMS) and code.co_name != "<module>"
            lines[code] = line = f"{path} {code.co_qualname}\n" if ours else ""
        if line and line != last:
            last = line
            left -= 1
            calls.write(line)

    return record


def main() -> None:
    from locust.main import main as locust  # noqa: PLC0415 - patches the standard library, so it comes first

    path, *arguments = sys.argv[1:]
    sys.argv = ["locust", *arguments]
    with Path(path).open("w") as calls:
        sys.setprofile(recorder(calls))
        try:
            locust()
        finally:
            sys.setprofile(None)


if __name__ == "__main__":
    main()
