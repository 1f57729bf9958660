import pytest
from flask import Flask, jsonify

from harness.web import add_tab, guard, refusal


@pytest.mark.parametrize(
    ("why", "method", "host", "headers", "passes"),
    [
        ("the page itself", "GET", "127.0.0.1:8089", {}, True),
        ("the page under its other name", "GET", "localhost:8089", {}, True),
        ("the page over IPv6", "GET", "[::1]:8089", {}, True),
        ("a name that somebody else's DNS points here", "GET", "rebound.example:8089", {}, False),
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
        ("a delete from another site", "DELETE", "127.0.0.1:8089", {"Origin": "http://evil.example"}, False),
    ],
)
def test_who_may_ask_a_ui_that_is_bound_to_this_machine(why, method, host, headers, passes):
    refused = refusal(method, host, headers, bound_to_loopback=True)
    assert (refused is None) == passes, why
    if refused:
        assert refused[1] == 403


def test_a_ui_that_was_bound_to_an_address_on_purpose_may_be_reached_by_name():
    assert refusal("GET", "load.internal:8089", {}, bound_to_loopback=False) is None
    assert refusal("POST", "load.internal:8089", {"Origin": "http://evil.example"}, bound_to_loopback=False)


class WebUi:
    """As much of Locust's web UI as the guard touches, with Locust's own habit of answering every origin."""

    def __init__(self):
        self.host = "127.0.0.1"
        self.template_args = {}
        self.app = Flask(__name__)
        self.started = []
        self.body = {"stats": []}

        @self.app.after_request
        def cors(response):
            response.headers["Access-Control-Allow-Origin"] = "*"
            return response

        @self.app.post("/swarm")
        def swarm():
            self.started.append(1)
            return jsonify({"success": True})

        @self.app.post("/user")
        def user():
            self.started.append("user")
            return "", 201

        @self.app.get("/stats/requests")
        def stats():
            return jsonify(self.body)


@pytest.fixture
def ui():
    ui = WebUi()
    guard(
        ui,
        check_start=lambda form: "payment-mix: no such option" if form.get("payment_mix") == "nonsense=1" else None,
        check_host=lambda host: "not allowed" if host == "http://shop.example" else None,
    )
    return ui


def ask(ui, path, **keywords):
    return ui.app.test_client().post(path, base_url="http://127.0.0.1:8089", **keywords)


def test_a_run_with_sound_choices_starts(ui):
    assert ask(ui, "/swarm", data={"host": "", "payment_mix": "gpay=1"}).json == {"success": True}
    assert ui.started == [1]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"host": "http://shop.example"}, "not allowed"),
        ({"host": "", "payment_mix": "nonsense=1"}, "payment-mix: no such option"),
    ],
)
def test_a_run_with_unsound_choices_does_not_start_and_says_why(ui, form, message):
    reply = ask(ui, "/swarm", data=form).json
    assert (reply["success"], reply["message"]) == (False, message)
    assert ui.started == []


def test_a_cross_site_post_starts_nothing(ui):
    assert ask(ui, "/swarm", data={"host": ""}, headers={"Origin": "http://evil.example"}).status_code == 403
    assert ui.started == []


def test_no_other_site_may_read_what_the_ui_says(ui):
    reply = ui.app.test_client().get("/stats/requests", base_url="http://127.0.0.1:8089")
    assert [name for name, _ in reply.headers if name.lower().startswith("access-control")] == []


@pytest.mark.parametrize(("key", "passes"), [("weight", True), ("host", False), ("network_timeout", False)])
def test_only_what_a_class_picker_needs_can_be_set_on_a_user_class(ui, key, passes):
    reply = ask(ui, "/user", json={"user_class_name": "Guest", key: "1"})
    assert (reply.status_code, ui.started) == ((201, ["user"]) if passes else (403, []))


def test_a_tab_shows_its_rows_once_however_often_locust_answers_from_memory(ui):
    add_tab(ui, "hurts", "What hurts", {"page": "Page"}, lambda: [{"page": "BinNumberPage"}])
    client = ui.app.test_client()
    for _ in range(2):
        reply = client.get("/stats/requests", base_url="http://127.0.0.1:8089").json
        assert reply["extended_stats"] == [{"key": "hurts", "data": [{"page": "BinNumberPage"}]}]
    assert ui.template_args["extended_tabs"] == [{"title": "What hurts", "key": "hurts"}]
