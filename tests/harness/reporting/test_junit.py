"""The JUnit test cases of a run."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.reporting.cause import what_to_do
from harness.reporting.console import console
from harness.reporting.junit import VALIDITY, junit

LATE = Finding("lateness", Severity.INVALID, "50 of 100 requests were sent late", "use a machine of its own")


def suite(result):
    (parsed,) = ET.fromstring(junit(result))
    cases = {
        case.attrib["name"]: [child for child in case if child.tag != "system-out"] for case in parsed.iter("testcase")
    }
    numbers = {name: int(parsed.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
    assert numbers == {
        "tests": len(cases),
        "failures": sum(child.tag == "failure" for found in cases.values() for child in found),
        "errors": sum(child.tag == "error" for found in cases.values() for child in found),
        "skipped": sum(child.tag == "skipped" for found in cases.values() for child in found),
    }
    return parsed, cases


def test_each_objective_and_the_validity_are_test_cases(rich):
    parsed, cases = suite(rich)
    assert sorted(cases) == sorted([VALIDITY, *(one.text for one in rich.judgement.objectives)])
    states = [found[0].attrib["type"] if found else "passed" for found in cases.values()]
    assert states == ["passed", "failed", "failed", "inconclusive", "passed", "passed"]  # first the validity
    assert parsed.attrib["name"] == "checkload baseline"
    assert parsed.attrib["time"] == "47.000"
    assert {case.attrib["classname"] for case in parsed.iter("testcase")} == {"checkload.baseline"}


def test_a_passed_run_has_no_failure(passed):
    parsed, cases = suite(passed)
    assert cases == {VALIDITY: [], "journey failures < 5%": []}
    assert (parsed.attrib["failures"], parsed.attrib["errors"], parsed.attrib["skipped"]) == ("0", "0", "0")


def test_a_broken_objective_is_a_failure_with_its_figures(failed):
    _, cases = suite(failed)
    assert cases[VALIDITY] == []
    (failure,) = cases["journey failures < 5%"]
    assert (failure.tag, failure.attrib["type"]) == ("failure", "failed")
    sentence, most, *others = failure.text.splitlines()
    assert sentence == f"failed: {failed.judgement.objectives[0].sentence}."
    assert most.startswith("162 of 421 failed journeys ended as http_5xx on IndexPage")
    assert len(others) == 2
    assert failure.attrib["message"] == f"{sentence} {most} {what_to_do(failed)}"


def test_an_inconclusive_objective_is_a_failure_of_its_own_type(inconclusive):
    _, cases = suite(inconclusive)
    (failure,) = cases["journey failures < 5%"]
    assert (failure.tag, failure.attrib["type"]) == ("failure", "inconclusive")
    assert failure.attrib["message"].startswith("inconclusive, not failed: ")
    assert failure.attrib["message"].endswith(what_to_do(inconclusive))
    assert "let the judged part last" in what_to_do(inconclusive)


def test_an_objective_in_doubt_is_skipped_if_another_one_failed(rich):
    first, second, *others = rich.judgement.objectives
    objectives = (replace(first, verdict=Verdict.FAILED), replace(second, verdict=Verdict.INVALID), *others)
    doubtful = replace(rich, judgement=replace(rich.judgement, verdict=Verdict.FAILED, objectives=objectives))
    _, cases = suite(doubtful)
    assert [found[0].tag for found in (cases[first.text], cases[second.text])] == ["failure", "skipped"]
    assert re.search(rf"^not judged +{re.escape(second.text)}", console(doubtful), re.MULTILINE)
    assert f"{second.text}: " not in console(doubtful)


def test_times_in_doubt_are_an_error_with_the_remedy(failed):
    _, cases = suite(replace(failed, judgement=replace(failed.judgement, findings=(LATE,))))
    (error,) = cases[VALIDITY]
    assert error.attrib["message"] == (
        "The times are in doubt. For times that can be trusted: use a machine of its own."
    )
    assert cases["journey failures < 5%"][0].tag == "failure"


def test_an_invalid_run_says_how_the_shop_failed_too(failed):
    _, cases = suite(replace(failed, judgement=replace(failed.judgement, verdict=Verdict.INVALID, findings=(LATE,))))
    assert "Also seen: 162 journeys ended as http_5xx on IndexPage" in cases[VALIDITY][0].attrib["message"]


def test_an_invalid_run_is_an_error_and_its_objectives_are_skipped(invalid):
    _, cases = suite(invalid)
    (error,) = cases[VALIDITY]
    assert (error.tag, error.attrib["message"]) == (
        "error",
        f"{invalid.judgement.reason} What to do: read the log of the shop for the reason.",
    )
    assert "read the log of the shop for the reason" in error.text
    (skipped,) = cases["journey failures < 5%"]
    assert (skipped.tag, skipped.attrib["message"]) == ("skipped", "not judged: the run is invalid")


def test_causes_of_failures_explain_neither_times_nor_an_undecided_objective(rich):
    _, cases = suite(rich)
    (slow,) = cases["journey response_time p95 < 100ms"]
    (undecided,) = cases["journey[payment=masterpass] failures < 1%"]
    assert "The slowest page is PaymentOptionSelectionPage" in slow.text
    assert "failed journeys ended" not in slow.text + undecided.text
    assert "What to do" not in undecided.attrib["message"]  # the remedy of this run is that of its failure


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.INCONCLUSIVE])
def test_every_verdict_but_passed_has_a_failure(passed, verdict):
    # A stop rule ended the run, or there was no objective.
    judgement = replace(passed.judgement, verdict=verdict, reason="A stop rule ended the run.")
    _, cases = suite(replace(passed, judgement=judgement))
    (failure,) = cases["the run as a whole"]
    assert cases["journey failures < 5%"] == []
    assert (failure.tag, failure.attrib["type"]) == ("failure", verdict.value)
    assert failure.attrib["message"] == "A stop rule ended the run."


def test_characters_that_xml_forbids_are_replaced(passed):
    judgement = replace(passed.judgement, verdict=Verdict.INVALID, reason="a\x00b\x1b[31m<c>&\ud800")
    _, cases = suite(replace(passed, judgement=judgement))
    assert cases[VALIDITY][0].attrib["message"] == "a\ufffdb\ufffd[31m<c>&\ufffd"


def test_a_stop_rule_is_a_failure_beside_undecided_objectives(inconclusive):
    judgement = replace(inconclusive.judgement, verdict=Verdict.FAILED, reason="A stop rule ended the run.")
    _, cases = suite(replace(inconclusive, judgement=judgement))
    assert [found[0].attrib["type"] for found in cases.values() if found] == ["inconclusive", "failed"]


def test_the_suite_has_the_throughput_and_the_gap_between_response_and_service_time(rich, passed):
    said = ET.fromstring(junit(rich)).find("testsuite").find("system-out").text
    assert "Throughput in the steady part" in said
    assert "Response time and service time differ" in said
    assert "time part" not in ET.fromstring(junit(passed)).find("testsuite").find("system-out").text


def test_a_slow_page_does_not_explain_one_whose_name_begins_its_own(failed):
    (one,) = failed.judgement.objectives
    recorder = Recorder(Window(0.0, 0.0, 10.0))
    for number in range(40):
        for page in ("Redirection", "RedirectionPage"):
            due = number / 5
            recorder.page(PageSample(page, "gpay", "ok", "nobody", due, due, due + 0.4))
    slow = [
        replace(one, text=f"page.{page} response_time p95 < 150ms", bound=0.15, measured=0.4)
        for page in ("RedirectionPage", "Redirection")
    ]
    judgement = replace(failed.judgement, objectives=tuple(slow))
    _, cases = suite(replace(failed, recorder=recorder, judgement=judgement))
    for each in slow:
        (failure,) = cases[each.text]
        page = each.text.split()[0].removeprefix("page.")
        (cause,) = failure.text.splitlines()[1:]
        assert cause.startswith(f"{page} is slow")
