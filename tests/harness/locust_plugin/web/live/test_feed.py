"""The feed of the page "Live", on a fake clock: what it says of a run, and that it stays small."""

import json
from html import unescape
from types import SimpleNamespace

import pytest
from fake_time import Shopper, Time
from flask import Flask
from workloads import FakeWorkload

from harness.locust_plugin.web.live.feed import LiveFeed
from harness.locust_plugin.web.live.page import FEED_PATH, LIVE_PATH, install_live
from harness.locust_plugin.web.live.samples import MOST_SAMPLES, RunSamples
from harness.locust_plugin.web.live.subject import LiveSubject
from harness.locust_plugin.web.steer import STEER_PATH, install_steering
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.sample import PageSample
from harness.objectives.parser import parse
from harness.run.collaborators import RunHooks, TimeSource
from harness.run.driver import drive_alone
from harness.run.steering.steering import Steering
from harness.shop_metrics.objective import parse_metric_objective
from harness.tracing.cells import SlowestByCell


def web_ui(app, base=""):
    options = SimpleNamespace(web_base_path=base)
    return SimpleNamespace(
        app=app, environment=SimpleNamespace(parsed_options=options), auth_required_if_enabled=lambda view: view
    )


class Watched:
    """A run of 60 s with ten journeys a second, and a page that watches it."""

    def __init__(self):
        self.time, self.samples = Time(), RunSamples()
        workload = FakeWorkload(
            arrival_rate=10.0,
            users=20,
            warm_up=5.0,
            steady=55.0,
            objectives=[parse("page response_time p95 < 300ms"), parse("journey failures < 1%")],
            metric_objectives=[parse_metric_objective("prometheus: rate(pg_deadlocks_total[1m]) < 0.1")],
            trace_link="https://tempo.example.com/{trace_id}",
        )
        source = TimeSource(clock=self.time.clock, processor=lambda: 0.25 * self.time.now, sleep=self.time.sleep)
        hooks = RunHooks(on_second=lambda: self.samples.record(self.driver))
        self.driver = drive_alone(workload, None, source, hooks)
        self.steering = Steering(self.driver.run, self.driver.load.steer)
        for _ in range(20):
            self.driver.load.wait_for_arrival(Shopper(self.driver.load, self.time))
        self.feed = LiveFeed(self.state, self.time.clock)

    def state(self):
        run = self.driver.run
        return UiState(
            run, under_way=self.driver.load.under_way, driver=self.driver, steering=self.steering, samples=self.samples
        )

    def pages(self, number, start, seconds=1.0):
        for place in range(number):
            due = start + place / number * seconds
            self.driver.run.recorder.page(PageSample("Basket", "gpay", "ok", "nobody", due, due, due + 0.02, 9, 200, 0))


@pytest.fixture
def watched():
    one = Watched()
    yield one
    one.driver.run.end()


def test_without_a_run_there_is_only_the_banner():
    assert LiveFeed(lambda: UiState(None)).answer({}) == {
        "banner": {"kind": "none", "title": "", "text": "", "remedy": "", "link": ""},
        "run": None,
    }


def test_a_page_sees_the_run_then_only_what_is_new(watched):
    watched.driver.start(20)
    watched.time.until(120.0)
    watched.pages(2000, 100.2, 20.0)
    first = watched.feed.answer({})
    assert first["run"]["phase"] == "steady"
    assert first["run"]["steerable"]
    assert first["run"]["planned"][0] == [0.0, 10.0]
    assert first["subject"]["whole"]
    assert "<table" in first["tables"]["heat"]
    assert first["subjects"]["page Basket"] == "Basket"
    kept = len(first["samples"]["rows"])
    assert kept == pytest.approx(19, abs=1)
    watched.time.until(123.5)
    watched.pages(100, 121.3)
    subject = first["subject"]
    asked = {
        "run": first["run"]["id"],
        "subject": "pages",
        "number": str(subject["number"]),
        "length": str(subject["length"]),
        "samples": str(kept),
        "samples_version": "0",
        "tables": first["tables"]["version"],
    }
    second = watched.feed.answer(asked)
    assert 1 <= len(second["samples"]["rows"]) <= 4
    assert sum(row[1] for row in second["subject"]["rows"]) == 100
    assert len(second["subject"]["rows"]) <= 4
    assert not second["subject"]["whole"]
    again = watched.feed.answer(asked | {"tables": second["tables"]["version"]})
    assert "tables" not in again
    assert len(json.dumps(again)) < 12_000


def test_objectives_say_what_is_known_and_how_many_samples_are_missing(watched):
    watched.driver.start(20)
    watched.time.until(110.0)
    watched.pages(30, 108.0)
    early = {one["text"]: one for one in watched.feed.answer({})["objectives"]}
    assert early["page response_time p95 < 300ms"]["state"] == "unknown"
    assert "29 more samples needed" in early["page response_time p95 < 300ms"]["missing"]
    watched.time.until(115.0)
    watched.pages(100, 112.0)
    late = watched.feed.answer({})
    assert late["objectives"][0]["state"] == "kept"
    assert late["so_far"].startswith("1 kept, 0 broken, 2 not yet known")
    assert late["objectives"][2]["text"] == "prometheus: rate(pg_deadlocks_total[1m]) < 0.1"
    assert "judged at the end" in late["objectives"][2]["sentence"]
    assert {one["name"]: one["level"] for one in late["validity"]}["all arrivals counted"] == "ok"


def test_a_change_is_an_event_and_moves_the_plan(watched):
    watched.driver.start(20)
    watched.time.until(110.0)
    app = Flask(__name__)
    install_steering(web_ui(app), watched.state)
    said = app.test_client().post(STEER_PATH, json={"rate": 20.0}).json
    watched.time.until(112.0)
    answer = watched.feed.answer({})
    (change,) = [one for one in answer["events"] if one["kind"] == "change"]
    assert change["text"] == "rate from  to 20.0"
    assert answer["run"]["planned"][-1][1] == 20.0
    assert (answer["run"]["commands"], answer["run"]["taken"]) == (1, 1)
    # The page draws the change before it asks again.
    assert said["events"] == answer["events"]
    assert said["run"]["planned"] == answer["run"]["planned"]


def test_a_cell_of_the_heat_table_links_to_its_slowest_trace_of_all_workers(watched):
    watched.driver.start(20)
    watched.time.until(110.0)
    watched.pages(30, 108.0)
    of_worker = SlowestByCell()
    for trace, seconds in (("0a", 0.3), ("0b", 0.9)):
        of_worker.record("Basket", "gpay", trace, seconds)
    slowest = watched.driver.run.slowest_by_cell
    slowest.record("Basket", "gpay", "0c", 0.5)
    slowest.merge(of_worker.changes(every=False))
    heat = watched.feed.answer({})["tables"]["heat"]
    assert heat.count("https://tempo.example.com/") == 1
    assert 'href="https://tempo.example.com/0b"' in heat
    assert 'aria-label="Slowest trace of Basket with gpay"' in heat


def test_without_an_address_of_traces_the_heat_table_has_no_links(watched):
    watched.driver.run.workload.trace_link = ""
    watched.driver.start(20)
    watched.time.until(110.0)
    watched.pages(30, 108.0)
    watched.driver.run.slowest_by_cell.record("Basket", "gpay", "0c", 0.5)
    heat = watched.feed.answer({})["tables"]["heat"]
    assert "<button" in heat
    assert "<a " not in heat


@pytest.mark.parametrize(
    "asked",
    [
        {"number": "x", "samples": "-3", "samples_version": "?", "subject": "x" * 5000, "run": "other"},
        {"subject": "", "length": "nan", "number": "99999999999"},
        {"subject": "cell "},
    ],
)
def test_a_query_that_makes_no_sense_is_answered_all_the_same(watched, asked):
    watched.driver.start(20)
    watched.time.until(110.0)
    watched.pages(10, 108.0)
    answer = watched.feed.answer(asked)
    assert len(answer["subject"]["name"]) <= 200
    assert answer["samples"]["from"] == 0


def test_rows_that_are_read_while_the_next_run_begins_are_not_those_of_the_next_run(watched, monkeypatch):
    watched.driver.start(20)
    watched.time.until(110.0)
    looked = []

    def next_run_begins(subject, *_):
        looked.append(subject)
        if len(looked) == 1:
            watched.driver.run.id = "the next run"
            watched.feed.answer({"subject": "journeys"})

    monkeypatch.setattr(LiveSubject, "update", next_run_begins)
    watched.feed.answer({"subject": "journeys"})
    watched.time.until(112.0)
    watched.feed.answer({"subject": "journeys"})
    first, second = dict.fromkeys(looked)
    assert looked == [first, second, second]


def test_many_subjects_take_no_more_room_than_a_few(watched):
    watched.driver.start(20)
    watched.time.until(110.0)
    for number in range(50):
        watched.feed.answer({"subject": f"page {number}"})
    assert len(watched.feed._subjects) <= 8


def test_a_long_run_keeps_a_bounded_number_of_samples(watched):
    watched.driver.start(20)
    watched.time.until(103.0)
    for _ in range(10 * MOST_SAMPLES):
        watched.samples.record(watched.driver)
    assert len(watched.samples.kept) <= MOST_SAMPLES
    assert watched.samples.version > 0


def test_the_page_allows_its_own_script_and_its_own_server_only():
    app = Flask(__name__)
    install_live(web_ui(app, "/load"), lambda: UiState(None))
    client = app.test_client()
    page = unescape(client.get(f"/load{LIVE_PATH}").text)
    assert "connect-src 'self'" in page
    assert "default-src 'none'" in page
    answer = client.get(f"/load{FEED_PATH}")
    assert answer.json["run"] is None
    assert answer.headers["Cache-Control"] == "no-store"
