"""Checks the options of a run before anything is sent to the target."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from locust.util.timespan import parse_timespan

from harness.allowed_targets import target_refusal
from harness.errors import UsageError
from harness.run.workload import Workload
from harness.units import MAX_DURATION

_SERVER = re.compile(r"(?:\w*://)?[^/?#]{0,80}")
LONGEST_RAMP = 3600.0
"""Most seconds that spawning all users may take."""


def selected_user_classes(user_classes: Iterable[Any], workload: Workload[Any], options: Any) -> list[Any]:
    """The user classes that have a weight in the scenario and a task left; raises ``UsageError`` if there is none."""
    kept = [one for one in user_classes if workload.population.weights.get(one.kind, 0) > 0 and _wanted(one, options)]
    if not kept:
        raise UsageError(
            f"{workload.name}: none of the chosen user classes has a weight in [journeys]; "
            f"it has {', '.join(sorted(workload.population.weights))}"
        )
    return kept


def set_weights(user_classes: Iterable[Any], workload: Workload[Any]) -> None:
    """Give each class the weight that the scenario gives its journey."""
    for one in user_classes:
        one.weight = workload.population.weights[one.kind]


def refuse_host(host: str, allowed: Collection[str], option: str = "--host") -> None:
    """Raise ``UsageError`` for a host that may not be loaded; an empty host is accepted."""
    problem = target_refusal(host, allowed) if host else None
    if problem:
        # The part before an @ may be a password, and the path may hold a token.
        shown = f" {_SERVER.match(host)[0]}" if "@" not in host and host.isprintable() else ""  # type: ignore[index]
        raise UsageError(f"{option}{shown}: {problem}")


def refuse_candidate(options: Any, workload: Workload[Any]) -> None:
    """Raise ``UsageError`` for a second host that cannot get the same journeys as the first one."""
    if not options.candidate:
        return
    refuse_host(options.candidate, workload.target.allowed, "--candidate")
    if not options.host:
        raise UsageError("--candidate: each journey goes to two hosts; give the other one with --host")
    if options.host.rstrip("/") == options.candidate.rstrip("/"):
        raise UsageError("--candidate: is the same host as --host; give the hosts of two versions")
    if options.processes or options.master or options.worker or not options.headless:
        raise UsageError(
            "--candidate: journeys at two hosts need a single process without a web UI; add --headless, and leave out "
            "--processes, --master and --worker"
        )
    if workload.judging.search is not None:
        raise UsageError("--candidate: a search for the capacity loads one host; name another scenario")


def refuse_slow_ramp(workload: Workload[Any], ramp: float | None) -> None:
    """Raise ``UsageError`` if spawning the users takes over an hour; ``None`` is the scenario's own ramp."""
    if ramp is not None and workload.population.users / ramp > LONGEST_RAMP:
        raise UsageError(
            f"--spawn-rate {ramp:g}: spawning {workload.population.users} users would take over an hour; "
            f"write {workload.population.users / LONGEST_RAMP:.2g} or more"
        )


def run_time(text: str) -> int:
    """The seconds of ``90``, ``90s`` or ``1h30m``; raises ValueError with a text that continues a sentence."""
    try:
        seconds = parse_timespan(text)
    except OverflowError:
        seconds = None
    except ValueError:
        raise ValueError("is not a time; write for example 90, 90s or 1h30m") from None
    if seconds is None or seconds > MAX_DURATION:
        raise ValueError(f"is longer than {MAX_DURATION / 3600:.0f}h")
    return seconds


def refuse_endless_time(parser: Any) -> None:
    """Make the parser refuse a run time that is too long; Locust would end with a traceback."""

    def checked(text: str) -> int:
        try:
            return run_time(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text[:40]} {error}") from None

    for action in parser._actions:  # noqa: SLF001 - argparse offers no other access to an existing argument
        if action.dest == "run_time":
            action.type = checked


def refuse_rebalancing(options: Any) -> None:
    """Raise ``UsageError`` for ``--enable-rebalancing``: Locust would stop shoppers in the middle of a journey."""
    if getattr(options, "enable_rebalancing", False):
        raise UsageError(
            "--enable-rebalancing: users stay in their worker for the whole run; a lost worker makes the run invalid, and "
            "a late worker takes part in the next run; leave the option out"
        )


def refuse_results(place: str, otherwise: Path) -> None:
    """Raise ``UsageError`` for a folder that cannot hold the results; ``otherwise`` is the folder used if none is named."""
    refuse_unwritable("--results", place, Path(place) if place else otherwise)


def refuse_journey_log(place: str) -> None:
    """Raise ``UsageError`` for a path where no journey log can be written."""
    path = Path(place)
    if not place:
        return
    if not path.exists():
        refuse_unwritable("--journey-log", place, path.parent)
    elif path.is_dir() or path.is_socket() or path.is_fifo():
        what = "folder" if path.is_dir() else "pipe or socket"
        raise UsageError(f"--journey-log {place}: it is a {what}; name a file")
    elif not os.access(path, os.W_OK):
        raise UsageError(f"--journey-log {place}: it is not writable; name another file")


def refuse_unwritable(option: str, place: str, folder: Path) -> None:
    """Raise ``UsageError`` unless a file can be made in this folder, or in its nearest parent that exists."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise UsageError(f"{option} {place}: {there} is not a folder; name another place")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise UsageError(f"{option} {place}: {there} is not writable ({error.strerror}); name another place") from None


def _wanted(user_class: Any, options: Any) -> bool:
    """Whether ``--tags`` and ``--exclude-tags`` leave this class a task; Locust applies them only later."""
    tags = {tag for task in user_class.tasks for tag in getattr(task, "locust_tag_set", ())}
    return not (options.tags and not tags & set(options.tags)) and not tags & set(options.exclude_tags or ())
