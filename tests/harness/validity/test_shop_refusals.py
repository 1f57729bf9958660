"""What the shop does not offer, and JSON that it serves under another type, is found with its remedy."""

from checked_runs import conditions, problems, run_of

from harness.monitoring.process import ProcessFacts
from harness.objectives.verdict import Severity


def test_json_served_as_another_type_is_one_warning():
    pages = [{"Basket": 1000, "Login": 7}, {}, {"Basket": 234, "Product": 6, "Checkout": 1}]
    found = problems(
        facts=conditions(processes=[ProcessFacts(name=str(n), mislabelled=m) for n, m in enumerate(pages)])
    )
    finding = found["content_type"]
    assert finding.level is Severity.WARNING
    assert finding.message == (
        "1,248 replies with JSON were served as another type "
        "(Basket 1,234 times, Login 7 times, Product 6 times, 1 more page)"
    )
    assert '[conduct] content_type = "fail"' in finding.remedy
    assert "content_type" not in problems(facts=conditions(processes=[ProcessFacts()]))


def test_a_payment_option_that_is_not_offered_is_named_with_its_remedy():
    found = problems(run_of(outcome="not_offered", blame="harness"))
    assert found.keys() == {"offered"}
    assert found["offered"].level is Severity.INVALID
    assert "gpay (200 journeys)" in found["offered"].message
    assert "[payments]" in found["offered"].remedy
