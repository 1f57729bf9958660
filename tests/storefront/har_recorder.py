"""Records a HAR from a real browser: the events of its DevTools protocol, put together as its own export does it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from selenium.common.exceptions import WebDriverException


def record_har(browser: Any, path: Path) -> None:
    """Write everything that the browser has sent since it was started, with the bodies of replies."""
    requests: dict[str, dict[str, Any]] = {}
    for line in browser.get_log("performance"):
        message = json.loads(line["message"])["message"]
        event, about = message["method"], message["params"]
        one = requests.setdefault(about.get("requestId", ""), {"sent_headers": {}, "cookies": []})
        match event:
            case "Network.requestWillBeSent":
                one |= {"request": about["request"], "wall": about["wallTime"], "began": about["timestamp"]}
            case "Network.requestWillBeSentExtraInfo":
                one["sent_headers"] |= about["headers"]
            case "Network.responseReceived":
                one["response"] = about["response"]
            case "Network.responseReceivedExtraInfo":
                one["received_headers"] = about["headers"]
            case "Network.loadingFinished":
                one["ended"] = about["timestamp"]
    entries = [_entry(browser, number, one) for number, one in requests.items() if "request" in one]
    log = {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": entries}
    path.write_text(json.dumps({"log": log}))


def _entry(browser: Any, number: str, one: dict[str, Any]) -> dict[str, Any]:
    request, response = one["request"], one.get("response", {})
    entry: dict[str, Any] = {
        "startedDateTime": datetime.fromtimestamp(one["wall"], UTC).isoformat().replace("+00:00", "Z"),
        "time": 1000 * (one.get("ended", one["began"]) - one["began"]),
        "request": {
            "method": request["method"],
            "url": request["url"],
            "headers": _pairs({**request["headers"], **one["sent_headers"]}),
            "cookies": [],
        },
        "response": {
            "status": response.get("status", 0),
            "headers": _pairs({**response.get("headers", {}), **one.get("received_headers", {})}),
            "content": {"mimeType": response.get("mimeType", "")},
            "redirectURL": "",
        },
    }
    if "postData" in request:
        kind = next((value for name, value in request["headers"].items() if name.lower() == "content-type"), "")
        entry["request"]["postData"] = {"mimeType": kind, "text": request["postData"]}
    if response and (body := _body(browser, number)):
        entry["response"]["content"]["text"] = body["body"]
        if body["base64Encoded"]:
            entry["response"]["content"]["encoding"] = "base64"
    return entry


def _body(browser: Any, number: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = browser.execute_cdp_cmd("Network.getResponseBody", {"requestId": number})
    except WebDriverException:  # a page that was left, or a body that was not kept: its own export lacks it, too
        return {}
    return found


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    # Chromium joins the lines of a repeated header.
    return [{"name": name, "value": line} for name, value in headers.items() for line in value.split("\n")]
