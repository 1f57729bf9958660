"""Guards Locust's web UI against other sites, and adds our tabs to it.

Locust's UI answers under every host name. Any web page can start a load against any host through it, and set any attribute
of a user class. The guard passes only requests of the UI itself, and only targets that may be loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from harness.host_header import ALLOWED_HOSTS_OPTION, host_and_port, is_allowed_host

LARGEST_BODY = 1_000_000
"""The most bytes of a request, also of one that does not say how long it is."""
REPORT_POLICY = (
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; "
    "connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""A report gets an origin of its own. Its links may open a tab, such as that of a trace, which is as free as any other tab."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Refusal = tuple[str, int]
Form = MultiDict[str, str]
Rows = list[dict[str, Any]]


def refusal(
    method: str, host: str, headers: Mapping[str, str], *, bound: str, allowed: Collection[str] = ()
) -> Refusal | None:
    """Why a request to the web UI is refused, with an HTTP status; ``None`` if it may pass.

    ``host`` is the Host header, ``bound`` the address that the UI listens on, ``allowed`` its further names. A browser
    sends ``Origin`` and ``Sec-Fetch-Site`` with each POST that another site starts.
    """
    if not is_allowed_host(host, bound, allowed):
        return (
            f"This page is not served under the name in Host; name it with {ALLOWED_HOSTS_OPTION} if it is yours.",
            403,
        )
    if method in SAFE_METHODS:
        return None
    origin = headers.get("Origin")
    if origin is not None and _host_and_port_of(origin) != host_and_port(host):
        return ("This request was sent by a page of another site. Open the web UI itself.", 403)
    if headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return ("This request was sent by a page of another site. Open the web UI itself.", 403)
    return None


def _host_and_port_of(origin: str) -> tuple[str, str] | None:
    scheme, separator, where = origin.partition("://")
    return host_and_port(where) if separator and scheme in {"http", "https"} else None


def install_guard(
    web_ui: Any, *, start: Callable[[Form], str | None], shape: str, allowed_hosts: Collection[str] = ()
) -> None:
    """Check every request before Locust's UI handles it; ``allowed_hosts`` are further names of the UI.

    ``start`` gets the form of a new run; it prepares the run or returns what is wrong. ``shape`` is the name of the load shape
    of every run, whatever the form says: with any other name Locust would end the run.
    """
    app = web_ui.app
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    bound = str(web_ui.host or "")

    def before() -> Response | Refusal | None:
        host = request.environ.get("HTTP_HOST", "")
        refused = refusal(request.method, host, dict(request.headers), bound=bound, allowed=allowed_hosts)
        if refused is not None:
            return refused
        if request.method != "POST":
            return None
        if request.path.endswith("/swarm"):
            form = MultiDict(request.form)
            problem = start(form)
            if problem is not None:
                return jsonify({"success": False, "message": problem, "host": form.get("host", "")[:2000]})
            form["shape_class"] = shape
            request.form = ImmutableMultiDict(form)
        if request.path.endswith("/user"):
            return (
                "The scenario and its locustfile set up the user classes; they cannot be changed here.",
                403,
            )
        return None

    app.before_request(before)
    # Locust allows every site to read its answers. Flask calls the first function of this list last.
    app.after_request_funcs.setdefault(None, []).insert(0, _keep_other_sites_out)


def _keep_other_sites_out(response: Response) -> Response:
    """Let no other site read an answer, or show a page in a frame, where a person would click its buttons unseen."""
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    for name in [name for name, _ in response.headers if name.lower().startswith("access-control-")]:
        del response.headers[name]
    return response


def report_response(page: bytes) -> Response:
    """Serve a report. It may come from anywhere, so its scripts must not reach the web UI, where they could start a load."""
    return Response(page, mimetype="text/html", headers={"Content-Security-Policy": REPORT_POLICY})


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab with one table; ``columns`` maps the keys of a row to headings."""

    key: str
    title: str
    columns: Mapping[str, str]


def add_tabs(
    web_ui: Any, tabs: Sequence[Tab], *, rows: Callable[[], Mapping[str, Rows]], state: Callable[[], str | None]
) -> None:
    """Add tabs to Locust's page.

    The page calls ``rows`` every two seconds while a run is on; it returns the rows of each tab, by the tab's key. ``state``
    returns the state that the page must see, in Locust's words, or ``None`` if Locust's own state is right.
    """
    web_ui.template_args["extended_tabs"] = [{"title": tab.title, "key": tab.key} for tab in tabs]
    web_ui.template_args["extended_tables"] = [
        {"key": tab.key, "structure": [{"key": key, "title": title} for key, title in tab.columns.items()]}
        for tab in tabs
    ]

    def extend(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            # Before the rows: a page that reads of the end does not ask again.
            now = state() or web_ui.environment.runner.state
            shown = rows()
            # Locust caches this response for two seconds, including our rows.
            body = response.get_json()
            body["state"] = now
            body["extended_stats"] = [{"key": tab.key, "data": shown[tab.key]} for tab in tabs]
            response.set_data(jsonify(body).get_data())
        return response

    web_ui.app.after_request(extend)
