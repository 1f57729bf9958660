"""Opens pages that checkload wrote in a real browser: checks them, and photographs them for the documentation.

python tests/end_to_end/report_browser.py PAGE PICTURE (desk|phone|board) (light|dark)
"""

import base64
import json
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))

from browsing import chromium
from npm_packages import npm_installed

ACCESSIBILITY = Path(__file__).parents[1] / "accessibility"
DESK, PHONE, BOARD = (1280, 900), (390, 844), (1440, 900)
SERIOUS = {"serious", "critical"}


class ReportBrowser:
    """A browser for pages from a file, with its console and its requests."""

    def __init__(self, profile):
        self.browser = chromium(profile, loggingPrefs={"browser": "ALL", "performance": "ALL"})

    def open(self, path, size=DESK, *, dark=False, printed=False):
        """Open a page, a file or an address, at this size, light or dark, on a screen or as it is printed."""
        resize(self.browser, size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme], media="print" if printed else "screen")
        self.errors(), self.requests()
        self.browser.get(path if isinstance(path, str) else path.resolve().as_uri())

    def run(self, script, *arguments):
        """The value of a script in the page."""
        return self.browser.execute_script(script, *arguments)

    def errors(self):
        """What the console has said since it was asked last."""
        return [one["message"] for one in self.browser.get_log("browser")]

    def requests(self):
        """The addresses that were requested since it was asked last, without data in the page itself."""
        messages = [json.loads(one["message"])["message"] for one in self.browser.get_log("performance")]
        found = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in found if not url.startswith("data:")]

    def problems(self):
        """The serious violations of accessibility that axe finds, each with the first element."""
        return problems(self.browser)

    def photograph(self, to, *, top=0, height=None):
        """Write a picture of the page, from ``top`` and so many pixels high (None: as much as the window shows)."""
        width, tall = self.run("return [window.innerWidth, window.innerHeight]")
        clip = {"x": 0, "y": top, "width": width, "height": height or tall, "scale": 1}
        taken = self._tell("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        to.write_bytes(base64.b64decode(taken["data"]))

    def _tell(self, command, **parameters):
        return self.browser.execute_cdp_cmd(command, parameters)


def resize(browser, size):
    """Give the page this size, on a phone or at a desk."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size is PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def problems(browser, within="document"):
    """The serious violations of accessibility that axe finds, each with the first element; ``within`` is a place for axe."""
    with npm_installed(ACCESSIBILITY) as packages:
        axe = (packages / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    # Through the developer tools, because the page allows no script but its own.
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": axe})
    asked = {"expression": f"axe.run({within}).then(JSON.stringify)", "awaitPromise": True, "returnByValue": True}
    found = browser.execute_cdp_cmd("Runtime.evaluate", asked)
    violations = json.loads(found["result"]["value"])["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in violations if one["impact"] in SERIOUS]


@contextmanager
def report_browser(profile):
    """A browser that ends with the context."""
    opened = ReportBrowser(profile)
    try:
        yield opened
    finally:
        opened.browser.quit()


def main(page, picture, size, scheme):
    """Photograph the top of a page, or the whole of a dashboard."""
    sizes = {"desk": (DESK, 1440), "phone": (PHONE, 844), "board": (BOARD, None)}
    chosen, height = sizes[size]
    with tempfile.TemporaryDirectory() as profile, report_browser(profile) as browser:
        browser.open(Path(page), chosen, dark=scheme == "dark")
        Path(picture).parent.mkdir(exist_ok=True)
        browser.photograph(Path(picture), height=height or browser.run("return document.body.scrollHeight"))


if __name__ == "__main__":
    main(*sys.argv[1:])
