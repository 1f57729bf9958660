"""Applies the choices of the command line or the web form to a scenario, and checks the result like a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from harness.allowed_targets import host_refusal
from scenarios.loading.reader import build_scenario
from scenarios.loading.scenario import Scenario
from scenarios.loading.unreachable_objectives import unreachable_objectives
from scenarios.schema.load import ArrivalsSection
from scenarios.schema.problems import Problem, ScenarioError, did_you_mean, one_of
from scenarios.schema.quantities import InvalidQuantity, per_second, positive_seconds, share, weight
from scenarios.schema.section import LARGEST_COUNT, MOST_USERS

OPTIONS: Mapping[str, str] = {
    "payment_mix": "--payment-mix",
    "sms_share": "--sms-share",
    "arrival_rate": "--arrival-rate",
    "users": "--users",
    "duration": "--run-time",
    "seed": "--seed",
    "think_scale": "--think-scale",
    "budget": "--budget",
    "stop_when_certain": "--stop-when-certain",
    "max_orders": "--max-orders",
    "max_sms": "--max-sms",
    "allow_target": "--allow-target",
    "verify_tls": "--no-verify-tls",
}
"""Every choice, and the option that its errors name."""

Tables = dict[str, Any]


def apply_overrides(scenario: Scenario, choices: Mapping[str, Any]) -> Scenario:
    """Apply the choices to a scenario; raises ``ScenarioError`` with every problem, each under its option.

    ``choices`` has the keys of ``OPTIONS``. ``None``, an empty text and an empty list mean no choice. Values may be texts as
    typed. The payment mix, such as ``"credit_card=3,gpay=1"``, replaces that of the scenario. The rate replaces the profile:
    it is constant, for the length of the profile. A duration stretches the whole profile. Objectives without anything left to
    measure are skipped, and listed in ``skipped_objectives``.
    """
    made = override(scenario, choices)
    _refuse_unused_mix(made, choices.get("payment_mix"))
    skipped = unreachable_objectives(scenario, made)
    if len(skipped) == len(made.document.objectives):
        problem = Problem(
            "objectives",
            list(skipped),
            "at least one objective that your options leave something to measure for",
            "choose other options, or add an objective",
        )
        raise ScenarioError(f"scenario {scenario.name} with your options", [problem])
    kept = tuple(text for text in made.document.objectives if text not in skipped)
    document = made.document.model_copy(update={"objectives": kept})
    return replace(made, document=document, skipped_objectives=skipped)


def override(scenario: Scenario, choices: Mapping[str, Any]) -> Scenario:
    """The scenario with the choices, and with all its objectives; raises as ``apply_overrides`` does."""
    unknown = [name for name in choices if name not in OPTIONS]
    if unknown:
        raise TypeError(f"unknown choices: {', '.join(unknown)}; known are {', '.join(OPTIONS)}")
    tables = scenario.document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    problems: list[Problem] = []
    chosen: dict[str, str] = {}
    # The order of the options matters: a rate replaces the stages that a duration would stretch.
    for name in OPTIONS:
        if (choice := choices.get(name)) is None or choice in ("", (), []):
            continue
        try:
            for key in _OVERRIDES[name](tables, choice, scenario):
                chosen[key] = OPTIONS[name]
        except InvalidQuantity as error:
            problems.append(Problem(OPTIONS[name], choice, error.expected, error.remedy))
        except _PaymentMixError as error:
            problems += error.problems
    _lower_minimum(tables)
    try:
        made = build_scenario(tables, name=scenario.name, folder=scenario.folder)
    except ScenarioError as error:
        problems += [_as_option_problem(problem, chosen) for problem in error.problems]
    if problems:
        raise ScenarioError(f"scenario {scenario.name} with your options", problems)
    return replace(made, written=scenario.written)


def _refuse_unused_mix(made: Scenario, mix: Any) -> None:
    if mix and made.trace is not None and made.trace.options:
        expected = "no payment mix with a trace that has payment options"
        remedy = "add --arrival-rate, or leave the column payment_option out of the trace"
        problem = Problem(OPTIONS["payment_mix"], mix, expected, remedy)
        raise ScenarioError(f"scenario {made.name} with your options", [problem])


class _PaymentMixError(ValueError):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def _payment_mix(tables: Tables, choice: Any, scenario: Scenario) -> list[str]:
    weights: dict[str, float] = {}
    problems = []
    option, names = OPTIONS["payment_mix"], scenario.payment_names
    for part in (part.strip() for part in str(choice).split(",")):
        slug, equals, number = (piece.strip() for piece in part.partition("="))
        if slug not in names:
            problems.append(Problem(option, part, f"a payment option: {one_of(names)}", did_you_mean(slug, names)))
            continue
        if slug in weights:
            problems.append(Problem(option, part, f"{slug} only once", "leave one of them out"))
        try:
            weights[slug] = weight(float(number)) if equals else 1.0
        except (InvalidQuantity, ValueError):
            problems.append(
                Problem(
                    option, part, "option=weight, with a number from 0 as the weight", f'write for example "{slug}=3"'
                )
            )
    if problems:
        raise _PaymentMixError(problems)
    if scenario.document.cover:
        weights = {**dict.fromkeys(names, 0.0), **weights}
    minimum = tables.get("payments", {}).get("minimum", {})
    kept = {slug: count for slug, count in minimum.items() if weights.get(slug)}
    weights = {**dict.fromkeys(scenario.document.payments.recipes, 0.0), **weights}
    ours = {key: tables["payments"][key] for key in ("recipes", "availability") if key in tables.get("payments", {})}
    tables["payments"] = {**weights, "minimum": kept, **ours}
    return ["payments"]


def _lower_minimum(tables: Tables) -> None:
    """Lower ``[payments.minimum]`` to the journeys that a shorter or slower run has."""
    minimum = tables.get("payments", {}).get("minimum", {})
    try:
        profile = ArrivalsSection.model_validate(tables.get("arrivals")).profile
    except ValidationError:
        return
    if profile is not None and (guaranteed := sum(minimum.values())) > profile.expected:
        for slug, count in minimum.items():
            minimum[slug] = int(count * profile.expected / guaranteed)


def _sms_share(tables: Tables, choice: Any, _scenario: Scenario) -> list[str]:
    tables.setdefault("sms", {})["share"] = share(_number_or_text(choice))
    tables.get("shop", {}).get("sms", {}).pop("share", None)
    return ["sms.share"]


def _arrival_rate(tables: Tables, choice: Any, scenario: Scenario) -> list[str]:
    rate = per_second(choice)
    if scenario.document.capacity is not None:
        raise InvalidQuantity(
            "no rate for a scenario with [capacity]: the search sets the rate",
            "leave it out; capacity.start and capacity.most set the range of the search",
        )
    arrivals = tables.get("arrivals")
    if arrivals is None:
        raise InvalidQuantity("no rate for a closed load", "choose --users, or a scenario with [arrivals]")
    if not scenario.document.cover:
        arrivals["duration"] = scenario.duration
    for key in ("stages", "trace", "rate_scale", "time_scale"):
        arrivals.pop(key, None)
    arrivals["rate"] = rate
    return ["arrivals.rate"]


def _users(tables: Tables, choice: Any, scenario: Scenario) -> list[str]:
    table = "arrivals" if scenario.is_open else "closed"
    tables[table]["users"] = _whole_number(choice, at_least=1, at_most=MOST_USERS)
    return [f"{table}.users"]


def _duration(tables: Tables, choice: Any, scenario: Scenario) -> list[str]:
    duration = positive_seconds(_number_or_text(choice))
    if scenario.document.cover:
        raise InvalidQuantity(
            "no duration for a scenario with `cover`: it ends when every journey has run once", "choose --arrival-rate"
        )
    if scenario.document.capacity is not None:
        raise InvalidQuantity(
            "no duration for a scenario with [capacity]: the search ends when it has its answer", "choose --budget"
        )
    if duration <= scenario.warm_up:
        raise InvalidQuantity(f"longer than the warm-up of {scenario.warm_up:g} s: objectives judge the rest")
    if not scenario.is_open:
        tables["closed"]["duration"] = duration
        return ["closed.duration"]
    arrivals = tables["arrivals"]
    if arrivals.get("trace"):
        arrivals["time_scale"] = arrivals.get("time_scale", 1.0) * duration / scenario.duration
    elif arrivals.get("stages"):
        for stage in arrivals["stages"]:
            stage["duration"] *= duration / scenario.duration
    else:
        arrivals["duration"] = duration
    return ["arrivals.duration"]


def _seed(tables: Tables, choice: Any, _scenario: Scenario) -> list[str]:
    tables["seed"] = _whole_number(choice, at_least=0)
    return ["seed"]


def _think_scale(tables: Tables, choice: Any, _scenario: Scenario) -> list[str]:
    tables.setdefault("think", {})["scale"] = weight(_number_or_text(choice))
    return ["think.scale"]


def _allow_target(tables: Tables, choice: Any, scenario: Scenario) -> list[str]:
    hosts = [choice] if isinstance(choice, str) else list(choice)
    for host in hosts:
        if (refusal := host_refusal(str(host).strip("[]"))) is not None:
            raise InvalidQuantity(f'a host name or an address, such as "staging.example.com"; {refusal}')
    already = scenario.target.allowed
    tables.setdefault("target", {})["allowed"] = [*already, *hosts]
    return [f"target.allowed[{len(already) + index}]" for index in range(len(hosts))]


def _budget(tables: Tables, choice: Any, scenario: Scenario) -> list[str]:
    if scenario.document.capacity is None:
        raise InvalidQuantity(
            "no budget for a scenario without [capacity]", "leave it out, or choose the scenario capacity"
        )
    tables["capacity"]["budget"] = positive_seconds(choice)
    return ["capacity.budget"]


def _stop_when_certain(tables: Tables, choice: Any, _scenario: Scenario) -> list[str]:
    if choice:
        tables.setdefault("stop", {})["when_certain"] = True
    return ["stop.when_certain"]


def _ceiling(name: str, tables: Tables, choice: Any, _scenario: Scenario) -> list[str]:
    tables.setdefault("stop", {})[name] = _whole_number(choice, at_least=1)
    return [f"stop.{name}"]


def _verify_tls(tables: Tables, choice: Any, _scenario: Scenario) -> list[str]:
    # The option only switches the check off. Without it, the scenario decides.
    if choice is False:
        tables.setdefault("target", {})["verify_tls"] = False
    return []


_OVERRIDES: Mapping[str, Callable[[Tables, Any, Scenario], list[str]]] = {
    "payment_mix": _payment_mix,
    "sms_share": _sms_share,
    "duration": _duration,
    "arrival_rate": _arrival_rate,
    "users": _users,
    "seed": _seed,
    "think_scale": _think_scale,
    "budget": _budget,
    "stop_when_certain": _stop_when_certain,
    "max_orders": partial(_ceiling, "max_orders"),
    "max_sms": partial(_ceiling, "max_sms"),
    "allow_target": _allow_target,
    "verify_tls": _verify_tls,
}


def _as_option_problem(problem: Problem, chosen: Mapping[str, str]) -> Problem:
    for key, option in chosen.items():
        if problem.key == key or problem.key.startswith((f"{key}.", f"{key}[")):
            return Problem(option, problem.value, problem.expected, problem.remedy)
    return problem


def _number_or_text(choice: Any) -> Any:
    try:
        return float(choice)
    except (TypeError, ValueError, OverflowError):
        return choice


def _whole_number(choice: Any, *, at_least: int, at_most: int = LARGEST_COUNT) -> int:
    expected = f"a whole number from {at_least} to {at_most}"
    try:
        number = int(choice)
    except (TypeError, ValueError, OverflowError):
        raise InvalidQuantity(expected) from None
    if not at_least <= number <= at_most or (isinstance(choice, float) and number != choice):
        raise InvalidQuantity(expected)
    return number
