"""The address that takes commands to change a run."""

import io
from types import SimpleNamespace

import pytest
from flask import Flask

from harness.errors import UsageError
from harness.locust_plugin.web.guard import LARGEST_BODY, install_guard
from harness.locust_plugin.web.steer import STEER_PATH, install_steering
from harness.locust_plugin.web.ui_state import UiState
from harness.results.result import SteeringChange
from harness.run.steering.change import SteeringRefused

CHANGE = SteeringChange(at=5.8, quantity="arrival_rate", before="10/s", after="30/s")
HERE = {"base_url": "http://127.0.0.1:8089"}


class Steering:
    """Answers each command with its next answer."""

    def __init__(self):
        self.asked, self.answer = [], [CHANGE]

    def steer(self, asked):
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def served():
    app, steering = Flask(__name__), Steering()
    now = SimpleNamespace(state=UiState(SimpleNamespace(id="r1"), steering=steering))
    options = SimpleNamespace(web_base_path="")
    ui = SimpleNamespace(
        app=app,
        host="127.0.0.1",
        environment=SimpleNamespace(parsed_options=options),
        auth_required_if_enabled=lambda view: view,
    )
    install_guard(ui, start=lambda _: None, shape="shape")
    install_steering(ui, lambda: now.state)
    return app.test_client(), steering, now


def test_a_command_reaches_the_run_and_the_answer_says_what_changes(served):
    client, steering, _ = served
    answer = client.post(STEER_PATH, json={"arrival_rate": "30/s", "run": "r1"}, **HERE)
    assert answer.status_code == 200
    assert answer.json["changes"] == [{"at": 5.8, "quantity": "arrival_rate", "before": "10/s", "after": "30/s"}]
    assert steering.asked == [{"arrival_rate": "30/s"}]


@pytest.mark.parametrize(
    ("error", "status", "problems"),
    [
        (UsageError("arrival_rate = -1; expected: a rate\nfoo: unknown"), 400, 2),
        (SteeringRefused("The load is ending."), 409, 1),
    ],
)
def test_a_refused_command_says_why(served, error, status, problems):
    client, steering, _ = served
    steering.answer = error
    answer = client.post(STEER_PATH, json={"arrival_rate": -1}, **HERE)
    assert answer.status_code == status
    assert len(answer.json["problems"]) == problems


def test_a_command_for_another_run_or_without_a_run_is_refused(served):
    client, steering, now = served
    assert client.post(STEER_PATH, json={"arrival_rate": 3, "run": "r0"}, **HERE).status_code == 409
    now.state = UiState(None)
    assert client.post(STEER_PATH, json={"arrival_rate": 3}, **HERE).status_code == 409
    assert steering.asked == []


def test_a_command_that_does_not_say_how_long_it_is_is_limited(served):
    client, steering, _ = served
    chunked, kind = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}, "application/json"
    long = io.BytesIO(b'{"payment_mix": "' + b"x" * 2 * LARGEST_BODY + b'"}')
    answer = client.post(STEER_PATH, input_stream=long, environ_overrides=chunked, content_type=kind, **HERE)
    assert answer.status_code in {400, 413}
    assert steering.asked == []


@pytest.mark.parametrize(
    "sent",
    [
        {"data": "arrival_rate=30"},
        {"data": '{"arrival_rate": 30}', "content_type": "text/plain"},
        {"data": "{", "content_type": "application/json"},
        {"json": [1]},
        {"json": "x"},
        {"json": {"payment_mix": "x" * 30_000}},
    ],
)
def test_only_a_small_json_object_is_a_command(served, sent):
    client, steering, _ = served
    assert client.post(STEER_PATH, **sent, **HERE).status_code == 400
    assert steering.asked == []


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"Origin": "http://evil.example"}, HERE),
        ({"Sec-Fetch-Site": "cross-site"}, HERE),
        ({}, {"base_url": "http://rebound.example:8089"}),
    ],
)
def test_no_other_site_steers(served, headers, base):
    client, steering, _ = served
    assert client.post(STEER_PATH, json={"arrival_rate": 3}, headers=headers, **base).status_code == 403
    assert client.get(STEER_PATH, **HERE).status_code == 405
    assert steering.asked == []
