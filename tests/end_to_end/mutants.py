"""Breaks rules with one small mistake at a time, in an expression, a wait or a severity."""

import copy
import json
import re

MATCHER = re.compile(r"""\w+(?:=~|!=|!~|=)"[^"]*" ?,? ?""")
THRESHOLD = re.compile(r"(?<=[<>] )\d+(?:\.\d+)?")
GROUPED = re.compile(r"\bby \(([^)]+)\)")
TOLD_APART = {"page", "objective", "payment_option", "worker", "pool"}
SLIPS = {
    r"(?<=histogram_quantile\()0\.\d+": "0.8",
    r"\s+and on \(run_id\) [^\n]+ == 1": "",  # in every phase
    r"\s+or 0 \* .+": "",  # nothing where there is no failure
    r" > ": " < ",
    r" == 0": " > 0",
    r"abs\(": "(",
    r"min_over_time": "max_over_time",
}
ANOTHER = {"page": "invalidates_run", "invalidates_run": "page"}


def mutants(rules):
    """What was broken, and the rules with it, for each thing that can be broken; ``rules`` is a parsed file."""
    for group, number, rule in _each(rules):
        name = rule.get("record") or rule["alert"]
        for what, expression in _expressions(rule["expr"]):
            yield f"{name}: {what}", _with(rules, group, number, expr=expression)
        if "for" in rule:
            for wait in ("0s", "2m"):
                yield f"{name}: for {wait}", _with(rules, group, number, **{"for": wait})
            severity = ANOTHER[rule["labels"]["severity"]]
            yield f"{name}: severity {severity}", _with(rules, group, number, labels={"severity": severity})
        yield f"{name}: gone", _without(rules, group, number)


def _each(rules):
    for group, one in enumerate(rules["groups"]):
        for number, rule in enumerate(one["rules"]):
            yield group, number, rule


def _with(rules, group, number, **changed):
    broken = copy.deepcopy(rules)
    broken["groups"][group]["rules"][number].update(changed)
    return broken


def _without(rules, group, number):
    broken = copy.deepcopy(rules)
    del broken["groups"][group]["rules"][number]
    return broken


def _expressions(text):
    for found in re.finditer(r"(?<=\{)[^{}]+(?=\})", text):
        for matcher in MATCHER.finditer(found[0]):
            start, end = found.start() + matcher.start(), found.start() + matcher.end()
            yield f"without {matcher[0].strip(' ,')}", f"{text[:start]}{text[end:]}".replace(", }", "}")
    for found in THRESHOLD.finditer(text):
        for changed in (float(found[0]) / 2, float(found[0]) * 2) if float(found[0]) else (1,):
            yield f"{changed:g} for {found[0]}", _replaced(text, found, f"{changed:g}")
    for found in GROUPED.finditer(text):
        kept = [label for label in found[1].split(", ") if label not in TOLD_APART]
        if kept != found[1].split(", "):
            yield f"by {', '.join(kept)} only", _replaced(text, found, f"by ({', '.join(kept)})")
    for pattern, new in SLIPS.items():
        for found in re.finditer(pattern, text):
            yield f"{new or 'nothing'} for {found[0].strip()}", _replaced(text, found, new)


def _replaced(text, found, new):
    return f"{text[: found.start()]}{new}{text[found.end() :]}"


def dumped(rules):
    """The text of a rule file."""
    return json.dumps(rules)  # JSON is YAML
