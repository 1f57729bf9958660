"""Checks which keys of a scenario exclude or need each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.loading.capacity_checks import keys_beside_capacity
from scenarios.schema.problems import ABSENT, Problem

Problems = Iterator[Problem]


def key_problems(document: Mapping[str, Any]) -> Problems:
    """Yield a problem for each missing key and each key too many.

    It looks at the raw TOML tables, so it also works when values are wrong.
    """
    arrivals, closed = document.get("arrivals"), document.get("closed")
    if (arrivals is None) == (closed is None):
        yield Problem(
            "arrivals",
            ABSENT if arrivals is None else "[arrivals] and [closed]",
            "exactly one of [arrivals] (open load) and [closed] (a fixed number of users)",
            "add [arrivals]" if arrivals is None else "keep one of them",
        )
    if isinstance(arrivals, Mapping):
        yield from _arrivals_keys(
            arrivals, covers=document.get("cover") is True, searches=document.get("capacity") is not None
        )
    if document.get("cover") is True and closed is not None:
        yield Problem("cover", True, "no `cover` with [closed]: `cover` runs each journey once", "use [arrivals]")
    if not document.get("objectives"):
        yield Problem(
            "objectives",
            document.get("objectives", ABSENT),
            "at least one objective",
            'add objectives = ["journey failures < 1%"]',
        )


def _arrivals_keys(arrivals: Mapping[str, Any], *, covers: bool, searches: bool) -> Problems:
    if searches:
        yield from keys_beside_capacity(arrivals)
    elif arrivals.get("trace") is not None:
        yield from _trace_keys(arrivals, covers=covers)
    else:
        yield from _profile_keys(arrivals, covers=covers)


def _profile_keys(arrivals: Mapping[str, Any], *, covers: bool) -> Problems:
    stages = arrivals.get("stages")
    for key in ("rate_scale", "time_scale"):
        if arrivals.get(key, 1) != 1:
            yield Problem(f"arrivals.{key}", arrivals[key], f"no `{key}` without `trace`", "leave it out")
    if stages:
        for key in ("rate", "duration"):
            if key in arrivals:
                yield Problem(
                    f"arrivals.{key}", arrivals[key], f"no `{key}` together with `stages`", f"move `{key}` into a stage"
                )
    else:
        for key in ("rate",) if covers else ("rate", "duration"):
            if key not in arrivals:
                yield Problem(f"arrivals.{key}", ABSENT, "either `stages`, or `rate` and `duration`", f"add `{key}`")
    for index, stage in enumerate(stages if isinstance(stages, list | tuple) else ()):
        if isinstance(stage, Mapping):
            yield from _stage_keys(f"arrivals.stages[{index}]", stage)


def _trace_keys(arrivals: Mapping[str, Any], *, covers: bool) -> Problems:
    for key in ("process", "rate", "duration", "stages"):
        if arrivals.get(key):
            yield Problem(
                f"arrivals.{key}",
                arrivals[key],
                f"no `{key}` together with `trace`: the trace sets the arrivals",
                "leave one of them out",
            )
    if covers:
        yield Problem("cover", True, "no `cover` with a trace: `cover` runs each journey once", "leave one of them out")


def _stage_keys(key: str, stage: Mapping[str, Any]) -> Problems:
    expected = "either `rate`, or `from` and `to`"
    ends = [end for end in ("from", "to") if end in stage]
    if "rate" in stage:
        for end in ends:
            yield Problem(f"{key}.{end}", stage[end], expected, f"leave out `rate` or `{end}`")
    elif not ends:
        yield Problem(f"{key}.rate", ABSENT, expected, "add `rate`")
    elif len(ends) == 1:
        other = "to" if ends == ["from"] else "from"
        yield Problem(f"{key}.{other}", ABSENT, expected, f"add `{other}`")


LONGEST_BARE_THINK = 30.0
"""The longest think time in seconds that a file may write without a unit."""


def unit_problems(document: Mapping[str, Any]) -> Problems:
    """Yield a problem for each long think time without a unit: it may be meant as milliseconds."""
    think = document.get("think")
    if not isinstance(think, Mapping):
        return
    pages = think.get("pages")
    written = {"think.median": think.get("median")}
    written |= {f"think.pages.{page}": time for page, time in pages.items()} if isinstance(pages, Mapping) else {}
    for key, time in written.items():
        if isinstance(time, int | float) and time > LONGEST_BARE_THINK:
            yield Problem(key, time, "a duration with its unit", f'write "{time:g}ms" or "{time:g}s"')
