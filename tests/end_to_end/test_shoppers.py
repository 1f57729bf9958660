"""The shoppers do what the scenario says."""

import json

import pytest
from running import QUICK, ROOT

pytestmark = pytest.mark.end_to_end

SHORT = QUICK.replace('duration = "6s"', 'duration = "4s"')
SIGNED_IN = SHORT + "[journeys]\nreturning = 2\nfirst_time = 1\n"
HEADER = "email,password,first_name,last_name,phone,saved_choices\n"


def accounts(returning, first_time):
    rows = [f"r{n}@shoppers.example,secret-{n},Ada,Byron,0611111{n:04},1" for n in range(returning)]
    rows += [f"f{n}@shoppers.example,secret-{n},Ada,Byron,0622222{n:04},0" for n in range(first_time)]
    return HEADER + "\n".join(rows) + "\n"


def test_shoppers_sign_in_once_per_journey_by_default(locust, scenario):
    run = locust("--headless", "--scenario", scenario(SIGNED_IN)).wait()
    assert run.sound, run.output
    counts = run.result["counts"]
    assert counts["pages_by_page"]["Login"] == counts["journeys"] == 100


def test_shoppers_who_stay_signed_in_sign_in_once_per_virtual_user(locust, scenario):
    text = SIGNED_IN.replace("drain =", "users = 6\nlongest_wait = '10s'\ndrain =") + '[accounts]\nsign_in = "user"\n'
    run = locust("--headless", "--scenario", scenario(text)).wait()
    assert run.sound, run.output
    assert run.result["counts"]["orders"] == 100
    assert run.result["counts"]["pages_by_page"]["Login"] <= 6


def test_accounts_come_from_a_file_and_returning_shoppers_open_on_payment(locust, scenario, tmp_path):
    (tmp_path / "accounts.csv").write_text(accounts(20, 0))
    text = SHORT + '[journeys]\nreturning = 1\n[accounts]\nfile = "accounts.csv"\n'
    run = locust("--headless", "--scenario", scenario(text.replace("drain =", "users = 20\ndrain ="))).wait()
    assert run.sound, run.output
    assert "AddressSelectionPage" not in run.result["counts"]["pages_by_page"]


def test_a_load_with_too_few_accounts_is_invalid(locust, scenario, tmp_path):
    (tmp_path / "accounts.csv").write_text(accounts(2, 0))
    text = SHORT + '[journeys]\nreturning = 1\n[accounts]\nfile = "accounts.csv"\n[shop.service]\ndefault = "40ms"\n'
    run = locust("--headless", "--scenario", scenario(text.replace("drain =", "users = 40\ndrain ="))).wait()
    assert run.code == 4, run.output
    assert "account" in run.result["judgement"]["reason"]


def test_errors_of_an_accounts_file_are_listed_by_line_without_passwords(locust, scenario, tmp_path):
    (tmp_path / "accounts.csv").write_text(HEADER + "no-at-sign,hunter2-secret,A,B,1,maybe\n")
    run = locust("--headless", "--scenario", scenario(SHORT + '[accounts]\nfile = "accounts.csv"\n')).wait(timeout=30)
    assert run.code == 2, run.output
    assert "line 2" in run.output
    assert "hunter2" not in run.output


@pytest.mark.parametrize(("mode", "banks"), [("follow", True), ("return", False)])
def test_the_bank_page_is_requested_or_skipped(locust, scenario, mode, banks):
    text = (
        SHORT + f'[external]\nmode = "{mode}"\n[payments]\ngpay = 1\nredirection = 1\nbkm_express = 1\nmasterpass = 1\n'
    )
    run = locust("--headless", "--scenario", scenario(text)).wait()
    assert run.sound, run.output
    assert ("Bank" in run.result["counts"]["pages_by_page"]) == banks
    assert set(run.result["counts"]["orders_by_option"]) == {"gpay", "redirection", "bkm_express", "masterpass"}


def test_journeys_that_end_before_the_bank_page_have_not_failed(locust, scenario):
    text = SHORT + '[external]\nmode = "stop"\n[payments]\ngpay = 1\nfunds_transfer = 1\n'
    run = locust("--headless", "--scenario", scenario(text)).wait()
    assert run.sound, run.output
    counts = run.result["counts"]
    assert set(counts["orders_by_option"]) == {"funds_transfer"}
    assert counts["journeys_by_outcome"]["handed_over"] > 10
    assert counts["failed_journeys"] == 0


CLOSED = SHORT + '[payments]\ngpay = 1\n[shop.unavailable]\ngpay = "The bank is closed."\n'


def test_an_unavailable_option_is_blamed_on_the_shopper(locust, scenario):
    run = locust("--headless", "--scenario", scenario(CLOSED)).wait()
    assert run.result["counts"]["journeys_by_outcome"]["unavailable"] > 10
    assert run.result["counts"]["failed_journeys"] == run.result["counts"]["orders"] == 0
    assert run.code == 4
    assert "No shopper could buy anything: gpay" in run.result["judgement"]["reason"]


def test_a_shopper_whose_option_is_unavailable_pays_with_the_fallback(locust, scenario):
    run = locust("--headless", "--scenario", scenario(CLOSED + '[conduct]\nfallback = "pay_later"\n')).wait()
    assert run.sound, run.output
    assert set(run.result["counts"]["orders_by_option"]) == {"pay_later"}


def test_options_can_be_selected_by_primary_key(locust, scenario):
    run = locust("--headless", "--scenario", scenario(SHORT + '[conduct]\noption_value = "pk"\n')).wait()
    assert run.sound, run.output
    assert run.result["counts"]["failed_pages"] == 0


def test_both_http_clients_walk_the_same_journeys_to_the_same_receipts(locust, tmp_path):
    smoke = (ROOT / "scenarios" / "smoke.toml").read_text()
    walked = {}
    for client in ("own", "locust"):
        path = tmp_path / f"{client}.toml"
        path.write_text(f'{smoke}\n[target]\nclient = "{client}"\n')
        log = tmp_path / f"{client}.jsonl"
        run = locust("--headless", "--scenario", str(path), "--journey-log", str(log)).wait()
        assert run.sound, run.output
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        # Order numbers and times are the shop's and the clock's, and the trace is the run's; all else is the journey's.
        others = {"number", "response_time", "service_time", "due", "trace"}
        walked[client] = {
            line["number"]: {key: line[key] for key in line.keys() - others} | {"order": bool(line["order"])}
            for line in lines
        }
        walked[client]["revenue"] = run.result["counts"]["amount"]
    assert walked["own"] == walked["locust"]


def test_a_failed_journey_that_was_asked_for_a_code_counts_as_asked(locust, scenario):
    text = SHORT + "[payments]\npay_on_delivery = 1\n[journeys]\nguest = 1\n"
    text += '[[shop.faults]]\nname = "server_error"\nshare = 0.5\npages = ["VerifySmsPage"]\n'
    run = locust("--headless", "--scenario", scenario(text)).wait()
    assert run.result["counts"]["journeys_by_outcome"]["http_5xx"] > 20
    assert {one["verification"] for one in run.result["measured"]["journeys"]} == {"right"}


@pytest.mark.parametrize(
    ("more", "outcome", "code"),
    [
        ('[think]\nmedian = "60s"\nsigma = 0.1\n', "aborted", 5),
        ('[shop.service]\ndefault = "60s"\n', "unfinished", 3),
    ],
)
def test_shoppers_in_think_time_at_drain_end_do_not_count_as_failures(locust, scenario, more, outcome, code):
    text = SHORT.partition("[think]")[0].replace('drain = "15s"', 'users = 440\ndrain = "1s"') + more
    run = locust("--headless", "--scenario", scenario(text)).wait()
    outcomes = run.result["counts"]["journeys_by_outcome"]
    assert outcomes.get(outcome), run.output
    assert not {"aborted", "unfinished"} - {outcome} & set(outcomes), run.output
    assert run.code == code, run.output
    words = " ".join(run.output.split())
    assert ("make the drain longer" in words) == (outcome == "aborted"), words
