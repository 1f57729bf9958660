"""Starting with Locust: its options, its environment variables, its configuration file, and what they refuse."""

import json

import pytest
from running import QUICK, ROOT

from scenarios.commands.cli import main

pytestmark = pytest.mark.end_to_end


def test_help_shows_our_options_in_a_group_of_their_own(locust):
    run = locust("--help").wait()
    assert run.code == 0
    group = run.output.split("checkload:")[1]
    for option in (
        "--scenario",
        "--payment-mix",
        "--sms-share",
        "--arrival-rate",
        "--seed",
        "--results",
        "--stop-file",
    ):
        assert option in group


def test_the_journeys_are_listed_as_user_classes(locust):
    listed = locust("--list").wait().output.split("Available Users:")[1]
    assert listed.split() == ["Abandoning", "FirstTime", "Guest", "Returning"]


def test_all_errors_of_a_scenario_are_listed_before_any_request(locust, scenario):
    wrong = QUICK.replace("rate =", "rat =") + '[payments]\ncredit_cart = 3\n[journeys]\nguest = "many"\n'
    run = locust("--headless", "--scenario", scenario(wrong)).wait()
    assert run.code == 2, run.output
    for text in ("arrivals.rat", "rate", "payments.credit_cart", "credit_card", "journeys.guest", "many"):
        assert text in run.output
    assert "Traceback" not in run.output
    assert not run.results.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "basline"), "baseline"),
        (("--payment-mix", "gpay=1,bitcoin=2"), "bitcoin"),
        (("--sms-share", "2"), "--sms-share"),
        (("--arrival-rate", "fast"), "--arrival-rate"),
        (("--arrival-rate", "100000/s"), "highest_rate"),
        (("--seed", "x"), "--seed"),
        (("--host", "http://shop.example"), "shop.example"),
        (("--host", "ftp://127.0.0.1"), "ftp"),
        (("--results", str(ROOT / "README.md")), "not a folder"),
        (("--scenari", "smoke", "--bogus"), "--bogus"),
    ],
)
def test_a_usage_error_is_explained_and_sends_no_request(locust, arguments, said):
    run = locust("--headless", *arguments).wait(timeout=40)
    assert run.code == 2, run.output
    assert said in run.output
    assert "Traceback" not in run.output


def test_a_named_host_may_be_loaded(locust, scenario):
    # Nothing answers there, so that it is allowed shows in the verdict: unreachable, not misused.
    arguments = ("--host", "http://localhost.invalid:1", "--allow-target", "localhost.invalid")
    run = locust("--headless", "--scenario", scenario(), *arguments).wait(timeout=30)
    assert run.code == 4, run.output
    assert "could not be reached" in run.output


def test_environment_and_configuration_file_work_as_locusts_own(locust, scenario, tmp_path):
    configuration = tmp_path / "load.conf"
    configuration.write_text("headless = true\npayment-mix = gpay=1\nseed = 7\n")
    environment = {"CHECKLOAD_SCENARIO": scenario(), "CHECKLOAD_SEED": "8"}
    run = locust("--config", str(configuration), environment=environment).wait()
    assert run.sound, run.output
    assert run.result["asked"]["seed"] == 8  # the environment outranks the file
    assert set(run.result["counts"]["orders_by_option"]) == {"gpay"}


def test_user_classes_on_the_command_line_choose_the_journeys(locust, scenario):
    run = locust("--headless", "--scenario", scenario(), "Guest", "Abandoning").wait()
    assert run.sound, run.output
    assert {one["journey"] for one in run.result["measured"]["journeys"]} == {"guest", "abandoning"}


def test_tags_select_the_journeys(locust, scenario):
    run = locust("--headless", "--scenario", scenario(), "--tags", "returning").wait()
    assert run.sound, run.output
    assert {one["journey"] for one in run.result["measured"]["journeys"]} == {"returning"}


def test_two_runs_of_smoke_ask_for_the_same_pages_in_the_same_order(locust, tmp_path):
    logs = []
    for number in (1, 2):
        path = tmp_path / f"journeys-{number}.jsonl"
        run = locust("--headless", "--scenario", "smoke", "--journey-log", str(path)).wait()
        assert run.sound, run.output
        logs.append(_journeys(path))
    assert logs[0] == logs[1]
    assert len(logs[0]) > 20
    assert {one["payment_option"] for one in logs[0].values()} >= {"credit_card", "masterpass", "confirmation"}
    assert {one["verification"] for one in logs[0].values()} >= {"right", "wrong", "resend", "late"}
    _assert_estimated(run.result["counts"], tmp_path / "estimate.json")


def _assert_estimated(counts, path):
    """The estimate of a scenario with a list of journeys is exact, but for the first address of a process."""
    assert main(["estimate", "smoke", "--json", str(path)]) == 0
    estimate = json.loads(path.read_text())
    assert estimate["arrivals"] == counts["journeys"]
    assert estimate["orders"] == counts["orders_by_option"]
    assert estimate["requests"] == pytest.approx(counts["pages"], rel=0.03)


def _journeys(path):
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {
        line["number"]: {key: line[key] for key in ("journey", "payment_option", "outcome", "verification", "pages")}
        for line in lines
    }
