"""The report opens in a real browser, of every verdict, on a desk and on a phone, light and dark."""

import os
import signal
from pathlib import Path

import pytest
from finished_runs import a_run
from npm_packages import NotInstalled
from report_browser import DESK, PHONE, report_browser
from running import QUICK, Locust, needs
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from harness.reporting.html.report_page import report_page

pytestmark = [pytest.mark.end_to_end, needs("chromium", "chromedriver")]

BROKEN = f"""{QUICK}
[shop]
faults = [{{ name = "server_error", share = 0.5, pages = ["PaymentOptionSelectionPage"] }}]
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The report of a run of each kind; two of them are real runs."""
    folder = tmp_path_factory.mktemp("reports")
    scenario = folder / "broken.toml"
    scenario.write_text(BROKEN)
    found = {}
    for name, interrupt in (("failed", False), ("interrupted", True)):
        locust = Locust(folder / name, "--headless", "--scenario", str(scenario))
        try:
            if interrupt:
                locust.until("steady,")
                locust.signal(signal.SIGINT)
            finished = locust.wait()
        finally:
            locust.close()
        assert "Traceback" not in finished.output
        found[name] = finished.folder / "report.html"
    for name, result in (("passed", a_run(10)), ("invalid", a_run(10, invalid=True))):
        found[name] = folder / f"{name}.html"
        found[name].write_bytes(report_page(result))
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with report_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("name", ["passed", "failed", "invalid", "interrupted"])
def test_the_report_opens_everywhere_without_errors_requests_or_barriers(browser, pages, name):
    views = [(DESK, False), (PHONE, True)] + [(DESK, True), (PHONE, False)] * (name == "failed")
    for size, dark in views:
        browser.open(pages[name], size, dark=dark)
        drawn, charts = browser.run(
            "return ['.plot > svg', 'figure'].map(one => document.querySelectorAll(one).length)"
        )
        assert drawn == charts >= 4
        assert browser.errors() == []
        assert browser.requests() == [pages[name].resolve().as_uri()]
        assert browser.run("return document.documentElement.scrollWidth") <= size[0]
        try:
            assert browser.problems() == []
        except NotInstalled as why:
            if os.environ.get("CHECKLOAD_SKIP_NOTHING"):
                raise
            pytest.skip(str(why))


def test_the_verdict_and_its_cause_are_on_the_first_screen_of_a_phone(browser, pages):
    browser.open(pages["failed"], PHONE)
    for part in ("//header/h1", "//header//code[text()='http_5xx']"):
        rect = browser.browser.find_element(By.XPATH, part).rect
        assert rect["y"] + rect["height"] < PHONE[1]


def test_charts_answer_to_the_keyboard(browser, pages):
    browser.open(pages["failed"])
    plot = browser.browser.find_element(By.CSS_SELECTOR, "[data-chart=latency] .plot")
    tip = plot.find_element(By.CSS_SELECTOR, ".tip")
    plot.send_keys(Keys.ARROW_RIGHT)
    first = tip.text
    assert first.startswith("time: ")
    plot.send_keys(Keys.ARROW_RIGHT)
    assert tip.text != first
    whole = browser.browser.find_element(By.ID, "whole-run")
    axis = (
        "return [...document.querySelectorAll('[data-chart=throughput] svg > text')].map(one => one.textContent).join()"
    )
    before = browser.run(axis)
    assert not whole.is_enabled()
    plot.send_keys("+")
    assert whole.is_enabled()
    assert browser.run(axis) != before  # all charts over time zoom together
    plot.send_keys(Keys.ESCAPE)
    assert browser.run(axis) == before


def test_one_switch_hides_a_series_and_a_subject_changes_the_charts(browser, pages):
    browser.open(pages["failed"])
    lines = "return document.querySelectorAll('[data-chart=latency] .plot path.line').length"
    shown = browser.run(lines)
    switch = browser.browser.find_element(By.CSS_SELECTOR, "[data-chart=latency] [data-tag=p50]")
    switch.send_keys(Keys.ENTER)
    assert browser.run(lines) < shown
    pressed = "return document.querySelector('[data-chart=latency] [data-tag=p50]').getAttribute('aria-pressed')"
    assert browser.run(pressed) == "false"
    browser.browser.find_element(By.ID, "subject").send_keys("IndexPage")
    about = browser.run("return [...document.querySelectorAll('.about')].map(one => one.textContent)")
    assert set(about) == {"IndexPage"}


def test_the_bound_of_failures_is_legible_on_bars_of_its_own_colour(browser, pages):
    browser.open(pages["failed"])
    chart = "[data-chart=failures]"
    assert browser.run(f"return document.querySelector('{chart} .legend').innerText.trim()") == "http_5xx"
    drawn = browser.run(
        f"return [...document.querySelectorAll('{chart} .plot > svg :is(.bound line, .bound rect, .bound text, rect.fill)')]"
        ".map(one => one.getAttribute('class') ?? one.localName)"
    )
    bars = drawn.count("fill")
    assert bars
    assert drawn[bars:] == ["edge", "line", "paper", "text"]  # above every bar, on paper
    browser.browser.find_element(By.ID, "subject").send_keys("IndexPage")
    (text,) = browser.run(
        f"return [...document.querySelectorAll('{chart} .plot > svg text')].map(one => one.textContent)"
    )
    assert text == "No failures."


OVERLAPS = """
const found = [];
for (const svg of document.querySelectorAll('.plot > svg')) {
  const texts = [...svg.querySelectorAll('text')].map((one) => [one.textContent, one.getBoundingClientRect()]);
  texts.forEach(([name, one], place) => texts.slice(place + 1).forEach(([other, two]) => {
    const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
    const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
    if (wide > 1 && high > 3) found.push(`${svg.closest('figure').dataset.chart}: ${name} on ${other}`);
  }));
}
return found;
"""


def test_no_text_of_a_chart_stands_on_another(browser, tmp_path):
    page = tmp_path / "bounds.html"
    bounds = [f"page response_time p{part} < {10 * part}s" for part in (50, 90, 95)]
    bounds += [f"journey response_time p{part} < {10 * part}ms" for part in (95, 96, 97, 98)]
    page.write_bytes(report_page(a_run(10, objectives=bounds)))
    for size in (DESK, PHONE):
        browser.open(page, size)
        for subject, label in (("all pages", "p90 < 900s"), ("all journeys", "p96 < 960ms")):
            Select(browser.browser.find_element(By.ID, "subject")).select_by_visible_text(subject)
            assert label in browser.run("return document.querySelector('[data-chart=latency] svg').textContent")
            assert browser.run(OVERLAPS) == []


def test_on_paper_everything_is_unfolded_and_light(browser, pages):
    browser.open(pages["failed"], dark=True, printed=True)
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run("return document.querySelectorAll('details:not(.numbers):not([open])').length") == 0


def test_an_ordinary_report_is_small_and_opens_quickly(browser, pages):
    assert Path(pages["failed"]).stat().st_size < 1_000_000
    browser.open(pages["failed"], PHONE)
    assert browser.run("return performance.timing.loadEventEnd - performance.timing.navigationStart") < 2000
