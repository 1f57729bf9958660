"""Tells the people of a recording apart by the cookies of their sessions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def people_of(sessions: Iterable[Sequence[str]]) -> list[int]:
    """A number for the person behind each request, in the order in which they appear.

    ``sessions`` are the cookies of the session that each request and its reply name, in the order of time. A reply that replaces
    the cookie continues the session. A request without one belongs to the person before it, the first ones to the person
    behind them.
    """
    requests = list(sessions)
    leader: dict[str, str] = {}

    def first(name: str) -> str:
        while leader.setdefault(name, name) != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for named in requests:
        for one in named[1:]:
            leader[first(one)] = first(named[0])
    numbers: dict[str, int] = {}
    found, person = [], 0
    for named in requests:
        if named:
            person = numbers.setdefault(first(named[0]), len(numbers))
        found.append(person)
    return found
