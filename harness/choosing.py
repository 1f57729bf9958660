"""What was chosen beside the scenario, and cannot be had: found out before anything is sent."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from harness.result import RESULT
from harness.target import allowed_target
from harness.workload import Misuse, Workload


def taking_part(user_classes: Iterable[Any], workload: Workload[Any], options: Any) -> list[Any]:
    """Of these user classes the ones with a weight in the scenario and a task left; ``Misuse`` if there is none."""
    kept = [one for one in user_classes if workload.weights.get(one.kind, 0) > 0 and _wanted(one, options)]
    if not kept:
        raise Misuse(
            f"{workload.name}: none of the chosen user classes has a weight in [journeys]; "
            f"it has {', '.join(sorted(workload.weights))}"
        )
    return kept


def weigh(user_classes: Iterable[Any], workload: Workload[Any]) -> None:
    """Give each class the weight that the scenario gives its journey."""
    for one in user_classes:
        one.weight = workload.weights[one.kind]


def refuse_host(host: str, allowed: Collection[str]) -> None:
    """Raise ``Misuse`` for a host that may not be loaded; an empty one is none."""
    problem = allowed_target(host, allowed) if host else None
    if problem:
        # What stands before an @ may be a password.
        shown = f" {host}" if "@" not in host and host.isprintable() else ""
        raise Misuse(f"--host{shown}: {problem}")


def refuse_rebalancing(options: Any) -> None:
    """Raise ``Misuse`` where Locust is to move users between workers in the middle of a run: it would stop shoppers on their way."""
    if getattr(options, "enable_rebalancing", False):
        raise Misuse(
            "--enable-rebalancing: users stay where they are for a whole run; a worker that is lost makes it invalid, and "
            "one that comes late takes part in the next; leave the option out"
        )


def refuse_results(place: str, otherwise: Path, *, fresh: bool = False) -> None:
    """Raise ``Misuse`` for a folder in which results could not be written; ``otherwise`` is where they go if none is named.

    ``fresh`` refuses a named folder that holds the results of another run: a pipeline that collects them could not tell
    the old ones from the new.
    """
    folder = Path(place) if place else otherwise
    refuse_unwritable("--results", place, folder)
    if fresh and place and (folder / RESULT).exists():
        raise Misuse(f"--results {place}: it holds the results of another run; empty it, or name another place")


def refuse_unwritable(option: str, place: str, folder: Path) -> None:
    """Raise ``Misuse`` unless a file can be made in this folder, or in the nearest one above it that exists."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise Misuse(f"{option} {place}: {there} is not a folder; name another place")
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise Misuse(f"{option} {place}: {there} cannot be written to ({error.strerror}); name another place") from None


def _wanted(user_class: Any, options: Any) -> bool:
    """Whether ``--tags`` and ``--exclude-tags`` leave this class a task; Locust applies them only later."""
    tags = {tag for task in user_class.tasks for tag in getattr(task, "locust_tag_set", ())}
    return not (options.tags and not tags & set(options.tags)) and not tags & set(options.exclude_tags or ())
