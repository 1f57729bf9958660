"""A person watches a run of two workers in a browser, changes everything that can be changed, and looks at the results."""

import json
import time
import urllib.request

import pytest
from browsing import Page, Ui, until
from otlp_receiver import needs_otlp, receiver
from report_browser import report_browser
from running import ROOT, needs
from runs_page import (
    a_run_becomes_a_baseline_and_is_compared,
    a_strange_report_cannot_reach_the_ui,
    seen_download,
    the_history_leads_to_the_report,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.end_to_end

OPEN = """
description = "Ten shoppers a second, until a person says otherwise."
objectives = ["journey failures < 50%", "page response_time p95 < 5s"]
[arrivals]
process = "poisson"
rate = "10/s"
duration = "26s"
warm_up = "2s"
drain = "20s"
users = 60
[sms]
share = 0.0
[think]
median = "20ms"
[payments]
pay_on_delivery = 1
cash_register = 1
[shop.sms]
options = ["pay_on_delivery", "cash_register"]
code_lifetime = "2s"
"""
MOST_SECONDS = 2.0
"""From a click to the change on the charts, and in all workers."""
CLOSED = """
objectives = ["journey failures < 50%"]
[closed]
users = 8
duration = "14s"
drain = "15s"
[think]
median = "20ms"
"""


class Live:
    """The page "Live" in a browser."""

    def __init__(self, seen):
        self.seen, self.browser = seen, seen.browser

    def one(self, css):
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def text(self, css):
        return self.one(css).text

    def change(self, **values):
        """Type the values, apply them, and return the answer; ``fault`` adds one that hits so many requests."""
        fault = values.pop("fault", None)
        if fault:
            self.one("#fault-share").clear()
            self.one("#fault-share").send_keys(fault)
            self.one("#fault-add").click()
        for name, value in values.items():
            field = self.one(f"#steer-{name}")
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(value)
        self.browser.execute_script("document.getElementById('steer-said').replaceChildren()")
        self.clicked = time.monotonic()
        self.one("#apply").click()
        return until(lambda: self.text("#steer-said"), "an answer")

    def while_typing(self, name, value):
        """What a field with the focus shows when the run reports another value for it."""
        script = """
            const field = $("steer-" + arguments[0]), run = structuredClone(live.run);
            field.focus();
            run.settings.values[arguments[0]] = arguments[1];
            steerable(run);
            const shown = field.value;
            field.blur();
            return shown;
        """
        return self.seen.run(script, name, value)

    def series(self, chart, label):
        """The points of a line, by their place."""
        script = """
            const one = data.charts[arguments[0]].series.find((one) => one.label === arguments[1]);
            return one ? one.x.map((x, at) => [x, one.y[at]]) : [];
        """
        return self.seen.run(script, chart, label)

    def seconds_until(self, true, what):
        """Seconds from the click that changed the load."""
        until(true, what)
        return time.monotonic() - self.clicked

    def last(self, chart, label):
        values = [value for _, value in self.series(chart, label) if value is not None]
        return values[-1] if values else 0

    def marks(self):
        """What is drawn into the charts as an event."""
        return self.seen.run(
            "return [...document.querySelectorAll('#evidence .bound text')].map((one) => one.textContent)"
        )


@pytest.fixture
def two_workers(locust, scenario, free_port):
    def start(text, *options, **keywords):
        arguments = ("--processes", "2", "--web-port", str(free_port), "--scenario", scenario(text), *options)
        ui = Ui(locust(*arguments, **keywords).process, free_port)
        until(lambda: len(ui.stats()["workers"]) == 2, "two workers")
        return ui

    return start


def the_result(tmp_path):
    (path,) = tmp_path.rglob("result.json")
    return path.parent, json.loads(path.read_text())


def books_are_exact(result):
    """Whether every planned arrival was offered, each was served or dropped, and the shop counted the same."""
    findings = {one["check"]: one for one in result["judgement"]["findings"]}
    assert findings["accounting"]["level"] == "ok", findings["accounting"]
    rows = result["measured"]["arrivals"].values()
    offered, started, dropped = (sum(row[name] for row in rows) for name in ("offered", "started", "dropped"))
    assert offered == started + dropped
    assert result["counts"]["journeys"] == offered
    assert result["ledger"]["agrees"], result["ledger"]
    return offered


@needs("chromium", "chromedriver", "npm")
@needs_otlp
def test_a_person_watches_and_steers_two_workers_in_a_browser(two_workers, tmp_path):
    with receiver() as tempo, report_browser(tmp_path / "profile") as seen:
        link = f'[trace]\nsampled = 0.1\nlink = "{tempo.address}/trace/{{trace_id}}"\n'
        # In a folder of its own: baselines are stored in the current one.
        here = {"cwd": tmp_path}
        ui = two_workers(OPEN + link, "--locustfile", str(ROOT / "locustfile.py"), "--otlp", tempo.address, **here)
        live = started(seen, ui)

        assert "10/s → 30/s" in live.change(arrival_rate="30/s")
        on_chart = live.seconds_until(lambda: "arrival rate: 30/s" in live.marks(), "the change of the rate")
        taken = live.seconds_until(lambda: feed(ui)["run"]["taken"] == 1, "both workers have it")
        assert max(on_chart, taken) < MOST_SECONDS
        assert live.series("throughput", "planned")[-1][1] == 30
        assert "0 % → 50 %" in live.change(sms_share="50%")
        assert (
            live.seconds_until(lambda: "sms share: 50 %" in live.marks(), "the change of the SMS share") < MOST_SECONDS
        )
        assert live.while_typing("sms_share", "7 %").replace(" ", "") == "50%"
        states = [{"state": state} for state in ("kept", "unknown", "kept", "broken")]
        worst_first = seen.run("return worstFirst(arguments[0]).map((one) => one.state)", states)
        assert worst_first == ["broken", "unknown", "kept", "kept"]
        assert "Nothing to change" in live.change(sms_share="50%")
        until(lambda: live.last("throughput", "offered") > 20, "three times the arrivals")
        said = live.change(payment_mix="pay_on_delivery=3,gpay=1", think_scale="2", fault="0%")
        assert all(one in said for one in ("payment mix", "think scale: 1 → 2", "wrong_page 0 %")), said

        until(lambda: seen.browser.find_elements(By.CSS_SELECTOR, "#heat td button"), "the heat table")
        seen.run("document.querySelector('#heat td button').click()")
        until(lambda: live.series("latency", "page p95"), "the chart of a cell")
        assert seen.run("return document.getElementById('live-subject').value").startswith("cell ")
        a_slow_page_is_followed_into_the_shop(seen, tempo)
        assert seen.problems() == []
        assert seen.errors() == []
        ui.let_it_end()
        until(lambda: "Explored" in live.text("#title") or "Invalid" in live.text("#title"), "the verdict")
        assert live.one("#apply").get_attribute("disabled")

        folder = the_changes_are_in_the_result(tmp_path)
        the_history_leads_to_the_report(seen, ui)
        a_run_becomes_a_baseline_and_is_compared(seen, ui, folder.parent)
        a_strange_report_cannot_reach_the_ui(seen, ui, folder.parent)
        download = seen_download(ui)
    assert {"result.json", "report.html", "orders.csv"} <= {name.rpartition("/")[2] for name in download}
    assert ui.ask("/checkload/runs/report?run=..%2F..%2Fetc")[0] == 404
    assert (folder / "report.html").is_file()


def started(seen, ui):
    """Start a run on Locust's page, and follow the link to the page Live."""
    seen.open(ui.url)
    page = Page(seen.browser, ui.url)
    page.press("Start")
    until(lambda: ui.stats()["state"] == "running", "the run")
    until(lambda: seen.browser.find_element(By.ID, "checkload-banner").is_displayed(), "the banner above the links")
    seen.run("window.scrollTo(0, 0)")
    seen.browser.find_element(By.PARTIAL_LINK_TEXT, "Live").click()
    live = Live(seen)
    until(lambda: live.last("throughput", "offered") > 5, "arrivals on the chart")
    return live


def the_changes_are_in_the_result(tmp_path):
    """Check the result of the run, and return its folder."""
    folder, result = the_result(tmp_path)
    assert [one["quantity"] for one in result["changes"]] == [
        "arrival_rate", "sms_share", "payment_mix", "think_scale", "faults"
    ]  # fmt: skip
    offered = books_are_exact(result)
    change = result["changes"][0]["at"]
    assert offered == pytest.approx(10 * change + 30 * (26 - change), rel=0.15)
    assert result["judgement"]["verdict"] in {"inconclusive", "invalid"}
    codes = sum(cell["response"]["total"] for cell in result["measured"]["pages"] if cell["page"] == "VerifySmsPage")
    assert codes > 20
    return folder


def a_slow_page_is_followed_into_the_shop(seen, tempo):
    """The slowest trace of a cell opens in a tab of its own, and the receiver has its spans."""
    until(lambda: seen.browser.find_elements(By.CSS_SELECTOR, "#heat td a"), "a link to a trace")
    address = seen.run("const link = document.querySelector('#heat td a'); link.click(); return link.href")
    path = address.removeprefix(tempo.address)
    until(lambda: path in tempo.opened, "the page of the trace")
    trace = path.rpartition("/")[2]
    until(lambda: trace in {span.trace_id.hex() for span in list(tempo.spans)}, "the spans of the trace")
    first, second = seen.browser.window_handles
    seen.browser.switch_to.window(second)
    assert seen.browser.title == "A trace"
    seen.browser.close()
    seen.browser.switch_to.window(first)


def feed(ui):
    return json.loads(ui.ask("/checkload/live/feed")[1])


def test_the_users_of_a_closed_load_change_and_the_books_stay_exact(two_workers, tmp_path):
    ui = two_workers(CLOSED)
    assert ui.start(user_count=8) == ""

    def under_way():
        run = feed(ui)["run"]
        return run["under_way"] if run else 0

    def change(users):
        body = json.dumps({"users": users}).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{ui.url}/checkload/steer", data=body, headers=headers)
        with urllib.request.urlopen(asked, timeout=10) as reply:
            return json.loads(reply.read())["changes"][0]["after"]

    until(lambda: under_way() == 8, "eight users")
    assert change(20) == "20"
    until(lambda: under_way() == 20, "twenty users")
    assert change(4) == "4"
    until(lambda: under_way() == 4, "four users")
    ui.let_it_end()
    _, result = the_result(tmp_path)
    books_are_exact(result)
    assert [(one["before"], one["after"]) for one in result["changes"]] == [("8", "20"), ("20", "4")]
