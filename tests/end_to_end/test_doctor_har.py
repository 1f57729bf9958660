"""A checkout that a person makes in a real browser becomes a scenario that passes, and nothing personal stays in it."""

import json
import re
import subprocess
import sys

import pytest
import recorded_purchases
from running import ROOT, needs
from second_shop.running import SecondShop
from storefront.har_recorder import record_har
from storefront.server import StorefrontServer
from storefront.visiting import PERSON, Person, recording_browser

from shop.serving.process import ShopProcess
from shop.settings import Settings

pytestmark = [pytest.mark.end_to_end, needs("chromium", "chromedriver")]

LOOKING = 0.5
TOKEN = re.compile(
    r"(?:osessionid|sessionid|csrftoken)=([^;,\s]{8,})|\"(?:csrf_token|token)\": ?\"([^\"]{8,})\"|completed/(\w{8,})/"
)


def doctor(*arguments):
    program = "import sys; from scenarios.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def embedded_shop():
    process = ShopProcess.start(Settings())
    yield process.url
    process.stop()


@pytest.fixture
def other_shop(tmp_path):
    (tmp_path / "none.csv").write_text("email,password,first_name,last_name,phone,saved_choices\n")
    shop = SecondShop(tmp_path / "none.csv")
    yield shop.url
    shop.close()


@pytest.mark.parametrize(
    ("shop", "product", "way", "option", "direct"),
    [("embedded_shop", "1", "card", "credit_card", False), ("other_shop", "212", "transfer", "funds_transfer", True)],
)
def test_a_recorded_checkout_becomes_a_scenario_that_passes(
    request, locust, tmp_path, shop, product, way, option, direct
):
    url = request.getfixturevalue(shop)
    har, own = tmp_path / "recording.har", tmp_path / "own.toml"
    with StorefrontServer(url) as storefront, recording_browser(tmp_path / "profile") as browser:
        assert Person(browser, storefront.url, product=product, direct=direct, pause=LOOKING).buy(way)
        record_har(browser, har)
    outputs = {"--json": tmp_path / "found.json", "--html": tmp_path / "found.html", "--write": own}
    answer = doctor("doctor", "--har", har, "--host", url, *(each for pair in outputs.items() for each in pair))
    assert answer.returncode == 0, answer.stdout + answer.stderr
    run = locust("--headless", "--scenario", str(own), "--host", url, "-t", "8s").wait()
    counts = run.result["counts"]
    assert run.code in (0, 4, 5), run.output  # a busy machine cannot always tell
    assert counts["failed_pages"] == counts["failed_journeys"] == 0, run.output
    assert counts["orders_by_option"].keys() == {option}
    think = float(re.search(r'^IndexPage = "(\d+)ms"', own.read_text(), re.MULTILINE)[1]) / 1000
    assert LOOKING <= think < 10 * LOOKING + 10
    secrets = {found for match in TOKEN.findall(har.read_text()) for found in match if found}
    assert len(secrets) >= 2
    written = [answer.stdout, answer.stderr, *(path.read_text() for path in outputs.values())]
    written += [
        path.read_text(errors="replace") for path in run.results.rglob("*") if path.is_file() and path.suffix != ".gz"
    ]
    for secret in (*secrets, *PERSON.values()):
        if len(secret) > len("737"):
            # Five digits may be a part of a number by chance.
            pattern = re.compile(rf"(?<![0-9.]){re.escape(secret)}(?![0-9])")
            assert not [text for text in written if pattern.search(text)], secret


def test_a_recording_of_200_megabytes_is_read_in_little_memory(tmp_path):
    small = recorded_purchases.write(tmp_path / "small.har", recorded_purchases.purchase())
    large = tmp_path / "large.har"
    start, end = small.read_text().rsplit("]", 1)
    picture = json.dumps(recorded_purchases.entry(1, "GET", "/logo.png", "QUJD" * 25_000))
    film = json.dumps(recorded_purchases.entry(1, "GET", "/film.mp4", "QUJD" * 10_000_000))
    page = json.dumps(recorded_purchases.entry(1, "GET", "/api/client/menus/", {"rows": [{"name": 'a "b"'}] * 4_000}))
    with large.open("w") as file:
        file.write(start)
        for number in range(560):
            file.write(f", {picture}, {page}" + (f", {film}" if number in (100, 300) else ""))
        file.write(f"]{end}")
    assert large.stat().st_size > 200_000_000
    peaks = [_peak(path) for path in (small, large)]
    assert peaks[1] - peaks[0] < 60, peaks


def _peak(har):
    """The most memory in MB that the doctor needed for a recording."""
    program = (
        "import resource, sys; from scenarios.commands.cli import main; code = main(sys.argv[1:]); "
        "sys.stderr.write(f'{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}'); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, "doctor", "--har", str(har)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return int(answer.stderr) / 1024
