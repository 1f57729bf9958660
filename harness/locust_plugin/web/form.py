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

TYPED_USERS, TYPED_RAMP = "checkload_typed_users", "checkload_typed_ramp"
"""The options that hold what was typed; Locust's own hold what it needs. ``None``: the field was empty."""

HINTS: Mapping[str, str] = {
    "user_count": "If empty, as many as the scenario needs.",
    "spawn_rate": "How fast users are spawned, if not as the scenario says; it decides when journeys start.",
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


FIELDS: Mapping[str, str] = {
    "--users": "userCount",
    **{
        option: "".join((first, *map(str.capitalize, rest)))
        for option in LABELS
        if option != "--users"
        for first, *rest in [option.removeprefix("--").split("-")]
    },
}
"""The name in Locust's page of the field of each option."""

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
            setattr(asked, TYPED_USERS, int(form["user_count"]) if form["user_count"].strip() else None)
        except ValueError:
            problems.append(f"Number of users: {quoted(form['user_count'])} is not a whole number.")
    if "spawn_rate" in form:
        try:
            setattr(asked, TYPED_RAMP, _ramp(form["spawn_rate"]) if form["spawn_rate"].strip() else None)
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
    """Number of users and spawn rate: a person chooses them on the command line or types them into the form.

    ``users`` and ``ramp`` are the values of the command line. Raises ``UsageError`` for an impossible ramp.
    """

    def __init__(self, users: int | None = None, ramp: float | None = None) -> None:
        try:
            self._ramp = None if ramp is None else _ramp(ramp)
        except ValueError:
            raise UsageError(
                f"--spawn-rate {ramp}: expected a number of users per second above 0, up to {MAX_RATE:.0f}"
            ) from None
        self._users = users

    def users(self, options: Any) -> int | None:
        """The number of users that a person chose; ``None``: the scenario's number."""
        return getattr(options, TYPED_USERS, self._users)

    def ramp(self, options: Any) -> float | None:
        """The spawn rate that a person chose; ``None``: the scenario's rate."""
        return getattr(options, TYPED_RAMP, self._ramp)
