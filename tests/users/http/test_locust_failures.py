"""A journey that fails by what a good reply led to is a failure in Locust's own statistics, too."""

from locust.env import Environment

from users.http.locust.stats import LocustStats


def test_a_failure_is_counted_with_the_page_without_another_request():
    environment = Environment(user_classes=[])
    environment.create_local_runner()
    statistics = LocustStats(environment)
    statistics.buffer("POST", "PaymentOptionPage", (12.0, 100, 1.0))
    statistics.count_failure("PaymentOptionPage", "amount_mismatch")
    statistics.count_failure("NeverSeenPage", "sms_lost")
    entry = environment.stats.entries["PaymentOptionPage", "POST"]
    assert (entry.num_requests, entry.num_failures) == (1, 1)
    assert (environment.stats.total.num_requests, environment.stats.total.num_failures) == (1, 2)
    assert sorted((one.name, one.error) for one in environment.stats.errors.values()) == [
        ("NeverSeenPage", "sms_lost"),
        ("PaymentOptionPage", "amount_mismatch"),
    ]
    environment.runner.quit()
