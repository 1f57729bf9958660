"""Takes commands to change a run while it is on: ``POST /checkload/steer`` with JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request

from harness.errors import UsageError
from harness.locust_plugin.web.live import status
from harness.locust_plugin.web.ui_state import UiState
from harness.run.steering.change import SteeringRefused
from harness.run.steering.steering import Steering

STEER_PATH = "/checkload/steer"
LONGEST_COMMAND = 20_000
"""The most bytes of a command."""
RUN = "run"
"""The key with the id of the run that the command is meant for; without it, it is meant for the run that is on."""


def install_steering(web_ui: Any, current: Callable[[], UiState]) -> None:
    """Serve the address of commands; the guard has refused other sites by then."""

    def steer() -> Response:
        state = current()
        try:
            asked = _command()
            changes = _steering(state, asked.pop(RUN, None)).steer(asked)
        except SteeringRefused as refused:
            return _refused(HTTPStatus.CONFLICT, str(refused))
        except UsageError as wrong:
            return _refused(HTTPStatus.BAD_REQUEST, *str(wrong).splitlines())
        # A page shows the change at once, before it asks for news.
        news: dict[str, Any] = {}
        if state.run is not None and state.driver is not None:
            news = {"events": list(status.events(state)), "run": status.plan_and_settings(state.run)}
        return jsonify({"changes": [asdict(one) for one in changes], **news})

    base = web_ui.environment.parsed_options.web_base_path or ""
    web_ui.app.add_url_rule(
        f"{base}{STEER_PATH}", "_checkload_steer", web_ui.auth_required_if_enabled(steer), methods=["POST"]
    )


def _steering(state: UiState, meant: Any) -> Steering:
    """What changes the run that is on; raises ``SteeringRefused`` if there is none, or if another one was ``meant``."""
    if state.steering is None or state.run is None:
        raise SteeringRefused("No run is on; start one, then change it.")
    if meant not in (None, state.run.id):
        raise SteeringRefused("That run is over; look at the run that is on, then send the command again.")
    return state.steering


def _command() -> dict[str, Any]:
    """The values to change; raises ``UsageError`` for anything but a JSON object."""
    if (request.content_length or 0) > LONGEST_COMMAND:
        raise UsageError(f"A command has at most {LONGEST_COMMAND:,} bytes.")
    asked = request.get_json(silent=True) if request.is_json else None
    if not isinstance(asked, dict):
        raise UsageError('Send a JSON object with the values to change, such as {"arrival_rate": "30/s"}.')
    return asked


def _refused(status: int, *problems: str) -> Response:
    response = jsonify({"problems": list(problems)})
    response.status_code = status
    return response
