"""Writes a result as JUnit XML, which every CI service can show.

Each objective is a test case, and one more test case says whether the run is valid. A broken objective is a *failure*.
An inconclusive one is a failure of type ``inconclusive``: CI services show a skipped test as a success, and missing
samples are never a pass. If the run is invalid, the test case of validity is an *error*, and the objectives are *skipped*.
If only times are in doubt, it is an error, too, but only the objectives about times are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET

from harness.objectives.verdict import ObjectiveResult, Severity, Verdict
from harness.reporting.cause import causes_of_objective, causes_of_verdict, what_to_do
from harness.reporting.text import findings, response_service_gap, throughput
from harness.results.result import Result

VALIDITY = "the run can be trusted"
_ORDER = (Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.PASSED)
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(result: Result) -> bytes:
    """The XML document, in UTF-8."""
    judgement = result.judgement
    invalid = judgement.verdict is Verdict.INVALID
    worst_first = sorted(judgement.objectives, key=lambda one: _ORDER.index(one.verdict))
    cases = [_validity(result), *(_case(result, one, invalid=invalid) for one in worst_first)]
    shown = any(case.find(f"failure[@type='{judgement.verdict.value}']") is not None for case in cases)
    if judgement.verdict not in {Verdict.PASSED, Verdict.INVALID} and not shown:
        # No objective decided the verdict: a stop rule ended the run, or there was no objective.
        case = _new_case(result, "the run as a whole")
        ET.SubElement(case, "failure", type=judgement.verdict.value, message=_clean(judgement.reason))
        cases.append(case)
    seconds = max(0.0, (result.ended_at - result.started_at).total_seconds())
    suite = ET.Element(
        "testsuite",
        name=_clean(f"checkload {result.scenario}"),
        timestamp=result.started_at.replace(microsecond=0).isoformat(),
        time=f"{seconds:.3f}",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
    )
    suite.extend(cases)
    said = "\n".join(filter(None, (throughput(result), response_service_gap(result))))
    if said:
        ET.SubElement(suite, "system-out").text = _clean(said)
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    document: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document


def _validity(result: Result) -> ET.Element:
    case = _new_case(result, VALIDITY)
    said = "\n".join(findings(result))
    levels = {finding.level for finding in result.judgement.findings}
    if result.judgement.verdict is Verdict.INVALID:
        message = [result.judgement.reason, *causes_of_verdict(result), what_to_do(result)]
        ET.SubElement(case, "error", type="invalid", message=_in_one_line(message)).text = _clean(said)
    elif Severity.INVALID in levels:
        message = ["The times are in doubt.", what_to_do(result)]
        ET.SubElement(case, "error", type="invalid", message=_in_one_line(message)).text = _clean(said)
    elif levels - {Severity.OK}:
        ET.SubElement(case, "system-out").text = _clean(said)
    return case


def _case(result: Result, objective: ObjectiveResult, *, invalid: bool) -> ET.Element:
    case = _new_case(result, objective.text)
    if invalid:
        ET.SubElement(case, "skipped", message="not judged: the run is invalid")
    elif objective.verdict is Verdict.INVALID:
        ET.SubElement(case, "skipped", message="not judged: the times are in doubt")
    elif objective.verdict is not Verdict.PASSED:
        kind = objective.verdict.value
        found = causes_of_objective(result, objective) if objective.verdict is Verdict.FAILED else []
        head = kind if objective.verdict is Verdict.FAILED else f"{kind}, not failed"
        said = [f"{head}: {objective.sentence}.", *found]
        remedy = what_to_do(result) if objective.verdict is result.judgement.verdict else ""
        ET.SubElement(case, "failure", type=kind, message=_in_one_line([*said[:2], remedy])).text = _clean(
            "\n".join(said)
        )
    else:
        ET.SubElement(case, "system-out").text = _clean(objective.sentence)
    return case


def _new_case(result: Result, name: str) -> ET.Element:
    return ET.Element("testcase", classname=_clean(f"checkload.{result.scenario}"), name=_clean(name), time="0")


def _in_one_line(sentences: Iterable[str]) -> str:
    return _clean(" ".join(filter(None, sentences)))


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("�", text.replace("`", ""))
