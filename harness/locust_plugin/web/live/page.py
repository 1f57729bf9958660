"""Serves the page "Live": it shows the run that is on, second by second, and steers it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Response, jsonify, request

from harness.locust_plugin.web.live.feed import LiveFeed
from harness.locust_plugin.web.ui_state import UiState
from harness.reporting.html.chart import Axis, Chart, ChartSet
from harness.reporting.html.markup import Markup, element, joined
from harness.reporting.html.page import figure, page

LIVE_PATH = "/checkload/live"
FEED_PATH = "/checkload/live/feed"
LINKS = (("../", "Locust"), ("live", "Live"), ("runs", "Runs"), ("doctor", "Doctor"))
"""The links at the top of our pages, relative to them."""
_TIME = Axis(label="time", unit="elapsed", low=0.0, high=60.0)
_QUANTITIES = (
    ("arrival_rate", "Arrival rate", "Such as 30/s or 600/min."),
    ("users", "Users", "Users that begin one journey after the other."),
    ("sms_share", "SMS share", "The share of shoppers who are asked for a code, such as 50%."),
    ("think_scale", "Think scale", "All think times times this; 0: no think times."),
    ("payment_mix", "Payment mix", "Such as credit_card=3,gpay=1. It replaces the mix."),
)


def install_live(web_ui: Any, current: Callable[[], UiState]) -> None:
    """Serve the page and its feed."""
    feed = LiveFeed(current)

    def shown() -> Response:
        return Response(_page(), mimetype="text/html")

    def fed() -> Response:
        response = jsonify(feed.answer(request.args))
        response.headers["Cache-Control"] = "no-store"
        return response

    base = web_ui.environment.parsed_options.web_base_path or ""
    for path, view in ((LIVE_PATH, shown), (FEED_PATH, fed)):
        web_ui.app.add_url_rule(f"{base}{path}", path.replace("/", "_"), web_ui.auth_required_if_enabled(view))


@cache
def _page() -> bytes:
    folder = files("harness.locust_plugin.web.live")
    layout, *scripts = (
        folder.joinpath(name).read_text(encoding="utf-8") for name in ("live.css", "live.js", "steer.js")
    )
    charts = _charts()
    body = joined(
        element("a", "Skip to the charts", href="#evidence", class_="skip"),
        links("live"),
        element(
            "header",
            element("h1", "Live", id="title"),
            element("p", "Waiting for the first answer.", id="text", class_="meaning", role="status"),
            element("p", "", id="remedy"),
            element("p", "", id="facts", class_="what"),
            class_="banner",
            id="banner",
        ),
        element(
            "main",
            element(
                "div",
                _part("Verdict so far", element("p", "", id="so-far"), _list("objectives", "Objectives")),
                _part("Validity so far", _list("validity", "Checks of validity")),
                class_="pair",
            ),
            _part(
                "Steer",
                element("p", "", id="steer-note", class_="note"),
                _form(),
                element("div", id="steer-said", role="status"),
                key="steer",
            ),
            _part(
                "Charts",
                element(
                    "div",
                    element("label", "Show ", element("select", id="live-subject"), for_="live-subject"),
                    element("button", "Whole run", type="button", id="whole-run", disabled=True),
                    element("span", "Drag across a chart to zoom.", class_="hint"),
                    class_="toolbar",
                ),
                element("p", "", id="cell-note", class_="note"),
                element("div", *(figure(name, one) for name, one in charts.charts.items()), class_="charts"),
                key="evidence",
            ),
            _part("Events", element("ol", id="events")),
            element("div", id="heat-part"),
            element("div", id="funnel-part"),
        ),
    )
    return page("checkload: live", body, charts, layout=layout, live="".join(scripts))


def links(here: str) -> Markup:
    """The links between our pages and Locust's page; ``here`` is the page that has them."""
    marked = [element("a", name, href=href, aria_current="page" if href == here else False) for href, name in LINKS]
    return element("nav", *marked, class_="pages", aria_label="Pages")


def _charts() -> ChartSet:
    seconds = Axis(label="response time", unit="s", log=True)
    made = {
        "throughput": ("Throughput", Axis(label="a second", unit="/s"), "Planned, offered and served journeys, over the last two seconds; pages and orders by the moment at which they were due."),
        "latency": ("Latency", seconds, "Response time from the due moment; service time from sending. What the shop failed counts as never answered."),
        "under-way": ("Journeys in progress", Axis(label="journeys"), ""),
        "failures": ("Failures by kind", Axis(label="share of what was due", unit="share"), "Failures that the shop caused, and in orange those that checkload caused."),
    }  # fmt: skip
    charts = {
        name: Chart(title=title, x=_TIME, y=y, note=note, zooms=True, empty="Nothing yet.")
        for name, (title, y, note) in made.items()
    }
    return ChartSet(charts=charts)


def _part(title: str, *parts: Markup, key: str = "") -> Markup:
    attributes = {"id": key} if key else {}
    return element("section", element("h2", title), *parts, **attributes)


def _list(key: str, label: str) -> Markup:
    """A list that scrolls by itself, also by keyboard."""
    return element("ul", id=key, class_="states", tabindex="0", aria_label=label)


def _form() -> Markup:
    fields = [
        element(
            "div",
            element("label", label, for_=f"steer-{name}"),
            element("input", id=f"steer-{name}", name=name, autocomplete="off", aria_describedby=f"hint-{name}"),
            element("span", hint, id=f"hint-{name}", class_="hint"),
            class_=f"field of-{name}",
        )
        for name, label, hint in _QUANTITIES
    ]
    faults = element(
        "fieldset",
        element("legend", "Faults of the embedded shop"),
        element("ul", id="faults", aria_label="Faults"),
        element("label", "Fault ", element("select", id="fault-name"), for_="fault-name"),
        element("label", "Share ", element("input", id="fault-share", value="5%", size="6"), for_="fault-share"),
        element("label", "Page ", element("select", id="fault-page"), for_="fault-page"),
        element("button", "Add fault", type="button", id="fault-add"),
        class_="field of-faults",
    )
    return element(
        "form",
        element("div", *fields, class_="fields"),
        faults,
        element("button", "Apply changes", type="submit", id="apply"),
        id="steer-form",
        novalidate=True,
    )
