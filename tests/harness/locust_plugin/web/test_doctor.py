"""The doctor in the web UI: what its form may start, one walk at a time, and what is served of it."""

import sys
from types import SimpleNamespace

import gevent
import pytest
from flask import Flask
from locust_environments import locust_options
from workloads import FakeProvider, FakeWorkload

from harness.locust_plugin.web import banner
from harness.locust_plugin.web.doctor import DOCTOR_PATH, DoctorPages

DOCTOR = """
import pathlib, sys, time
files = {one.partition("=")[0]: one.partition("=")[2] for one in sys.argv if "=" in one}
print("ok       a guest", file=sys.stderr, flush=True)
print(" ".join(sys.argv[1:]), file=sys.stderr, flush=True)
BODY
pathlib.Path(files["--html"]).write_text("<h1>Report</h1>")
pathlib.Path(files["--json"]).write_text('{"verdict": "passed", "headline": "all paths passed"}')
pathlib.Path(files["--write"]).write_text("seed = 1")
"""


@pytest.fixture
def doctor(tmp_path):
    """The pages of a doctor whose process runs this Python code, and a client for them."""
    opened = []

    def open_pages(body="", *, load=False, **options):
        provider = FakeProvider(lambda _choices: FakeWorkload(allowed=("shop.example",)))
        options = locust_options(**{"results": str(tmp_path), **options})
        code = (sys.executable, "-c", DOCTOR.replace("BODY", body))
        pages = DoctorPages(options, provider, ["baseline", "smoke"], code, lambda: load)
        app = Flask(__name__)
        pages.install(SimpleNamespace(app=app, auth_required_if_enabled=lambda view: view))
        opened.append(pages)
        return pages, app.test_client()

    yield open_pages
    for pages in opened:
        pages.walk.stop()
        wait(pages)


def wait(pages):
    with gevent.Timeout(20):
        while pages.walk.walking:
            gevent.sleep(0.01)


def post(client, **form):
    return client.post(f"{DOCTOR_PATH}/start", data=form).json["problem"]


def state(client):
    return client.get(f"{DOCTOR_PATH}/state").json


def test_a_walk_is_started_and_its_files_are_served(doctor):
    pages, client = doctor(allow_target=["own.example"], no_verify_tls=True)
    assert state(client)["state"] == "none"
    assert client.get(f"{DOCTOR_PATH}/report").status_code == 404
    assert post(client, scenario="smoke", host=" https://shop.example ", orders="yes") == ""
    wait(pages)
    shown = state(client)
    assert (shown["state"], shown["kind"], shown["title"]) == ("over", "passed", "all paths passed")
    first, options = shown["lines"]
    assert first == "ok       a guest"
    for part in ("--scenario=smoke", "--host=https://shop.example", "--allow-target=own.example", "--no-verify-tls"):
        assert part in options
    assert "--no-orders" not in options
    report = client.get(f"{DOCTOR_PATH}/report")
    assert report.text == "<h1>Report</h1>"
    assert "default-src 'none'" in report.headers["Content-Security-Policy"]
    scenario = client.get(f"{DOCTOR_PATH}/scenario")
    assert scenario.text == "seed = 1"
    assert scenario.headers["Content-Disposition"] == 'attachment; filename="own.toml"'


def test_without_the_tick_nothing_is_ordered(doctor):
    pages, client = doctor()
    assert post(client) == ""
    wait(pages)
    assert "--no-orders" in state(client)["lines"][1]


@pytest.mark.parametrize(
    ("form", "part"),
    [
        ({"scenario": "/etc/passwd"}, "it is none of baseline, smoke"),
        ({"scenario": "--write=/tmp/x"}, "it is none of"),
        ({"host": "http://other.example"}, "other.example is not this machine"),
        ({"host": "http://shop.example"}, "shop.example is not this machine"),  # only the scenario allows it
        ({"scenario": "smoke", "host": "http://me:secret@shop.example"}, "user name or password"),
        ({"host": "--allow-target=x"}, "must begin with http"),
        ({"allow_target": "other.example"}, "cannot be set here"),
        ({"write": "/tmp/x"}, "cannot be set here"),
    ],
)
def test_the_form_may_do_no_more_than_the_start_form(doctor, form, part):
    pages, client = doctor()
    problem = post(client, **form)
    assert part in problem
    assert "secret" not in problem
    assert not pages.walk.walking
    assert state(client)["state"] == "none"


def test_a_scenario_allows_its_own_targets(doctor):
    pages, client = doctor()
    assert post(client, scenario="smoke", host="http://shop.example") == ""
    wait(pages)


def test_a_ceiling_of_orders_is_not_passed_by_the_doctor(doctor):
    pages, client = doctor(max_orders="5")
    assert "--max-orders" in post(client, host="http://127.0.0.1:1", orders="yes")
    assert post(client, host="http://127.0.0.1:1") == ""
    wait(pages)


def test_no_walk_starts_while_a_load_or_a_walk_is_on(doctor):
    _, client = doctor(load=True)
    assert "A run is on" in post(client)
    _, client = doctor("time.sleep(60)")
    assert post(client) == ""
    assert state(client)["state"] == "walking"
    assert "walking already" in post(client)
    assert client.get(f"{DOCTOR_PATH}/report").status_code == 404


def test_a_walk_that_is_stopped_ends_without_a_report(doctor):
    pages, client = doctor("time.sleep(60)")
    assert post(client) == ""
    with gevent.Timeout(20):
        while not state(client)["lines"]:
            gevent.sleep(0.01)
    client.post(f"{DOCTOR_PATH}/stop")
    wait(pages)
    shown = state(client)
    assert (shown["kind"], shown["report"], shown["scenario"]) == ("error", False, False)
    assert shown["title"] == "The doctor was stopped before it had a report."


def test_what_stops_the_doctor_from_starting_is_shown(doctor):
    pages, client = doctor("sys.stderr.write('accounts.csv: \\x1b[31mno such file\\n'); sys.exit(2)")
    assert post(client) == ""
    wait(pages)
    shown = state(client)
    assert shown["title"] == "The doctor could not start."
    assert shown["lines"][-1] == "accounts.csv:  [31mno such file"


def test_a_folder_that_cannot_be_written_is_an_error(doctor, tmp_path):
    (tmp_path / "file").write_text("")
    _, client = doctor(results=str(tmp_path / "file"))
    assert "could not be started" in post(client)


def test_the_page_loads_its_own_style_and_script_only(doctor):
    _, client = doctor()
    page = client.get(DOCTOR_PATH)
    policy = page.headers["Content-Security-Policy"]
    assert policy.count("sha256-") == 2
    assert "unsafe" not in policy
    assert "{script}" not in page.text
    assert "innerHTML" not in page.text
    assert '["doctor", "Doctor' in banner.head()
