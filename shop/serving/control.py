"""The control endpoints under ``/_control/``: they show and change the running shop.

The ledger does not count these requests; queue and faults do not affect them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from shop.app import Shop
from shop.http_messages import JSON_TYPE, Refused, Reply, Request, refused
from shop.settings import Fault, Settings

CONTROL_PATH = "/_control/"
_UNCHANGEABLE = ("seed", "accounts_file", "order_history", "access_log")
_FAULTS = TypeAdapter(tuple[Fault, ...])


class Control:
    """The control endpoints; ``apply`` activates new settings."""

    def __init__(self, shop: Shop, apply: Callable[[Settings], None]) -> None:
        self._shop = shop
        self._apply = apply

    def handle(self, request: Request) -> Reply:
        """Answer a request to ``/_control/<name>``, with or without a slash at the end."""
        name = request.path.removeprefix(CONTROL_PATH).removesuffix("/")
        exchanges: Mapping[tuple[str, str], Callable[[Request], Reply]] = {
            ("GET", "health"): self._health,
            ("GET", "ledger"): self._ledger,
            ("GET", "faults"): self._faults,
            ("PUT", "faults"): self._put_faults,
            ("GET", "settings"): self._settings,
            ("PUT", "settings"): self._put_settings,
        }
        try:
            if (request.method, name) not in exchanges:
                known = any(name == other for _, other in exchanges)
                status = HTTPStatus.METHOD_NOT_ALLOWED if known else HTTPStatus.NOT_FOUND
                raise refused(status, "There is no such control.")
            return exchanges[request.method, name](request)
        except ValidationError as error:
            return Reply({"errors": settings_problems(error)}, HTTPStatus.BAD_REQUEST)
        except Refused as refusal:
            return Reply(dict(refusal.document), refusal.status)

    def _health(self, _request: Request) -> Reply:
        return Reply({"status": "ok", "sessions": len(self._shop.sessions)})

    def _ledger(self, _request: Request) -> Reply:
        shop = self._shop
        counts = {
            "sms_sent": shop.sms.sent,
            "sessions": len(shop.sessions),
            "sessions_forgotten": shop.sessions.forgotten,
        }
        return Reply(shop.ledger.document() | counts)

    def _faults(self, _request: Request) -> Reply:
        return Reply({"faults": [fault.model_dump(mode="json") for fault in self._shop.settings.faults]})

    def _put_faults(self, request: Request) -> Reply:
        given = _read(request)
        if isinstance(given, dict):
            given = given.get("faults")
        if isinstance(given, list):
            given = tuple(given)
        faults = _FAULTS.validate_python(given)
        self._apply(self._shop.settings.model_copy(update={"faults": faults}))
        return self._faults(request)

    def _settings(self, _request: Request) -> Reply:
        return Reply(self._shop.settings.model_dump(mode="json"))

    def _put_settings(self, request: Request) -> Reply:
        settings, old = Settings.model_validate(_read(request)), self._shop.settings
        changed = [name for name in _UNCHANGEABLE if getattr(settings, name) != getattr(old, name)]
        if changed:
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                {
                    "errors": [
                        {"key": name, "problem": "is fixed while the shop runs; start it anew"} for name in changed
                    ]
                },
            )
        self._apply(settings)
        return self._settings(request)


def _read(request: Request) -> Any:
    if request.headers.get("content-type", "").partition(";")[0].strip() != JSON_TYPE:
        # A page of another site cannot send JSON without a CORS preflight, so this also keeps browsers out.
        raise refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {JSON_TYPE}.")
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise refused(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from None


def settings_problems(error: ValidationError) -> list[dict[str, str]]:
    """Every problem of the settings: the dotted key, and the message with the remedy."""
    return [
        {
            "key": ".".join(str(part) for part in problem["loc"] if part != "[key]") or "settings",
            "problem": problem["msg"].removeprefix("Value error, "),
        }
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
