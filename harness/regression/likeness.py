"""Says whether runs can be compared: one load, one machine, one checkload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from harness.results.result import Result

LOAD_KEYS = ("arrivals", "closed", "journeys", "payments", "sms", "cards", "external", "think", "cover")
"""The parts of a scenario that must be equal in runs that are compared."""
LOAD_OPTIONS = ("payment_mix", "sms_share", "arrival_rate", "users", "duration", "think_scale", "journeys")
"""The options of a run that must be equal."""
MEASURED_WITH = ("machine", "build", "python", "checkload", "locust", "gevent")
"""The versions of a result that can change its times."""

MOST_NAMED = 4
"""Differences that a message names."""
MOST_SHOWN = 60
"""Characters of a value that a message shows."""
COMPARE_ALL_THE_SAME = (
    "run both on the same machine with the same checkload, or add --unlike to compare them all the same"
)

Place = tuple[str, Result]
"""Where the user gave a result, and the result."""


def fingerprint(result: Result) -> dict[str, dict[str, Any]]:
    """What must be equal in runs that are compared: the load, and what it was measured with."""
    asked = result.asked
    load = {key: asked.scenario[key] for key in LOAD_KEYS if key in asked.scenario}
    options = {f"--{key.replace('_', '-')}": asked.overrides[key] for key in LOAD_OPTIONS if key in asked.overrides}
    times = {"seconds of warm-up": asked.warm_up, "seconds of steady load": asked.steady}
    whose = "embedded" if asked.embedded else "one that runs already"
    return {
        "scenario": {**load, **options, **times, "model": asked.model, "shop": whose},
        "measured with": {name: result.versions[name] for name in MEASURED_WITH if name in result.versions},
    }


def target_of(result: Result) -> dict[str, Any]:
    """Which shop a run loaded; of runs that are compared, this may differ."""
    host = "the embedded shop" if result.asked.embedded else urlsplit(result.asked.target).netloc
    return {"target": host, "shop": result.asked.scenario.get("shop", {})}


def unlike(places: Sequence[Place], *, allowed: bool = False, remedy: str = COMPARE_ALL_THE_SAME) -> Iterator[str]:
    """Why these results cannot be compared, one sentence for each; ``allowed`` accepts other machines and versions.

    ``remedy`` says what to do about those.
    """
    for label, result in places:
        if result.changes:
            yield f"{label} was changed by a person while it was on: it has several loads; compare runs without changes"
        if result.capacity is not None:
            yield (
                f"{label} is a search for capacity: its times depend on the rates that it tried; "
                "compare runs of other scenarios"
            )
    for label, first, other in _against_first(places):
        different = [*_leaves(first["scenario"], other["scenario"])]
        if different:
            more = f" and {len(different) - MOST_NAMED} more" if len(different) > MOST_NAMED else ""
            yield (
                f"{label} cannot be compared with {places[0][0]}: {'; '.join(different[:MOST_NAMED])}{more}; "
                "run both with the same scenario and the same options"
            )
        different = [] if allowed else _versions(first["measured with"], other["measured with"])
        if different:
            yield (f"{label} was not measured like {places[0][0]}: {'; '.join(different)}; {remedy}")


def remarks(places: Sequence[Place]) -> Iterator[str]:
    """What differs between runs that can be compared."""
    for label, first, other in _against_first(places):
        different = _versions(first["measured with"], other["measured with"])
        if different:
            yield f"{label} was not measured like {places[0][0]}: {'; '.join(different)}"
    for label, result in places[1:]:
        first, other = target_of(places[0][1])["shop"], target_of(result)["shop"]
        if first != other:
            yield f"the embedded shops of {places[0][0]} and {label} differ in {', '.join(differences(first, other))}"
            break


def differences(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The names of what differs."""
    return sorted(key for key in {*first, *other} if first.get(key) != other.get(key))


def _leaves(first: Mapping[str, Any], other: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """What differs, with both values, down to single keys."""
    for key in differences(first, other):
        values = first.get(key), other.get(key)
        if all(isinstance(one, dict) for one in values):
            yield from _leaves(first[key], other[key], f"{within}{key}.")
        else:
            before, after = ("none" if one is None else str(one)[:MOST_SHOWN] for one in values)
            yield f"{within}{key} is {after} instead of {before}"


def _against_first(places: Sequence[Place]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    if places:
        first = fingerprint(places[0][1])
        yield from ((label, first, fingerprint(result)) for label, result in places[1:])


def _versions(first: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """What differs in the versions of both; a version that one result does not have is not compared."""
    both = [name for name in first if name in other and first[name] != other[name]]
    return [f"{name} {other[name]} instead of {first[name]}" for name in both]
