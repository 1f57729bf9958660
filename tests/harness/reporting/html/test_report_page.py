"""The report says first what the verdict is and why, in one file that runs nothing else and asks no network."""

import base64
import hashlib
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.reporting.html.repeat_part import command, scenario_text
from harness.reporting.html.report_page import several_page
from harness.reporting.html.runs import ReportRun
from harness.results.result import CellTrace, SlowTrace, SpanCounts

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&\"'"


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text that a person reads, in their order."""

    def __init__(self, text):
        super().__init__()
        self.found, self.words, self._hidden = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._hidden = tag in {"script", "style"}

    def handle_endtag(self, tag):
        self._hidden = False

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


@pytest.mark.parametrize(
    ("name", "word"),
    [("passed", "PASSED"), ("failed", "FAILED"), ("invalid", "INVALID"), ("inconclusive", "INCONCLUSIVE")],
)
def test_the_verdict_and_its_reason_come_first(request, page_of, name, word):
    result = request.getfixturevalue(name)
    read = " ".join(Elements(page_of(result).text).words).replace("\xa0", " ")
    assert read.index(word) < read.index(result.judgement.reason) < read.index("Evidence")
    assert f'class="banner {result.judgement.verdict}"' in page_of(result).text


def test_the_cause_of_the_failures_is_in_the_banner(failed, page_of):
    number = sum(
        one.response.total
        for key, one in failed.recorder.journeys.items()
        if key.phase == "steady" and key.blame == "shop"
    )
    banner = page_of(failed).text.partition("</header>")[0]
    assert re.search(rf"\d+ of {number} failed journeys ended as <code>http_5xx</code> on \w+Page", banner)


def test_an_invalid_run_judges_no_objective_and_says_what_to_do(invalid, page_of):
    text = page_of(invalid).text
    assert "Objectives not met" not in text
    assert "not judged" in text
    assert "What to do: read the log of the shop for the reason." in text


def test_hostile_texts_stay_texts(rich, page_of):
    recorder = rich.recorder.with_renamed_labels(lambda name: HOSTILE if name in {"gpay", "IndexPage"} else name)
    traces = (SlowTrace(page=HOSTILE, result="success", trace_id=HOSTILE, seconds=1.0, at=1767323045.0),)
    asked = replace(rich.asked, scenario={HOSTILE: {"key": HOSTILE}}, payment_options=(HOSTILE,))
    judgement = replace(rich.judgement, reason=HOSTILE)
    text = page_of(
        replace(rich, scenario=HOSTILE, recorder=recorder, asked=asked, judgement=judgement, slowest_traces=traces)
    ).text
    page = Elements(text)
    assert [attributes.get("type") for tag, attributes in page.found if tag == "script"] == ["application/json", None]
    assert "img" not in {tag for tag, _ in page.found}
    assert not any(name.startswith("on") for _, attributes in page.found for name in attributes)


def test_the_policy_allows_our_script_and_style_only(rich, page_of):
    text = page_of(rich).text
    policy = next(one["content"] for tag, one in Elements(text).found if tag == "meta" and "http-equiv" in one)
    assert policy.startswith("default-src 'none';")
    for content in (
        re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1],
        re.findall(r"<script>(.*?)</script>", text, re.DOTALL)[0],
    ):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_the_page_refers_to_nothing_outside(rich, page_of):
    page = Elements(page_of(rich).text)
    places = [value for _, attributes in page.found for name, value in attributes.items() if name in {"src", "href"}]
    assert all(place.startswith(("#", "data:")) for place in places)
    assert not any("style" in attributes for _, attributes in page.found)


def test_every_part_is_there(rich, page_of):
    text = page_of(rich).text
    for part in (
        "Objectives not met",
        "Pages by payment option",
        "Slowest traces",
        "The load generator",
        "How to repeat it",
    ):
        assert part in text
    assert "0af7651916cd43dd8448eb211c80319c" in text
    assert "700 ms" in text


def with_traces(result, link, trace_id="0af7651916cd43dd8448eb211c80319c"):
    key = next(key for key in result.recorder.pages if key.phase == "steady")
    cell = CellTrace(page=key.page, payment_option=key.payment_option, trace_id=trace_id, seconds=0.7)
    asked = replace(result.asked, scenario={"trace": {"link": link}})
    return replace(result, asked=asked, cell_traces=(cell,), spans=SpanCounts(1200, 34))


def links_of(page_bytes):
    places = [(tag, dict(attributes).get("href", "")) for tag, attributes in Elements(page_bytes.text).found]
    return [place for tag, place in places if tag == "a" and not place.startswith("#")]


def test_the_heat_table_and_the_slowest_traces_link_to_the_traces(rich, page_of):
    page = page_of(with_traces(rich, "https://tempo.example.com/trace/{trace_id}?a=b"))
    place = "https://tempo.example.com/trace/0af7651916cd43dd8448eb211c80319c?a=b"
    assert links_of(page) == [place, place]  # a cell, and a row of the slowest traces
    assert "sent 1,200 spans and dropped 34" in page.text


@pytest.mark.parametrize("link", ["javascript:alert('{trace_id}')", "https://tempo.example.com/", "", None, 5, {}])
def test_a_link_of_a_strange_result_is_not_used(rich, page_of, link):
    assert links_of(page_of(with_traces(rich, link))) == []


def test_a_hostile_trace_id_stays_a_part_of_the_address(rich, page_of):
    result = with_traces(rich, "https://tempo.example.com/{trace_id}", '"><script>/../x')
    assert links_of(page_of(result))[0] == "https://tempo.example.com/%22%3E%3Cscript%3E%2F..%2Fx"


def test_the_command_repeats_the_run(rich):
    asked = replace(
        rich.asked,
        overrides={"users": 60, "arrival_rate": "20/s", "duration": 40.0, "payment_mix": "gpay=1, masterpass=2"},
    )
    assert command(replace(rich, asked=asked)) == (
        "checkload run baseline --seed 7 --payment-mix 'gpay=1, masterpass=2' --arrival-rate 20/s --users 60 --run-time 40s"
    )
    limits = {"max_orders": "50", "stop_when_certain": True, "verify_tls": False, "allow_target": ["shop.example"]}
    assert command(replace(rich, asked=replace(asked, overrides=limits))) == (
        "checkload run baseline --seed 7 --max-orders 50 --stop-when-certain --no-verify-tls --allow-target shop.example"
    )
    assert command(rich, workers=2).endswith(" --processes 2")
    assert "--processes" not in command(rich, workers=1)
    assert "--host https://shop.example" in command(
        replace(rich, asked=replace(asked, embedded=False, target="https://shop.example"))
    )


def test_the_scenario_is_toml():
    scenario = {
        "seed": 1,
        "text": 'a "b"',
        "odd key": {"x": [1, 2.5, True]},
        "deep": {"list": [{"a": "b", "c": None}]},
        "none": None,
        "empty": {},
    }
    assert tomllib.loads(scenario_text(scenario)) == {
        "seed": 1, "text": 'a "b"', "odd key": {"x": [1, 2.5, True]}, "deep": {"list": [{"a": "b"}]},
    }  # fmt: skip


def test_several_runs_have_a_colour_each(passed, failed, parsed):
    page = parsed(several_page([ReportRun(passed, name="before"), ReportRun(failed, name="after")]))
    colours = {tuple(one["tags"]): one["colour"] for one in page.charts["latency"]["subjects"]["pages"]}
    assert colours["p95", "before"] == "1"
    assert colours["p95", "after"] == "2"
    assert 'data-tag="before"' in page.text


def test_a_run_that_never_began_has_a_report(inconclusive, page_of):
    empty = replace(inconclusive, recorder=Recorder(Window(0.0, float("inf"), float("inf"))))
    assert "INCONCLUSIVE" in page_of(empty).text
