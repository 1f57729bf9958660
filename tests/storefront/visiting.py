"""One person's checkout in a real browser, at the storefront of the tests; everything that they type is made up."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browsing import QUIET, until
from selenium import webdriver
from selenium.webdriver.common.by import By

PERSON = {
    "user_email": "grace.hopper@private-mail.example",
    "phone_number": "05321234567",
    "first_name": "Grace",
    "last_name": "Hopperina",
    "line": "17 Lighthouse Lane",
    "postcode": "34987",
    "card_holder": "Grace Hopperina",
    "card_number": "4111111111111111",
    "card_cvv": "737",
}


@contextmanager
def recording_browser(profile: Path) -> Iterator[Any]:
    """A browser that keeps its network events."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    for argument in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield browser
    finally:
        browser.quit()


class Person:
    """Clicks and types; ``pause`` is how long the person looks at the page before each step, in seconds."""

    def __init__(self, browser: Any, url: str, *, product: str, direct: bool = False, pause: float = 0.4) -> None:
        self.browser = browser
        self.pause = pause
        browser.get(f"{url}/en/{'?direct' if direct else ''}#{product}")
        self._wait()

    def buy(self, way: str) -> str:
        """From the basket to the page of thanks, as a guest; ``way`` is ``card`` or ``transfer``. Returns the order number."""
        self.click("product")
        self.click("checkout")
        self.fill("guest")
        self.fill("address")
        if way == "card":
            self.fill("card")
        else:
            self.click("transfer")
        return self.state.partition("ordered ")[2]

    def click(self, name: str) -> None:
        """Click a button, and wait until the page has done everything."""
        time.sleep(self.pause)
        self.browser.find_element(By.ID, name).click()
        self._wait()

    def fill(self, form: str) -> None:
        """Fill a form and send it."""
        time.sleep(self.pause)
        for field in self.browser.find_elements(By.CSS_SELECTOR, f"#{form} input"):
            if (name := field.get_attribute("name")) in PERSON:
                field.clear()
                field.send_keys(PERSON[name])
        self.browser.find_element(By.CSS_SELECTOR, f"#{form} button").click()
        self._wait()

    @property
    def state(self) -> str:
        """What the page says of itself."""
        return str(self.browser.find_element(By.ID, "state").text)

    def _wait(self) -> None:
        until(lambda: self.state not in ("busy", "closed"), "the page to be done")
        assert not self.state.startswith(("broken", "no options")), self.state
