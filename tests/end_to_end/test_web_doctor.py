"""The doctor in the web UI: a person starts it in a browser, sees the report, and gets the scenario."""

import os
import tomllib

import pytest
from browsing import Ui, until
from npm_packages import NotInstalled
from report_browser import DESK, PHONE, report_browser
from running import needs
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

pytestmark = [pytest.mark.end_to_end, needs("chromium", "chromedriver")]


@pytest.fixture
def served(locust, free_port):
    return Ui(locust("--web-port", str(free_port)).process, free_port)


def test_a_person_walks_through_the_embedded_shop_and_gets_the_report_and_a_scenario(served, tmp_path):
    with report_browser(tmp_path / "profile") as page:
        browser = page.browser
        browser.get(served.url)
        until(lambda: browser.find_elements(By.PARTIAL_LINK_TEXT, "Doctor"), "the link to the doctor")[0].click()
        until(lambda: len(Select(browser.find_element(By.ID, "scenario")).options) > 6, "the scenarios")
        problems = page_problems(page)
        browser.find_element(By.ID, "orders").click()
        browser.find_element(By.ID, "start").click()
        until(lambda: not browser.find_element(By.ID, "start").is_enabled(), "the walk")
        assert "doctor walks" in served.start(scenario="smoke")
        until(lambda: browser.find_element(By.ID, "download").is_displayed(), "the end of the walk")
        title = browser.find_element(By.ID, "title").text
        assert "checkload can load this shop" in title
        browser.switch_to.frame("report")
        until(lambda: title in browser.find_element(By.TAG_NAME, "h1").text, "the report")
        browser.switch_to.default_content()
        assert browser.find_element(By.ID, "report").size["height"] > 600
        problems += page_problems(page)
        written = tomllib.loads(served.ask("/checkload/doctor/scenario")[1])
        assert len(written["payments"]["minimum"]) == 14
        browser.find_element(By.ID, "back").click()
        until(lambda: browser.find_elements(By.NAME, "userCount"), "the form of the load")
        assert [one for one in page.errors() if "/checkload/" in one] == []
        assert problems == []


def page_problems(page):
    """What is wrong with the page, light and dark, on a desk and on a phone."""
    found = page.errors()
    for size, dark in ((DESK, False), (PHONE, True)):
        width, height = size
        page._tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page._tell("Emulation.setEmulatedMedia", features=[scheme])
        if page.run("return document.documentElement.scrollWidth") > width:
            found.append(f"wider than {width}")
        try:
            found += page.problems()
        except NotInstalled as why:
            if os.environ.get("CHECKLOAD_SKIP_NOTHING"):
                raise
            pytest.skip(str(why))
    page._tell("Emulation.clearDeviceMetricsOverride")
    return found
