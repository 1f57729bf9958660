"""The doctor walks a shop over HTTP, and the scenario that it writes passes there without a change."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from second_shop.running import SecondShop, write_accounts

pytestmark = pytest.mark.end_to_end

CHECKLOAD = Path(sys.executable).parent / "checkload"
GIVEN = """
objectives = ["journey failures <= 0%"]
[arrivals]
rate = "1/s"
duration = "10s"
[accounts]
file = "accounts.csv"
[products]
search = ""
[sms]
code = "123456"
right = 1
wrong = 1
"""
SLOW_ONES = ["masterpass", "redirection", "gpay", "credit_payment", "confirmation"]


@pytest.fixture
def shop(tmp_path):
    accounts = write_accounts(
        tmp_path / "accounts.csv", [f"returning.{n}@shop.test" for n in range(9)], "s-1", saved=True
    )
    write_accounts(accounts, [f"first.{n}@shop.test" for n in range(9)], "s-1", saved=False)
    with SecondShop(accounts, choice_then="VerifySmsPage", without=SLOW_ONES) as started:
        yield started


def doctor(folder, *arguments):
    made = subprocess.run(
        [CHECKLOAD, "doctor", *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in made.stderr
    return made


def test_the_scenario_that_it_writes_passes_without_a_change(shop, tmp_path, locust):
    (tmp_path / "given.toml").write_text(GIVEN)
    written = tmp_path / "own.toml"
    made = doctor(
        tmp_path,
        "--host",
        shop.url,
        "--scenario",
        "given.toml",
        "--write",
        "own.toml",
        "--html",
        "own.html",
        "--json",
        "own.json",
    )
    assert made.returncode == 0, made.stdout + made.stderr
    document = json.loads((tmp_path / "own.json").read_text())
    assert document["orders"]["numbers"] == [order["number"] for order in shop.books()["orders"]]
    assert document["headline"] in " ".join(made.stdout.split())
    assert document["headline"] in (tmp_path / "own.html").read_text()
    walked = len(shop.books()["orders"])

    run = locust("--headless", "--scenario", str(written), "--host", shop.url).wait()
    assert run.code == 0, run.output
    books = shop.books()
    assert books["refused"] == []
    sold = Counter(order["payment_type"] for order in books["orders"][walked:])
    assert set(sold) == set(document["covers"]["payment_options"])


def test_without_a_host_it_walks_the_embedded_shop(tmp_path):
    made = doctor(tmp_path, "--json")
    assert made.returncode == 0, made.stdout + made.stderr
    document = json.loads(made.stdout)
    assert len(document["covers"]["payment_options"]) == 14
    assert document["covers"]["sms"] == ["right", "wrong", "resend"]
    assert document["findings"] == []
