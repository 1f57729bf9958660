"""What the shop does not offer, and JSON that it serves under another type, is found with its remedy."""

from checked_runs import conditions, problems, run_of

from harness.measurement.sample import JourneySample
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


def _journey(option, outcome):
    blame = "nobody" if outcome == "ok" else "shopper"
    return JourneySample("guest", option, outcome, blame, 50.0, 50.0, 51.0, ordered=outcome == "ok")


def test_a_run_without_any_buyer_is_invalid():
    found = problems(run_of(outcome="unavailable", blame="shopper"))
    assert found["available"].level is Severity.INVALID
    assert "gpay (200 journeys)" in found["available"].message
    assert "[payments]" in found["available"].remedy


def test_an_option_that_was_never_available_is_a_warning_while_others_sell():
    recorder = run_of()
    recorder.journey(_journey("masterpass", "unavailable"))
    found = problems(recorder)
    assert found["available"].level is Severity.WARNING
    assert "masterpass (1 journey)" in found["available"].message
    assert "gpay" not in found["available"].message


def test_an_option_that_sold_out_after_some_orders_is_no_finding():
    recorder = run_of()
    recorder.journey(_journey("gpay", "unavailable"))
    assert "available" not in problems(recorder)


def test_shoppers_handed_over_to_the_bank_could_buy():
    recorder = run_of(outcome="handed_over", blame="shopper")
    recorder.journey(_journey("gpay", "unavailable"))
    assert "available" not in problems(recorder)


def test_a_payment_option_that_is_not_offered_is_named_with_its_remedy():
    found = problems(run_of(outcome="not_offered", blame="harness"))
    assert found.keys() == {"offered"}
    assert found["offered"].level is Severity.INVALID
    assert "gpay (200 journeys)" in found["offered"].message
    assert "[payments]" in found["offered"].remedy
