"""How to repeat a run, and its scenario in full."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from harness.reporting.html.markup import Markup, element, joined, section, table
from harness.results.result import Result

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_OPTIONS = {
    "payment_mix": "--payment-mix",
    "sms_share": "--sms-share",
    "arrival_rate": "--arrival-rate",
    "users": "--users",
    "think_scale": "--think-scale",
    "budget": "--budget",
    "max_orders": "--max-orders",
    "max_sms": "--max-sms",
}


def repeat(result: Result, *, workers: int = 0) -> Markup:
    """The command that makes this run again, the versions that made it, and the scenario; ``workers`` is 0 if it is not known."""
    asked = result.asked
    text = scenario_text(asked.scenario)
    return joined(
        section(
            "How to repeat it",
            element("pre", element("code", command(result, workers=workers), id="command"), tabindex="0"),
            element("button", "copy the command", type="button", data_copy="command"),
            element(
                "p",
                f"Run {result.run_id}, from {result.started_at:%Y-%m-%d %H:%M:%S} to {result.ended_at:%H:%M:%S} UTC. A scenario "
                "of your own needs its path in place of its name. The same seed gives the same shoppers at the same moments. Compare two runs with checkload compare.",
                class_="note",
            ),
            table(
                ("made with", "version"),
                sorted((name, str(version)) for name, version in result.versions.items()),
                "Versions",
                text_columns=2,
            ),
            key="repeat",
        ),
        section(
            "The scenario in full",
            element(
                "details",
                element("summary", "Every key as it was used, defaults included; times are in seconds"),
                element("pre", element("code", text), tabindex="0"),
            ),
            key="scenario",
        ),
    )


def command(result: Result, *, workers: int = 0) -> str:
    """The command line that makes this run again, with as many workers."""
    asked = result.asked
    words = ["checkload", "run", result.scenario, "--seed", str(asked.seed)]
    if not asked.embedded:
        words += ["--host", asked.target]
    for name, flag in _OPTIONS.items():
        if (value := asked.overrides.get(name)) not in {None, ""}:
            words += [flag, f"{value}"]
    if (duration := asked.overrides.get("duration")) is not None:
        words += ["--run-time", f"{duration:g}s" if isinstance(duration, int | float) else f"{duration}"]
    if asked.overrides.get("stop_when_certain"):
        words.append("--stop-when-certain")
    if asked.overrides.get("verify_tls") is False:
        words.append("--no-verify-tls")
    for host in asked.overrides.get("allow_target") or ():
        words += ["--allow-target", str(host)]
    if workers > 1:
        words += ["--processes", str(workers)]
    return shlex.join(words)


def scenario_text(scenario: Mapping[str, Any]) -> str:
    """The scenario as TOML; a missing value is left out."""
    return "\n".join(_table(scenario, ())).strip() + "\n"


def _table(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping) and value}
    plain = {key: value for key, value in values.items() if key not in tables and value is not None and value != {}}
    if path and plain:
        yield ""
        yield f"[{'.'.join(map(_key, path))}]"
    yield from (f"{_key(key)} = {_value(value, lines=True)}" for key, value in plain.items())
    for key, value in tables.items():
        yield from _table(value, (*path, key))


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key)


def _value(value: Any, *, lines: bool = False) -> str:
    match value:
        case Mapping():
            pairs = (f"{_key(key)} = {_value(each)}" for key, each in value.items() if each is not None)
            return f"{{ {', '.join(pairs)} }}"
        case list() | tuple():
            inside = [_value(each) for each in value]
            short = ", ".join(inside)
            return f"[{short}]" if not lines or len(short) < 90 else "[\n    " + ",\n    ".join(inside) + ",\n]"  # noqa: PLR2004
        case float() if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004 - a whole number reads better
            return f"{value:.0f}"
        case _:
            return json.dumps(value, ensure_ascii=False)
