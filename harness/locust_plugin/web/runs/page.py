"""Serves the page "Runs": the history of the results folder, reports, downloads, baselines and comparisons.

Comparisons and baselines are the commands ``checkload compare`` and ``checkload baseline add``, in a process of their own: they take
seconds of processor time, and this process starts arrivals.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

import gevent
from flask import Response, jsonify, request
from gevent import subprocess

from harness.locust_plugin.web.guard import report_response
from harness.locust_plugin.web.live.page import links
from harness.locust_plugin.web.runs.folder import BASELINES, ResultsFolder, stored_baselines
from harness.reporting.html.chart import ChartSet
from harness.reporting.html.markup import Markup, element, joined
from harness.reporting.html.page import page
from harness.yield_to_load import YieldToLoad

RUNS_PATH = "/checkload/runs"
PATIENCE = 120.0
"""Seconds that a command may take."""
MOST_OUTPUT = 30_000
PART = 65_536
"""Bytes of a download that are sent at once: a file of orders may be large."""
WORK_SECONDS = 0.001  # seconds of work before the load gets its turn
PAUSE_SECONDS = 0.0005  # seconds
_NOTE = (
    "One pair of runs shows only a large difference; the command checkload compare takes more pairs. "
    "A run that a person changed while it was on has several loads, and cannot be compared."
)
_STORED = "baseline:"
"""In a request, the name of a stored baseline begins with this."""


class RunPages:
    """The pages of the results folder ``base``. ``command`` starts ``checkload``; ``load_is_on`` says whether a load runs."""

    def __init__(self, base: Path, command: Sequence[str], load_is_on: Callable[[], bool]) -> None:
        self._folder = ResultsFolder(base)
        self._command = command
        self._load_is_on = load_is_on
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether a comparison is being made, or a baseline stored."""
        return self._busy

    def install(self, web_ui: Any) -> None:
        """Serve the pages. The guard of the web UI checks each request before they do."""

        def shown() -> Response:
            return Response(_page(), mimetype="text/html")

        def listed() -> Response:
            # In small steps: the folder may hold thousands of runs, and this process starts arrivals.
            pause = YieldToLoad(gevent.sleep, PAUSE_SECONDS, after=WORK_SECONDS)
            runs = [run._asdict() for run in self._folder.runs(pause)]
            return jsonify({"runs": runs, "baselines": stored_baselines(), "load": self._load_is_on()})

        def report() -> Response:
            found = self._folder.report(request.args.get("run", ""))
            if found is None:
                return Response("There is no such report.", HTTPStatus.NOT_FOUND, mimetype="text/plain")
            return report_response(found)

        routes = (
            ("", shown, "GET"),
            ("/list", listed, "GET"),
            ("/report", report, "GET"),
            ("/download", self._download, "GET"),
            ("/baseline", self._add_baseline, "POST"),
            ("/compare", self._compare, "POST"),
        )
        base = web_ui.environment.parsed_options.web_base_path or ""
        for path, view, method in routes:
            name = f"checkload_runs{path.replace('/', '_')}"
            protected = web_ui.auth_required_if_enabled(view)
            web_ui.app.add_url_rule(f"{base}{RUNS_PATH}{path}", name, protected, methods=[method])

    def _download(self) -> Response:
        name = request.args.get("run", "")
        folder = self._folder.find(name)
        if folder is None:
            return Response("There is no such run.", HTTPStatus.NOT_FOUND, mimetype="text/plain")
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        # In a thread: compressing takes long, and lets go of Python's lock.
        gevent.get_hub().threadpool.apply(self._folder.write_zip, (name, file))
        file.seek(0)
        called = re.sub(r"[^A-Za-z0-9._-]", "-", folder.resolve().name)  # a header holds no other letters
        attached = {"Content-Disposition": f'attachment; filename="{called}.zip"'}
        response = Response(iter(lambda: file.read(PART), b""), mimetype="application/zip", headers=attached)
        response.call_on_close(file.close)
        return response

    def _add_baseline(self) -> Response:
        folder = self._folder.find(_asked().get("run", ""))
        if folder is None:
            return _answer("There is no such run.", HTTPStatus.NOT_FOUND)
        return self._carry_out("baseline", "add", str(folder))

    def _compare(self) -> Response:
        asked = _asked()
        places = [self._place(asked.get(side, "")) for side in ("baseline", "candidate")]
        if None in places:
            return _answer("Choose two runs that are listed here.", HTTPStatus.NOT_FOUND)
        return self._carry_out("compare", *map(str, places))

    def _place(self, name: str) -> Path | None:
        stored = name.removeprefix(_STORED)
        if stored != name:
            return BASELINES / stored if stored in stored_baselines() else None
        return self._folder.find(name)

    def _carry_out(self, *arguments: str) -> Response:
        """Run a command of checkload and answer with what it prints."""
        if self._load_is_on():
            return _answer("A load is on, and this would disturb it. Wait until it is over.", HTTPStatus.CONFLICT)
        if self._busy:
            return _answer("Another comparison is being made. Wait until it is done.", HTTPStatus.CONFLICT)
        self._busy = True
        try:
            done = subprocess.run(
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return _answer(f"It could not be done ({type(error).__name__}).", HTTPStatus.INTERNAL_SERVER_ERROR)
        finally:
            self._busy = False
        return jsonify({"code": done.returncode, "text": done.stdout.decode(errors="replace")[:MOST_OUTPUT].strip()})


def _asked() -> Mapping[str, str]:
    """The texts of a JSON object; nothing for any other body."""
    document = request.get_json(silent=True) if request.is_json else None
    if not isinstance(document, dict):
        return {}
    return {key: value for key, value in document.items() if isinstance(value, str)}


def _answer(text: str, status: HTTPStatus) -> Response:
    response = jsonify({"code": None, "text": text})
    response.status_code = status
    return response


@cache
def _page() -> bytes:
    live = files("harness.locust_plugin.web.live").joinpath("live.css").read_text(encoding="utf-8")
    script = files("harness.locust_plugin.web.runs").joinpath("runs.js").read_text(encoding="utf-8")
    headings = ("started", "scenario", "verdict", "", "journeys", "failed", "p95", "why")
    body = joined(
        links("runs"),
        element("header", element("h1", "Runs"), element("p", "", id="count", class_="what"), class_="banner"),
        element(
            "main",
            element(
                "form",
                _choice("baseline", "Compare with"),
                _choice("candidate", "Is this one slower?"),
                element("button", "Compare", type="submit", id="compare"),
                element("p", _NOTE, class_="note"),
                id="compare-form",
                class_="toolbar",
            ),
            element("div", element("pre", "", id="said", tabindex="0"), id="answer", role="status", hidden=True),
            element(
                "div",
                element(
                    "table",
                    element("thead", element("tr", *(_heading(name) for name in headings))),
                    element("tbody", id="runs"),
                ),
                class_="wide",
                tabindex="0",
                role="region",
                aria_label="Runs",
            ),
        ),
    )
    return page("checkload: runs", body, ChartSet(), layout=live, live=script)


def _choice(name: str, label: str) -> Markup:
    return element("label", f"{label} ", element("select", id=name, name=name), for_=name)


def _heading(name: str) -> Markup:
    return element("th", name, scope="col", class_="text") if name else element("td")
