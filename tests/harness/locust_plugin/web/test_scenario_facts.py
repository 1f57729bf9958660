"""What the form of the web UI says of a scenario."""

from workloads import FakeWorkload

from harness.locust_plugin.web.scenario_facts import scenario_facts


def test_objectives_that_differ_only_in_a_label_are_one(monkeypatch):
    each = [f"orders[payment={name}] count >= 1" for name in ("gpay", "masterpass", "pay_later")]
    objectives = ["journey failures < 1%", *each, "orders[verification=right] count >= 1"]
    monkeypatch.setattr(FakeWorkload, "as_asked", lambda _: {"scenario": {"objectives": objectives}})
    assert scenario_facts(FakeWorkload(steady=5.0))["objectives"] == [
        "journey failures < 1%",
        "orders[payment=…] count >= 1 (each of 3)",
        "orders[verification=right] count >= 1",
    ]
