"""Drives Locust's web UI as a person with a browser does, and as a program without one."""

import json
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

PATIENCE = 30  # seconds
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--window-size=1400,1500",
)


def chromium(profile, **capabilities):
    """A browser with a fresh profile that contacts no other host; ``capabilities`` are those of Chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    for name, value in capabilities.items():
        options.set_capability(f"goog:{name}", value)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))


def until(true, what):
    """Wait for something to become true, and return it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.1)


class Ui:
    """The web UI of one Locust, as a program asks it."""

    def __init__(self, process, port):
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        until(self._is_up, "the web UI")

    def ask(self, path, form=None, **headers):
        """Status and text of the answer; with a form it is a POST."""
        body = None if form is None else urllib.parse.urlencode(form, doseq=True).encode()
        asked = urllib.request.Request(self.url + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def start(self, **form):
        """Start a run; returns why not, or an empty text."""
        status, text = self.ask("/swarm", {"user_count": 20, "spawn_rate": 100, "host": "", "run_time": "", **form})
        assert status == 200, text
        answer = json.loads(text)
        return "" if answer["success"] else answer["message"]

    def stats(self):
        """What the page is told every two seconds."""
        return json.loads(self.ask("/stats/requests")[1])

    def let_it_end(self):
        """Wait until the run has come to its verdict."""
        until(lambda: self.stats()["state"] == "stopped", "the end of the run")

    def shops(self):
        """The process ids of the embedded shops of this Locust."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [child for child in children if b"shop" in Path(f"/proc/{child}/cmdline").read_bytes()]

    def _is_up(self):
        assert self.process.poll() is None, self.process.stdout.read()
        try:
            return self.ask("/")[0] == 200
        except OSError:
            return False


class Page:
    """The web UI in a browser."""

    def __init__(self, browser, url):
        self.browser = browser
        browser.get(url)
        until(lambda: self.buttons("Start") or self.buttons("New") or self.buttons("Stop"), "the page")

    def fields(self):
        """Every field of the form and what it shows."""
        found = self.browser.find_elements(By.CSS_SELECTOR, "form input[name], form select[name]")
        return {one.get_attribute("name"): one.get_attribute("value") for one in found}

    def fill(self, **values):
        """Type into fields, as they are called in the page."""
        for name, value in values.items():
            field = self.browser.find_element(By.NAME, name)
            if field.tag_name == "select":
                Select(field).select_by_visible_text(value)
            else:
                field.send_keys(Keys.CONTROL, "a")
                field.send_keys(Keys.DELETE)
                field.send_keys(value)

    def buttons(self, label):
        """The visible buttons with this label."""
        found = self.browser.find_elements(By.XPATH, f"//button[normalize-space()='{label}']")
        return [button for button in found if button.is_displayed()]

    def press(self, label):
        """Press a button once it is there."""
        until(lambda: self.buttons(label), f"a button {label}")[-1].click()

    def tab(self, label):
        """Open a tab once it is there."""
        find = f"//button[@role='tab' and contains(., '{label}')]"
        until(lambda: self.browser.find_elements(By.XPATH, find), f"a tab {label}")[0].click()

    def open_tab(self):
        """The name of the tab in sight; empty before a run."""
        found = self.browser.find_elements(By.CSS_SELECTOR, "[role=tab][aria-selected=true]")
        return found[0].text.strip().capitalize() if found else ""

    def rows(self):
        """The table in sight, cell by cell, without its heading."""
        script = "return [...document.querySelectorAll('tbody tr')].map(r => [...r.cells].map(c => c.innerText))"
        return self.browser.execute_script(script)

    def alert(self):
        """What the page objects, line by line as a person sees it."""
        (alert,) = until(lambda: self.browser.find_elements(By.CSS_SELECTOR, "[role=alert]"), "an objection")
        return alert.text.splitlines()

    def described(self):
        """What the form says about the chosen scenario."""
        found = self.browser.find_elements(By.ID, "checkload-scenario")
        return found[0].text if found else ""

    def wrong(self):
        """The fields that are marked as wrong, in the order of the page."""
        found = self.browser.find_elements(By.CSS_SELECTOR, ".checkload-wrong input, .checkload-wrong select")
        return [one.get_attribute("name") for one in found if one.get_attribute("name")]

    def beside(self, name):
        """What is said beside a field."""
        script = """
            const field = document.getElementsByName(arguments[0])[0].closest('.MuiFormControl-root');
            return getComputedStyle(field, '::after').content;
        """
        return self.browser.execute_script(script, name)
