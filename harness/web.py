"""What checkload adds to Locust's web UI: a guard before it, and tabs of its own in it.

Locust's UI answers every address, lets any web page start a load against any host and set any attribute of a
user class. The guard lets through what the person in front of the browser asks for, and what may be loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Response, jsonify, request

from harness.target import is_loopback

SETTABLE = frozenset({"user_class_name", "tasks", "weight", "fixed_count"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Refusal = tuple[str, int]


def refusal(method: str, host: str, headers: Mapping[str, str], *, bound_to_loopback: bool) -> Refusal | None:
    """Why a request to the web UI is turned away, with an HTTP status; ``None`` if it may pass.

    ``host`` is the Host header. A browser sends ``Origin`` and ``Sec-Fetch-Site`` with every POST that another site made it send;
    a UI that is bound to loopback is never rightly reached under another name (DNS rebinding).
    """
    name = urlsplit(f"//{host}").hostname or ""
    if bound_to_loopback and not is_loopback(name):
        return (f"This page is served to this machine only; it was asked for as {name!r}.", 403)
    if method in SAFE_METHODS:
        return None
    origin = headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return ("This request was sent by a page of another site. Open the web UI itself.", 403)
    if headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return ("This request was sent by a page of another site. Open the web UI itself.", 403)
    return None


def guard(
    web_ui: Any,
    *,
    check_start: Callable[[Mapping[str, str]], str | None],
    check_host: Callable[[str], str | None],
) -> None:
    """Put the guard before every page.

    ``check_start`` is given the form with which a run is to be started and says what is wrong with it;
    ``check_host`` says why a host may not be loaded.
    """
    app = web_ui.app
    loopback = is_loopback(str(web_ui.host or ""))

    def before() -> Response | tuple[str, int] | None:
        refused = refusal(request.method, request.host, dict(request.headers), bound_to_loopback=loopback)
        if refused is not None:
            return refused
        if request.method != "POST":
            return None
        if request.path.endswith("/swarm"):
            problem = check_host(request.form.get("host", "")) or check_start(request.form)
            if problem is not None:
                return jsonify({"success": False, "message": problem, "host": request.form.get("host", "")})
        if request.path.endswith("/user"):
            keys = set(request.get_json(silent=True) or {})
            if not keys <= SETTABLE:
                return (
                    f"Only {', '.join(sorted(SETTABLE))} can be set here, not {', '.join(sorted(keys - SETTABLE))}.",
                    403,
                )
        return None

    app.before_request(before)
    # Locust answers every site's Origin with leave to read. Flask calls the first of this list last.
    app.after_request_funcs.setdefault(None, []).insert(0, _keep_to_ourselves)


def _keep_to_ourselves(response: Response) -> Response:
    for name in [name for name, _ in response.headers if name.lower().startswith("access-control-")]:
        del response.headers[name]
    return response


Rows = Callable[[], list[dict[str, Any]]]


def add_tab(web_ui: Any, key: str, title: str, columns: Mapping[str, str], rows: Rows) -> None:
    """Add a tab with one table to Locust's page; ``columns`` maps keys of a row to headings, ``rows`` is asked every two seconds."""
    arguments = web_ui.template_args
    arguments.setdefault("extended_tabs", []).append({"title": title, "key": key})
    arguments.setdefault("extended_tables", []).append(
        {"key": key, "structure": [{"key": column, "title": heading} for column, heading in columns.items()]}
    )

    def extend(response: Response) -> Response:
        if request.path.endswith("/stats/requests") and response.is_json:
            body = response.get_json()
            # Locust keeps the response for two seconds, with what was added to it.
            others = [table for table in body.get("extended_stats", []) if table["key"] != key]
            body["extended_stats"] = [*others, {"key": key, "data": rows()}]
            response.set_data(jsonify(body).get_data())
        return response

    web_ui.app.after_request(extend)
