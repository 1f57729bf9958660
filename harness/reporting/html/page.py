"""Puts a page together: one HTML file with its style, its script and its data, which asks no network for anything."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from urllib.parse import quote

import orjson

from harness.reporting.html.chart import Chart, ChartSet
from harness.reporting.html.markup import Markup, Part, element, joined

_SCRIPTS = ("charts.js", "page.js")
_KEYS = "Arrow keys move the cursor, + and - zoom, Escape shows the whole run."


def page(
    title: str, body: Part, charts: ChartSet, *, colour: str = "#5c667a", layout: str = "", live: str = ""
) -> bytes:
    """The page in UTF-8; ``colour`` is that of its icon, ``layout`` is a further style sheet.

    ``live`` is a further script, which may ask the server of the page. A content security policy allows this style and these scripts only, by their digests, and no request. So a text of a result
    could not run as a script even if it were not escaped.
    """
    style, code = _file("page.css") + layout, "".join(map(_file, _SCRIPTS)) + live
    asks = "connect-src 'self'; " if live else ""
    policy = f"default-src 'none'; {asks}img-src data:; style-src {_digest(style)}; script-src {_digest(code)}; base-uri 'none'; form-action 'none'"
    icon = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='4' fill='{colour}'/></svg>"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href=f"data:image/svg+xml,{quote(icon)}"),
        element("title", title),
        element("style", Markup(style)),
    )
    data = element("script", Markup(_in_script(charts)), type="application/json", id="chart-data")
    document = element("html", head, element("body", body, data, element("script", Markup(code))), lang="en")
    return f"<!doctype html>\n{document}\n".encode(errors="replace")


def figure(name: str, chart: Chart, *, heading: str = "h3") -> Markup:
    """The place of a chart, with its title and its numbers as a table for readers who do not see it."""
    about = element("span", "", class_="about") if chart.subjects is not None else None
    return element(
        "figure",
        element(
            "figcaption",
            element(heading, chart.title),
            about,
            element("p", chart.note, class_="note") if chart.note else None,
        ),
        element("div", class_="plot", tabindex="0", role="group", aria_label=f"Chart: {chart.title}. {_KEYS}"),
        element("details", element("summary", "Numbers of this chart"), class_="numbers"),
        data_chart=name,
    )


def figures(charts: ChartSet, *names: str) -> Markup:
    """The places of these charts, those that exist; then a sentence for each that has nothing to draw."""
    found = [(name, charts.charts[name]) for name in names if name in charts.charts]
    empty = [chart for _, chart in found if not chart.drawn]
    said = [
        element("p", f"{one.title}: {one.empty[:1].lower()}{one.empty[1:] or 'none in this run.'}") for one in empty
    ]
    return joined(
        *(figure(name, chart) for name, chart in found if chart.drawn),
        element("div", *said, class_="undrawn") if said else None,
    )


def _in_script(charts: ChartSet) -> str:
    """The data as JSON that no HTML parser takes for the end of the script."""
    text = orjson.dumps(charts.to_json()).decode()
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _file(name: str) -> str:
    return files("harness.reporting.html").joinpath(name).read_text(encoding="utf-8")
