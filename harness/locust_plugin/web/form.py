"""The form of the web UI: the choices it offers, what is said beside each, and what a person asked for with it."""

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
"""Fields that are read without blanks at their ends."""

ACCEPTED = frozenset(
    {*CHOICES, "user_count", "spawn_rate", "host", "run_time", "profile", "user_classes", "shape_class"}
)
"""What the form may say. Locust would take any of its options, so also which targets are allowed."""

HINTS: Mapping[str, str] = {
    "spawn_rate": "How fast the users get ready; when their journeys start is up to the scenario.",
    "host": "Left empty, the embedded shop is started for the run and stopped after it.",
    "run_time": "Left empty, the run is as long as the scenario says.",
}
"""What is said beside Locust's own fields; beside ours stands what --help says."""


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
"""What an option of the command line is called in the form."""


_LONGEST_QUOTED = 40


def with_form_labels(problem: str) -> str:
    """A problem that names options of the command line, as whoever fills in the form knows them."""
    for option, label in LABELS.items():
        problem = re.sub(rf"{option}(?![\w-])", label, problem)
    return problem


def quoted(text: str) -> str:
    """What was typed, as it is repeated in a sentence: short, and on one line."""
    return repr(text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…")


def read(options: argparse.Namespace, form: Mapping[str, str]) -> tuple[argparse.Namespace, list[str]]:
    """A copy of Locust's options as this form changes them, and a sentence for everything that it cannot mean."""
    problems = [f"{key[:_LONGEST_QUOTED]} cannot be chosen here." for key in sorted(set(form) - ACCEPTED)]
    asked = copy.copy(options)
    if "user_count" in form:
        try:
            asked.num_users = int(form["user_count"])
        except ValueError:
            problems.append(f"Number of users: {quoted(form['user_count'])} is no whole number.")
    if "spawn_rate" in form:
        try:
            asked.spawn_rate = _ramp(form["spawn_rate"])
        except ValueError:
            problems.append(f"Ramp up: {quoted(form['spawn_rate'])} is no number above 0, up to {MAX_RATE:.0f}.")
    if "run_time" in form:
        try:
            # Locust takes an empty field for the time of the run before.
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
    """How many users there are to be, and how fast: asked for by name, or only what the form shows by itself.

    Locust fills its options with numbers of its own; those must not pass for a person's wish. ``users`` and ``ramp`` are
    what the command line said; a ramp that is none is a ``UsageError``.
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
        """Fill the form with a scenario's own numbers, where nobody asked for others on the command line."""
        self._shown = (users if self._users is None else None, ramp if self._ramp is None else None)
        options.num_users = users if self._users is None else self._users
        options.spawn_rate = ramp if self._ramp is None else self._ramp

    @property
    def hint(self) -> str:
        """What is said beside the number of users: which one of them is nobody's wish."""
        shown = self._shown[0]
        return (
            ""
            if shown is None
            else f"{shown} stands for the number that the scenario brings; any other is taken as it is."
        )

    def users(self, options: Any) -> int | None:
        """The number of users asked for; ``None`` is the scenario's own."""
        if options.headless:
            return self._users
        return None if options.num_users == self._shown[0] else options.num_users

    def ramp(self, options: Any) -> float | None:
        """Users a second asked for; ``None`` is the scenario's own."""
        if options.headless:
            return self._ramp
        return None if options.spawn_rate == self._shown[1] else options.spawn_rate
