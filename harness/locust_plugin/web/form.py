"""Reads the start form of the web UI, and holds its fields, labels and hints."""

from __future__ import annotations

import argparse
import copy
import re
from collections.abc import Mapping
from typing import Any

from harness.errors import UsageError
from harness.locust_plugin.option_checks import run_time
from harness.units import MAX_RATE

CHOICES = ("scenario", "payment_mix", "sms_share", "arrival_rate", "seed", "think_scale", "budget")
"""Our own choices, in the order in which the form shows them."""

TRIMMED = (*CHOICES, "host")
"""Fields that are read without spaces at their ends."""

ACCEPTED = frozenset(
    {*CHOICES, "user_count", "spawn_rate", "host", "run_time", "profile", "user_classes", "shape_class"}
)
"""The fields that the form may send. Locust itself would accept any option, also the allowed targets."""

HINTS: Mapping[str, str] = {
    "spawn_rate": "How fast users are spawned; the scenario decides when journeys start.",
    "host": "If empty, checkload starts the embedded shop for this run.",
    "run_time": "If empty, the run takes as long as the scenario says.",
}
"""The hints beside Locust's fields; our fields show the text of --help."""


LABELS: Mapping[str, str] = {
    "--payment-mix": "Payment mix",
    "--sms-share": "SMS share",
    "--arrival-rate": "Arrival rate",
    "--think-scale": "Think scale",
    "--scenario": "Scenario",
    "--budget": "Budget",
    "--seed": "Seed",
    "--users": "Number of users",
    "--spawn-rate": "Ramp up",
    "--run-time": "Run time",
    "--host": "Host",
}
"""The label in the form of each command line option."""


_LONGEST_QUOTED = 40


def with_form_labels(problem: str) -> str:
    """The problem with the labels of the form in place of command line options."""
    for option, label in LABELS.items():
        problem = re.sub(rf"{option}(?![\w-])", label, problem)
    return problem


def quoted(text: str) -> str:
    """The typed text as a sentence repeats it: short, and on one line."""
    return repr(text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…")


def read(options: argparse.Namespace, form: Mapping[str, str]) -> tuple[argparse.Namespace, list[str]]:
    """A copy of Locust's options with the values of the form, and a sentence for each wrong value."""
    problems = [f"{key[:_LONGEST_QUOTED]} cannot be set here." for key in sorted(set(form) - ACCEPTED)]
    asked = copy.copy(options)
    if "user_count" in form:
        try:
            asked.num_users = int(form["user_count"])
        except ValueError:
            problems.append(f"Number of users: {quoted(form['user_count'])} is not a whole number.")
    if "spawn_rate" in form:
        try:
            asked.spawn_rate = _ramp(form["spawn_rate"])
        except ValueError:
            problems.append(f"Ramp up: {quoted(form['spawn_rate'])} is not a number above 0 and up to {MAX_RATE:.0f}.")
    if "run_time" in form:
        try:
            # Locust would use the run time of the previous run for an empty field.
            asked.run_time = run_time(form["run_time"]) if form["run_time"] else None
        except ValueError as error:
            problems.append(f"Run time: {quoted(form['run_time'])} {error}.")
    for key in TRIMMED:
        if key in form:
            setattr(asked, key, form[key].strip())
    return asked, problems


def _ramp(text: float | str) -> float:
    ramp = float(text)
    if not 0 < ramp <= MAX_RATE:
        raise ValueError(ramp)
    return ramp


class UserSettings:
    """Number of users and spawn rate: tells a value that a person chose from a default that the form shows.

    Locust fills its options with defaults; those must not count as a choice. ``users`` and ``ramp`` are the values of the
    command line. Raises ``UsageError`` for an impossible ramp.
    """

    def __init__(self, users: int | None = None, ramp: float | None = None) -> None:
        try:
            self._ramp = None if ramp is None else _ramp(ramp)
        except ValueError:
            raise UsageError(
                f"--spawn-rate {ramp}: expected a number of users per second above 0, up to {MAX_RATE:.0f}"
            ) from None
        self._users = users
        self._shown: tuple[int | None, float | None] = (None, None)

    def show(self, options: argparse.Namespace, users: int, ramp: float) -> None:
        """Fill the form with the scenario's numbers, unless the command line has others."""
        self._shown = (users if self._users is None else None, ramp if self._ramp is None else None)
        options.num_users = users if self._users is None else self._users
        options.spawn_rate = ramp if self._ramp is None else self._ramp

    @property
    def hint(self) -> str:
        """The hint beside the number of users: which number is only the scenario's default."""
        shown = self._shown[0]
        return (
            "" if shown is None else f"{shown} means the number of users of the scenario; any other number replaces it."
        )

    def users(self, options: Any) -> int | None:
        """The number of users that a person chose; ``None``: the scenario's number."""
        if options.headless:
            return self._users
        return None if options.num_users == self._shown[0] else options.num_users

    def ramp(self, options: Any) -> float | None:
        """The spawn rate that a person chose; ``None``: the scenario's rate."""
        if options.headless:
            return self._ramp
        return None if options.spawn_rate == self._shown[1] else options.spawn_rate
