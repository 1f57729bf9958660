"""Writes a scenario from what was learnt of a shop: a low load that covers everything that works there."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from scenarios.doctor.facts import ShopFacts

Table = Mapping[str, Any]

_RATE = 1.0  # journeys a second; few enough for any staging system
_SHORTEST = 30.0  # seconds
_PER_OPTION = 3  # journeys for each payment option
_THINK = 0.3  # seconds, where nothing is known
_LONGEST_COMMENT = 300
_RECIPE = "payments.recipes."
_SPARE = 0.8  # of the accounts that a rate may need
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_MEASURED = "How long the person of the recording looked at a page: the median, and those of single pages."
_COMMENTS = {
    "target": "No option can raise these limits.",
    "arrivals": "A low rate first. Raise it when this scenario passes.",
    "headers": "Sent to the shop only. Values come from the environment.",
    "payments": "A weight for each payment option that worked.",
    "payments.minimum": "So that each of them is used at least once.",
    "sms": "What shoppers do with a code by SMS, by weight.",
    "accounts": "The path is relative to this file.",
    "think": "How long shoppers look at a page. Set your own times: they are not known.",
    "external": "What shoppers do at the page of a bank or a wallet.",
}


def scenario_text(facts: ShopFacts) -> str:
    """The scenario file; it passes at a shop in which everything that ``facts`` calls covered goes on working."""
    lines = [
        f"description = {_value(f'Made by checkload doctor from {facts.learnt_from}.')}",
        "seed = 1",
        "",
        '# Add your own objectives for times, such as "page response_time p95 < 500ms".',
        "objectives = [",
        *(f"    {_value(text)}," for text in _objectives(facts)),
        "]",
    ]
    learnt = dict(_tables(facts))
    for name in dict.fromkeys((*learnt, *facts.more)):
        table = {**facts.more.get(name, {}), **learnt.get(name, {})}
        if table:
            lines += ["", *(f"# {comment}" for comment in _comments(name, facts, learnt)), f"[{name}]"]
            lines += [f"{_key(key)} = {_laid_out(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _comments(name: str, facts: ShopFacts, learnt: Mapping[str, Table]) -> Iterator[str]:
    """What stands above a table."""
    if name == "think" and facts.think_times:
        yield _MEASURED
    elif facts.kept and not learnt.get(name):
        yield "Kept from the scenario that was given." + (" For the embedded shop only." if name == "shop" else "")
    elif name in _COMMENTS:
        yield _COMMENTS[name]
    if name == "arrivals" and _rate(facts) < _RATE:
        fewest = min(facts.accounts[each] for each in journeys_of(facts) if each in facts.accounts)
        yield f"So low because there are only {fewest} accounts of one kind, and each buys once at a time. Add accounts to raise it."
    if name == "payments":
        for option in facts.options:
            if not option.covered and option.left_out:
                yield _one_line(f"Left out: {option.payment_type}, because {option.left_out}")


def _one_line(text: str) -> str:
    """A text of the shop as a comment: TOML allows no control characters there."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_LONGEST_COMMENT]


def journeys_of(facts: ShopFacts) -> dict[str, float]:
    """The weights of the journeys, without those that have too few accounts to run at any rate."""
    return {
        name: weight
        for name, weight in facts.journeys.items()
        if weight > 0 and facts.accounts.get(name, 2) >= 2  # noqa: PLR2004 - one account serves one journey at a time
    }


def _tables(facts: ShopFacts) -> Iterator[tuple[str, Table]]:
    covered = [option.payment_type for option in facts.options if option.covered]
    rate = _rate(facts)
    yield (
        "arrivals",
        {
            "process": "uniform",
            "rate": f"{60 * rate:.0f}/min",
            "duration": f"{max(_SHORTEST, math.ceil(_PER_OPTION * len(covered) / rate)):.0f}s",
            "drain": f"{max(30, math.ceil(3 * facts.journey_seconds)):.0f}s",
        },
    )
    yield "journeys", journeys_of(facts)
    # A recipe needs a weight, also that of an option that did not work.
    recipes = {name.removeprefix(_RECIPE): 0 for name in facts.more if name.startswith(_RECIPE)}
    yield "payments", {**recipes, **dict.fromkeys(covered, 1)}
    yield "payments.minimum", dict.fromkeys(covered, 1)
    yield "sms", _sms(facts)
    yield "cards", {"three_d": 0.3} if facts.three_d else {}
    yield "external", _given({"mode": facts.external, "allowed_hosts": facts.allowed_hosts}, {"mode": "follow"})
    yield from _think(facts)
    yield "accounts", _given({"file": facts.accounts_file})
    yield "conduct", _conduct(facts)
    yield "products", {} if facts.search is None else {"search": facts.search}
    yield "address", dict(facts.address)
    yield "headers", dict(facts.headers)
    target: dict[str, Any] = {"allowed": [facts.host]} if facts.host else {}
    target |= {"highest_rate": "5/s", "most_users": 100}
    yield "target", target if facts.verify_tls else {**target, "verify_tls": False}


def _objectives(facts: ShopFacts) -> Iterator[str]:
    yield "journey failures <= 0%"
    yield "page failures <= 0%"
    for option in facts.options:
        if option.covered and not option.ends_outside:
            yield f"orders[payment={option.payment_type}] count >= 1"


def _rate(facts: ShopFacts) -> float:
    """Journeys a second: so few that the accounts last, as each serves one journey at a time."""
    fewest = min((facts.accounts[name] for name in journeys_of(facts) if name in facts.accounts), default=None)
    if fewest is None:
        return _RATE
    lasting = _SPARE * (fewest - 1) / max(facts.journey_seconds, 1.0)
    return max(min(_RATE, lasting), 1 / 60)  # the file has whole journeys a minute


def _sms(facts: ShopFacts) -> Table:
    if not facts.sms_options:
        return {}
    weights = {script: 8 if script == "right" else 1 for script in facts.sms_scripts}
    return {**weights, **_given({"code": facts.sms_code})}


def _think(facts: ShopFacts) -> Iterator[tuple[str, Table]]:
    if not facts.think_times:
        yield "think", {} if "think" in facts.more else {"median": _duration(_THINK)}
        return
    ordered = sorted(facts.think_times.values())
    yield "think", {"median": _duration(ordered[len(ordered) // 2])}
    yield "think.pages", {page: _duration(median) for page, median in facts.think_times.items()}


def _conduct(facts: ShopFacts) -> Table:
    given = {
        "option_value": facts.option_value,
        "fidelity": facts.fidelity,
        "csrf_from": "page" if facts.csrf_in_page else "",
        "locale": facts.locale,
        "currency": facts.currency,
        "products": facts.products if facts.search is None else (),
    }
    table = _given(given, {"option_value": "slug", "fidelity": "api"})
    return table if facts.csrf_path is None else {**table, "csrf_path": facts.csrf_path}


def _given(table: Table, defaults: Table | None = None) -> Table:
    """The keys that have a value, and not their default."""
    return {key: value for key, value in table.items() if value and value != (defaults or {}).get(key)}


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.0f}ms"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _laid_out(value: Any) -> str:
    """A value as TOML; a list of tables has a line for each."""
    if isinstance(value, list | tuple) and value and all(isinstance(one, Mapping) for one in value):
        return "\n".join(["[", *(f"    {_value(one)}," for one in value), "]"])
    return _value(value)


def _value(value: Any) -> str:
    """A value as TOML. JSON's texts, numbers and booleans are TOML, too, except for DEL."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
