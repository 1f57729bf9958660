from functools import partial
from types import SimpleNamespace

import pytest
from flask import Flask, jsonify, request

from harness.errors import UsageError
from harness.host_header import parse_allowed_hosts
from harness.locust_plugin.web.guard import Tab, add_tabs, install_guard, refusal


@pytest.mark.parametrize(
    ("why", "method", "host", "headers", "passes"),
    [
        ("the page itself", "GET", "127.0.0.1:8089", {}, True),
        ("the page under its other name", "GET", "localhost:8089", {}, True),
        ("the page over IPv6", "GET", "[::1]:8089", {}, True),
        ("a foreign name whose DNS points here", "GET", "rebound.example:8089", {}, False),
        ("a script on this machine, without a browser", "POST", "127.0.0.1:8089", {}, True),
        ("the button in the page", "POST", "127.0.0.1:8089", {"Origin": "http://127.0.0.1:8089"}, True),
        ("a form on another site", "POST", "127.0.0.1:8089", {"Origin": "http://evil.example"}, False),
        ("another port of this machine", "POST", "127.0.0.1:8089", {"Origin": "http://127.0.0.1:80"}, False),
        ("a page without an origin", "POST", "127.0.0.1:8089", {"Origin": "null"}, False),
        ("a browser that says it is cross-site", "POST", "127.0.0.1:8089", {"Sec-Fetch-Site": "cross-site"}, False),
        (
            "a browser that says it is the same site only",
            "POST",
            "127.0.0.1:8089",
            {"Sec-Fetch-Site": "same-site"},
            False,
        ),
        ("the page under a name in capitals, with its final dot", "GET", "LocalHost.:8089", {}, True),
        ("the same in its button", "POST", "LOCALHOST:8089", {"Origin": "http://localhost:8089"}, True),
        ("an origin that is none", "POST", "127.0.0.1:8089", {"Origin": "http://["}, False),
        ("an origin that is half an address", "POST", "127.0.0.1:8089", {"Origin": "http://[::1"}, False),
        ("an origin without a scheme", "POST", "127.0.0.1:8089", {"Origin": "127.0.0.1:8089"}, False),
        ("an origin of another kind", "POST", "127.0.0.1:8089", {"Origin": "file://127.0.0.1:8089"}, False),
        ("an origin with a user", "POST", "127.0.0.1:8089", {"Origin": "http://evil@127.0.0.1:8089"}, False),
        ("an empty origin", "POST", "127.0.0.1:8089", {"Origin": ""}, False),
        ("a host that is none", "GET", "[", {}, False),
        ("a host that is half an address", "GET", "[::1", {}, False),
        ("a host with a user", "GET", "evil.example@127.0.0.1:8089", {}, False),
        ("a host with two ports", "GET", "127.0.0.1:8089:80", {}, False),
        ("two hosts", "GET", "127.0.0.1, evil.example", {}, False),
        ("an address that looks like this machine's", "GET", "0x7f.1:8089", {}, False),
        ("another address", "GET", "10.0.0.5:8089", {}, False),
        ("no host", "GET", "", {}, False),
        ("a delete from another site", "DELETE", "127.0.0.1:8089", {"Origin": "http://evil.example"}, False),
    ],
)
def test_a_local_ui_answers_only_to_its_own_names(why, method, host, headers, passes):
    refused = refusal(method, host, headers, bound="127.0.0.1")
    assert (refused is None) == passes, why
    if refused:
        assert refused[1] == 403


@pytest.mark.parametrize(
    ("bound", "host", "passes"),
    [
        ("0.0.0.0", "rebound.example:8089", False),
        ("", "rebound.example:8089", False),
        ("*", "rebound.example", False),
        ("10.0.0.5", "rebound.example:8089", False),
        ("0.0.0.0", "10.0.0.5:8089", True),  # no name, so no DNS to rebind
        ("::", "[2001:DB8::5]:8089", True),
        ("0.0.0.0", "localhost:8089", True),
        ("load.internal", "Load.Internal.:8089", True),
        ("0.0.0.0", "ui.internal:8089", True),
        ("0.0.0.0", "UI.internal.", True),
        ("127.0.0.1", "ui.internal", True),  # as a proxy on this machine asks
        ("0.0.0.0", "evil.ui.internal:8089", False),
        ("0.0.0.0", "ui.internal.evil.example:8089", False),
    ],
)
def test_an_open_ui_answers_to_addresses_and_allowed_names(bound, host, passes):
    assert (refusal("GET", host, {}, bound=bound, allowed=parse_allowed_hosts("ui.internal")) is None) == passes


def test_an_open_ui_refuses_posts_of_other_sites():
    ask = partial(refusal, "POST", bound="0.0.0.0", allowed=parse_allowed_hosts("ui.internal"))
    assert ask("ui.internal:8089", {"Origin": "http://UI.internal:8089"}) is None
    assert ask("ui.internal:8089", {"Origin": "http://evil.example"})
    assert ask("ui.internal:8089", {"Origin": "http://["})


def test_all_wrong_host_names_are_reported_at_once():
    assert parse_allowed_hosts(" UI.internal. ,[::1],, 10.0.0.5") == {"ui.internal", "::1", "10.0.0.5"}
    assert parse_allowed_hosts("") == frozenset()
    with pytest.raises(UsageError) as error:
        parse_allowed_hosts("ui.internal, b\u00fccher.example, *, http://x, x:80")
    assert len(str(error.value).splitlines()) == 4
    assert "xn--" in str(error.value)


class WebUi:
    """The part of Locust's web UI that the guard touches; like Locust, it answers every origin."""

    def __init__(self):
        self.host = "127.0.0.1"
        self.template_args = {}
        self.app = Flask(__name__)
        self.started = []
        self.runner = SimpleNamespace(state="stopped")
        self.environment = SimpleNamespace(runner=self.runner)
        self.reply = None

        @self.app.after_request
        def cors(response):
            response.headers["Access-Control-Allow-Origin"] = "*"
            return response

        @self.app.post("/swarm")
        def swarm():
            self.started.append(dict(request.form))
            return jsonify({"success": True})

        @self.app.post("/user")
        def user():
            self.started.append("user")
            return "", 201

        @self.app.get("/stats/requests")
        def stats():
            # Locust gives the very same response again for two seconds.
            self.reply = self.reply or jsonify({"stats": [], "state": self.runner.state})
            return self.reply


@pytest.fixture
def ui():
    ui = WebUi()
    install_guard(
        ui,
        start=lambda form: "payment-mix: no such option" if form.get("payment_mix") == "nonsense=1" else None,
        shape="ArrivalShape",
    )
    return ui


def ask(ui, path, **keywords):
    return ui.app.test_client().post(path, base_url="http://127.0.0.1:8089", **keywords)


@pytest.mark.parametrize("shape", ["Default", "Nonsense", None])
def test_a_run_always_starts_with_our_load_shape(ui, shape):
    form = {"host": "", "payment_mix": "gpay=1"} | ({"shape_class": shape} if shape else {})
    assert ask(ui, "/swarm", data=form).json == {"success": True}
    assert ui.started == [{"host": "", "payment_mix": "gpay=1", "shape_class": "ArrivalShape"}]


def test_a_run_with_wrong_choices_does_not_start_and_says_why(ui):
    reply = ask(ui, "/swarm", data={"host": "", "payment_mix": "nonsense=1"}).json
    assert (reply["success"], reply["message"]) == (False, "payment-mix: no such option")
    assert ui.started == []


def test_a_cross_site_post_starts_nothing(ui):
    assert ask(ui, "/swarm", data={"host": ""}, headers={"Origin": "http://evil.example"}).status_code == 403
    assert ui.started == []


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "http://evil.example", "null", "http://127.0.0.1:"])
def test_an_unreadable_origin_is_refused(ui, origin):
    assert ask(ui, "/swarm", data={"host": ""}, headers={"Origin": origin}).status_code == 403
    assert ui.started == []


def test_no_other_site_may_read_answers_of_the_ui(ui):
    reply = ui.app.test_client().get("/stats/requests", base_url="http://127.0.0.1:8089")
    assert [name for name, _ in reply.headers if name.lower().startswith("access-control")] == []


def test_no_other_site_may_show_a_page_in_a_frame(ui):
    for path in ("/stats/requests", "/nonsense"):
        reply = ui.app.test_client().get(path, base_url="http://127.0.0.1:8089")
        assert reply.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("key", ["weight", "host", "network_timeout", "tasks"])
def test_user_classes_cannot_be_changed(ui, key):
    reply = ask(ui, "/user", json={"user_class_name": "Guest", key: "1"})
    assert (reply.status_code, ui.started) == (403, [])
    assert "scenario" in reply.text


@pytest.fixture
def tabs(ui):
    tabs = SimpleNamespace(state=None, rows={"hurts": [], "demands": []}, ends_meanwhile=False)

    def rows():
        if tabs.ends_meanwhile:
            tabs.state = None
        return tabs.rows

    columns = {"page": "Page"}
    both = [Tab("hurts", "What hurts", columns), Tab("demands", "Verdict", columns)]
    add_tabs(ui, both, rows=rows, state=lambda: tabs.state)
    return tabs


def stats(ui):
    return ui.app.test_client().get("/stats/requests", base_url="http://127.0.0.1:8089").json


def test_cached_responses_of_locust_hold_the_rows_once(ui, tabs):
    assert ui.template_args["extended_tabs"][0] == {"title": "What hurts", "key": "hurts"}
    for page in ("BinNumberPage", "ThankYouPage"):
        tabs.rows = {"hurts": [{"page": page}], "demands": []}
        assert stats(ui)["extended_stats"] == [
            {"key": "hurts", "data": [{"page": page}]},
            {"key": "demands", "data": []},
        ]


def test_the_page_gets_the_end_together_with_the_last_rows(ui, tabs):
    tabs.state = "running"
    assert stats(ui)["state"] == "running"  # although Locust has stopped: there is no verdict yet
    tabs.state = None
    assert stats(ui)["state"] == "stopped"
    tabs.state, tabs.ends_meanwhile = "running", True
    assert stats(ui)["state"] == "running"  # these rows are not the last ones
