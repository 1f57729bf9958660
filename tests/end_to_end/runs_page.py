"""What a person does on the page Runs of the web UI, in a browser."""

import io
import json
import urllib.request
import zipfile

from browsing import until
from finished_runs import a_run
from report_browser import PHONE
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from harness.reporting.report import RENDERINGS
from harness.results.store import write

STRANGE = """
<script>
const tried = [fetch("/checkload/live/feed"), fetch("/swarm", { method: "POST", body: new URLSearchParams({ user_count: 1 }) })];
Promise.allSettled(tried).then((all) => { document.title = [self.origin, ...all.map((one) => one.status)].join(" "); });
</script>
"""


def the_history_leads_to_the_report(seen, ui):
    """A report works on the UI's address; its charts zoom."""
    seen.open(f"{ui.url}/checkload/runs", PHONE, dark=True)
    until(lambda: seen.browser.find_elements(By.CSS_SELECTOR, "#runs tr"), "the history")
    assert seen.problems() == []
    report = seen.browser.find_element(By.LINK_TEXT, "Report").get_attribute("href")
    seen.open(report)
    assert "arrival rate: 30/s" in seen.run("return document.body.textContent")
    plot = seen.browser.find_element(By.CSS_SELECTOR, ".plot")
    plot.send_keys(Keys.HOME, "+")
    assert seen.browser.find_element(By.ID, "whole-run").is_enabled()
    assert seen.errors() == []


def a_strange_report_cannot_reach_the_ui(seen, ui, results):
    """A report that came from elsewhere runs its script with an origin of its own."""
    (results / "made-0" / "report.html").write_text(STRANGE)
    seen.open(f"{ui.url}/checkload/runs/report?run=made-0")
    assert until(lambda: seen.run("return document.title"), "the end of its script") == "null rejected rejected"


def a_run_becomes_a_baseline_and_is_compared(seen, ui, results):
    """On the page Runs, as a person does it: store the older run, then compare the newer one with it, and with the older run."""
    for minute, fails in enumerate((0.0, 0.3)):
        write(a_run(minute=minute, fails=fails), results / f"made-{minute}", (), RENDERINGS)
    seen.open(f"{ui.url}/checkload/runs")
    every = By.XPATH, "//button[.='Save as baseline']"
    # The run that was changed can be neither stored nor compared.
    until(lambda: len(seen.browser.find_elements(*every)) == 2, "two runs that can be stored")

    def said(button):
        button.click()
        return until(
            lambda: (text := seen.browser.find_element(By.ID, "said").text) != "Working …" and text, "an answer"
        )

    assert said(seen.browser.find_elements(*every)[-1]).startswith("Stored ")
    choice = Select(seen.browser.find_element(By.ID, "baseline"))
    until(lambda: len(choice.options) == 3, "the baseline among the choices")
    newer, older, stored = (one.text for one in choice.options)
    assert stored == "baseline x-0"
    Select(seen.browser.find_element(By.ID, "candidate")).select_by_visible_text(newer)
    for earlier in (stored, older):
        choice.select_by_visible_text(earlier)
        answer = said(seen.browser.find_element(By.ID, "compare"))
        assert answer.startswith("FAILED: the candidate is worse: 29 % of its journeys fail instead of 0 %"), answer
    assert seen.problems() == []
    assert seen.errors() == []


def seen_download(ui):
    """The names in the zip file of the newest run."""
    name = json.loads(ui.ask("/checkload/runs/list")[1])["runs"][0]["name"]
    with urllib.request.urlopen(f"{ui.url}/checkload/runs/download?run={name}", timeout=10) as reply:
        return zipfile.ZipFile(io.BytesIO(reply.read())).namelist()
