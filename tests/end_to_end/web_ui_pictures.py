"""Takes pictures of the web UI: the form, the page "Live" during a run, and the verdict at its end.

python tests/end_to_end/web_ui_pictures.py SCENARIO FOLDER
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path += [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from browsing import Page, Ui, until
from report_browser import report_browser, resize
from running import ROOT, Locust, a_free_port

SIZE = 1280, 820
INTO_THE_RUN = 20.0  # seconds after which Live has something to show


def main(scenario, folder):
    """Start a run from the form, watch it in Live, and see its verdict."""
    folder, port, scenario = Path(folder), a_free_port(), Path(scenario).resolve()
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as kept, report_browser(Path(kept) / "profile") as opened:
        of_ui = ("-f", str(ROOT / "locustfile.py"), "--web-host", "127.0.0.1", "--web-port", str(port))
        locust = Locust(Path(kept) / "out", "--scenario", scenario.name, *of_ui, cwd=scenario.parent)
        try:
            ui = Ui(locust.process, port)
            resize(opened.browser, SIZE)
            page = Page(opened.browser, ui.url)
            until(page.described, "the description of the scenario")
            tall = opened.run("return document.querySelector('form').getBoundingClientRect().bottom")
            opened.photograph(folder / "web-ui-form.png", height=tall + 20)
            page.press("Start")
            until(lambda: page.open_tab() == "Verdict", "the run")
            time.sleep(INTO_THE_RUN)  # the pictures are of a real run
            opened.browser.get(f"{ui.url}/checkload/live")
            until(lambda: opened.run("return document.querySelectorAll('svg path').length > 3"), "the charts")
            time.sleep(2)  # two of its answers
            opened.photograph(folder / "web-ui-live.png", height=1500)
            opened.browser.get(ui.url)
            ui.let_it_end()
            until(lambda: page.buttons("New"), "the end")
            until(lambda: page.rows()[0][1] == "FAILED", "the verdict")
            opened.photograph(folder / "web-ui-verdict.png")
        finally:
            locust.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
