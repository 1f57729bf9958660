"""No output of a run contains the shoppers' secrets: no card, password, code or cookie. No file of accounts is left."""

import csv
import gzip
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import orjson
import pytest
from running import ROOT, Locust
from scraping import a_free_port, fetch

from harness.run.workload import Choices
from scenarios.runtime.scenario_folder import ScenarioFolder
from shop.contract import APPROVED_CARD, DECLINED_CARD
from users.population.accounts import COLUMNS

pytestmark = pytest.mark.end_to_end

CODE = "000417"  # no number of a report begins with zeros
NAMES_OF_SECRETS = (
    "card_number",
    "card_cvv",
    "security_code",
    "bin_number",
    "verify_code",
    "osessionid",
    "sessionid",
    "csrftoken",
    "csrf_token",
    "formType",
)
"""Fields, cookies and headers that carry secrets: a text with such a name probably has the secret near it."""

PASSWORDS = ("Swordfish 4711!", 'open "sesame" & 100%', "grüße-aus-köln", "hunter2hunter2")

BROKEN = """
description = "A shop that breaks many of its promises."
objectives = ["journey failures < 1%"]
[arrivals]
process = "uniform"
rate = "40/s"
duration = "4s"
drain = "15s"
[journeys]
guest = 2
returning = 3
first_time = 2
[payments]
credit_card = 4
saved_card = 2
stored_card = 2
masterpass = 2
pay_on_delivery = 4
[sms]
right = 3
wrong = 2
locked = 1
[cards]
three_d = 0.3
declined = 0.3
[think]
scale = 0
"""

FAULTS = [
    {"name": "server_error", "share": 0.1, "pages": ["CreditCardConfirmationPage", "Login"]},
    {"name": "html_instead", "share": 0.1, "pages": ["BinNumberPage", "VerifySmsPage"]},
    {"name": "ok_with_errors", "share": 0.1, "pages": ["CreditCardConfirmationPage", "VerifySmsPage"]},
    {"name": "reset", "share": 0.1, "pages": ["CreditCardConfirmationPage", "Login"]},
    {"name": "invalid_json", "share": 0.1, "pages": ["Login", "MobilExpressSelectionPage"]},
    {"name": "stall", "share": 0.02, "pages": ["MasterpassBinNumberPage"], "seconds": 0.2},
]


def spellings(secret):
    """A secret as it would stand in a log, a JSON document, a form or a URL."""
    json_text = orjson.dumps(secret).decode().strip('"')
    ascii_text = secret.encode("unicode_escape").decode()
    return {secret, json_text, ascii_text, quote(secret), quote(secret, safe=""), quote(secret).replace("%20", "+")}


def leaks(text, passwords):
    """Every secret in a text, by its kind; cards are found with any grouping of their digits."""
    found = [f"password {one}" for one in passwords if any(spelling in text for spelling in spellings(one))]
    for card in (APPROVED_CARD, DECLINED_CARD):
        grouped = r"[ -]?".join(card)
        found += [f"card {card}"] * bool(re.search(grouped, text))
    found += ["SMS code"] * bool(re.search(rf"(?<![\d.]){CODE}(?!\d)", text))
    # Session and CSRF cookies of the shop are 32 hexadecimal digits; of ours, only the ids of traces are.
    text = re.sub(r'"trace(_id)?":"[0-9a-f]{32}"|<code>[0-9a-f]{32}</code>', "", text)
    text = text.replace("/csrf_token/", "")  # the path of the token, a key of the scenario
    found += [f"cookie {one}" for one in re.findall(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", text)]
    return found + [f"field {name}" for name in NAMES_OF_SECRETS if re.search(rf"\b{name}\b", text)]


@pytest.mark.parametrize(
    "text",
    [
        f"card_number={APPROVED_CARD}",
        "4111 1111 1111 1111",
        f'{{"number": {DECLINED_CARD}}}',
        'password: open \\"sesame\\" & 100%',
        "password=Swordfish+4711%21",
        "password=gr%C3%BC%C3%9Fe-aus-k%C3%B6ln",
        f"the code {CODE} was refused",
        "Cookie: osessionid=x",
        "Cookie: s=7bc102db49b889c274cb85f8b1e5c2a4",
    ],
)
def test_the_leak_check_finds_each_spelling_of_a_secret(text):
    assert leaks(f"before {text} after", PASSWORDS)


def accounts_csv(path, passwords):
    """Accounts with these passwords by turns; every second one has saved choices."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(120):
            password = passwords[number % len(passwords)]
            writer.writerow((f"ada{number}@shop.example", password, "Ada", "Doe", f"0600000{number:04}", number % 2))
    return path


def loaded(folder, *arguments, scenario, watch=lambda: None):
    """Run a scenario to its end with every kind of output switched on; returns the texts by their origin."""
    (folder / "broken.toml").write_text(scenario)
    (folder / "tmp").mkdir()
    port = a_free_port()
    locust = Locust(
        folder / "results",
        "--headless",
        *("--scenario", str(folder / "broken.toml")),
        *("--journey-log", str(folder / "results" / "journeys.jsonl")),
        *("--loglevel", "DEBUG", "--print-stats"),
        *("--metrics-port", str(port), "--metrics-linger", "1"),
        *arguments,
        environment={"TMPDIR": str(folder / "tmp")},
    )
    try:
        locust.until("All users spawned")
        watched = watch()
        middle = wait_for_orders(port)
        locust.until("\nResults: ")
        after = fetch(f"http://127.0.0.1:{port}/metrics").decode()
        finished = locust.wait()
    finally:
        locust.close()
    texts = {str(path): _text(path) for path in (folder / "results").rglob("*") if path.is_file()}
    texts |= {"/metrics in the middle": middle, "/metrics after": after, "what it said": finished.output}
    return SimpleNamespace(finished=finished, result=finished.result, texts=texts, watched=watched)


def wait_for_orders(port):
    """The metrics once orders have been placed."""
    deadline = time.monotonic() + 20
    while "\ncheckout_load_orders_total{" not in (text := fetch(f"http://127.0.0.1:{port}/metrics").decode()):
        assert time.monotonic() < deadline, "no order came in time"
        time.sleep(0.1)
    return text


def assert_the_secrets_were_used(result):
    counts = result["counts"]
    assert counts["orders_by_option"].keys() >= {"credit_card", "saved_card", "stored_card", "pay_on_delivery"}
    assert counts["pages_by_page"]["Login"] > 20
    outcomes = counts["journeys_by_outcome"].keys()
    assert outcomes >= {"declined", "code_locked", "http_5xx", "connection", "not_json", "business_error"}
    assert {row["verification"] for row in result["measured"]["journeys"]} >= {"right", "wrong"}


def assert_nothing_leaked(texts, passwords):
    names = {Path(name).name for name in texts}
    assert names >= {"result.json", "summary.md", "junit.xml", "journeys.jsonl", "what it said"}
    assert {name: leaks(text, passwords) for name, text in texts.items()} == {name: [] for name in texts}


# -- a shop that was started by hand, with accounts from a file -------------------------------------------------------


@pytest.fixture
def shop_by_hand(tmp_path):
    """The address of a shop started on its own, and the file that holds all it says."""
    # One of the shoppers has a wrong password.
    known = accounts_csv(tmp_path / "known.csv", (*PASSWORDS[:-1], "the password in the shop"))
    sms = {"fixed_code": CODE, "options": ["pay_on_delivery"]}
    settings = {"accounts_file": str(known), "sms": sms, "faults": FAULTS}
    (tmp_path / "shop.json").write_bytes(orjson.dumps(settings))
    said = tmp_path / "shop.log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "shop", "--port", "0", "--settings", str(tmp_path / "shop.json")],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        ready = process.stdout.readline()
        try:
            yield SimpleNamespace(url=ready.split()[-1], said=said)
        finally:
            process.terminate()
            process.communicate(timeout=10)


def test_a_run_against_a_shop_by_hand_leaks_nothing_and_agrees_with_its_ledger(shop_by_hand, tmp_path):
    own = accounts_csv(tmp_path / "own.csv", PASSWORDS)
    scenario = BROKEN.replace("[sms]", f'[sms]\ncode = "{CODE}"') + f'[accounts]\nfile = "{own.name}"\n'
    run = loaded(tmp_path, "--host", shop_by_hand.url, scenario=scenario)
    assert_the_secrets_were_used(run.result)
    assert "sign_in_refused" in run.result["counts"]["journeys_by_outcome"]
    texts = run.texts | {"what the shop said": shop_by_hand.said.read_text()}
    assert_nothing_leaked(texts, (*PASSWORDS, "the password in the shop"))
    assert not list((tmp_path / "tmp").iterdir())
    # Only this test asks the shop. The shop's ledger holds what went over the wire.
    theirs = orjson.loads(fetch(f"{shop_by_hand.url}/_control/ledger"))
    assert run.result["ledger"] is None
    assert theirs["pages"] == run.result["counts"]["pages_by_page"]
    assert theirs["orders_total"] >= run.result["counts"]["orders"]


# -- the embedded shop, with accounts that were made up ---------------------------------------------------------------


def lists_of_accounts(folder):
    """The files of accounts in a folder for temporary files."""
    return list(folder.glob("checkload-accounts-*.csv"))


def test_a_run_against_the_embedded_shop_leaks_nothing_and_takes_its_accounts_away(tmp_path):
    faults = "".join(
        "[[shop.faults]]\n" + "".join(f"{key} = {orjson.dumps(value).decode()}\n" for key, value in fault.items())
        for fault in FAULTS
    )
    run = loaded(
        tmp_path,
        scenario=BROKEN.replace("[sms]", "[sms]\nshare = 1.0") + faults,
        watch=lambda: lists_of_accounts(tmp_path / "tmp"),
    )
    assert_the_secrets_were_used(run.result)
    assert run.watched == [], "the shop has read it by now"
    passwords = ScenarioFolder().choose(Choices(str(tmp_path / "broken.toml"))).secrets()
    assert len(passwords) > 100
    assert_nothing_leaked(run.texts, passwords)
    assert not list((tmp_path / "tmp").iterdir())


LONG = BROKEN.replace('duration = "4s"', 'duration = "60s"').replace('"40/s"', '"10/s"')


def test_no_accounts_file_is_left_during_a_run_or_after_the_shop_is_killed(locust, scenario, tmp_path):
    (tmp_path / "tmp").mkdir()
    process = locust("--headless", "--scenario", scenario(LONG), environment={"TMPDIR": str(tmp_path / "tmp")})
    process.until("All users spawned")
    assert lists_of_accounts(tmp_path / "tmp") == []
    os.kill(shop_of(process.process.pid), signal.SIGKILL)
    run = process.wait(timeout=30)
    assert run.code == 4, run.output
    assert not list((tmp_path / "tmp").iterdir())


def shop_of(pid):
    """The process id of the embedded shop that this Locust process has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (shop,) = [int(child) for child in children if b"shop" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return shop


def _text(path):
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
