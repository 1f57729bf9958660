"""k9, a load generator with an engine in Rust: the same five requests as a declarative plan, and as a Python script.

A plan has no check that compares a value of the JSON: it checks the status and looks for the page's name in the text, and reads
two values out of each reply. The script makes the checks that k6's script makes.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from peers import Program, peer
from processes import ran
from responder import CHECKOUT, PAGES, TOKEN

ONE_CORE = {"TOKIO_WORKER_THREADS": "1"}
ECHOED = {
    "DeliveryOptionSelectionPage": ("delivery_option", "7"),
    "ShippingOptionSelectionPage": ("shipping_option", "3"),
}
RUN = ["run", "--quiet", "--no-color", "--http-version", "1.1"]

_SCRIPT = """
import k9
PAGES = __PAGES__
options = {"vus": __USERS__, "iterations": __JOURNEYS__, "userAgent": "checkload", "thresholds": {"checks": ["rate==1"]}}

def in_order(page):
    shown, echo, wanted = page["shown"], page["echo"], page["wanted"]
    def check(reply):
        if reply.status != 200:
            return False
        said = reply.json()
        entries = said["context_list"]
        if not isinstance(entries, list) or said["errors"] or not isinstance(said["template_name"], str):
            return False
        if entries[-1]["page_name"] != shown:
            return False
        return not echo or str(said["pre_order"][echo]["pk"]) == wanted
    return check

CHECKS = [{"in order": in_order(page)} for page in PAGES]

async def default():
    for page, checks in zip(PAGES, CHECKS):
        reply = await k9.http.request(page["method"], page["url"], data=page["form"], headers=page["headers"], name=page["name"])
        k9.check(reply, checks)
"""


def walk(port: int, users: int, journeys: int, *, script: bool) -> float | None:
    """Processor seconds of so many journeys, its start included; ``None`` without k9. Fails if a check does."""
    program = peer("k9")
    if not isinstance(program, Program):
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ("load.py" if script else "load.json")
        file.write_text(_script(port, users, journeys) if script else _plan(port, users, journeys), encoding="utf-8")
        return ran([*program.command, *RUN, str(file)], **program.environment, **ONE_CORE)[1]


def _headers(form: str) -> dict[str, str]:
    headers = {"x-requested-with": "XMLHttpRequest", "Accept-Encoding": "gzip, deflate, br"}
    sends = {"x-csrftoken": TOKEN, "Content-Type": "application/x-www-form-urlencoded"}
    return headers | (sends if form else {})


def _plan(port: int, users: int, journeys: int) -> str:
    steps = [
        {
            "request": {
                "method": method,
                "url": f"http://127.0.0.1:{port}{CHECKOUT}{page}",
                "name": f"{method} {page}",
                "headers": _headers(form),
                **({"body": form} if form else {}),
                "checks": {"status": {"status": 200}, "page": {"bodyContains": f'"page_name": "{shown}"'}},
                "extract": {
                    "shown": {"json": "$.context_list[0].page_name"},
                    "total": {"json": "$.pre_order.total_amount"},
                },
            }
        }
        for page, method, form, shown, _ in PAGES
    ]
    options = {"vus": users, "iterations": journeys, "userAgent": "checkload", "thresholds": {"checks": ["rate==1"]}}
    return json.dumps({"options": options, "flows": {"default": steps}})


def _script(port: int, users: int, journeys: int) -> str:
    pages = [
        {
            "method": method,
            "url": f"http://127.0.0.1:{port}{CHECKOUT}{page}",
            "name": f"{method} {page}",
            "form": form or None,
            "headers": _headers(form),
            "shown": shown,
            **dict(zip(("echo", "wanted"), ECHOED.get(page, ("", "")), strict=True)),
        }
        for page, method, form, shown, _ in PAGES
    ]
    text = _SCRIPT.replace("__PAGES__", repr(pages))
    return text.replace("__USERS__", str(users)).replace("__JOURNEYS__", str(journeys))


def timed(url: str, users: int, rate: float, seconds: float) -> tuple[float, float, float, float] | None:
    """One page at a rate: processor seconds a second, requests a second, p50 and p99 in seconds; ``None`` without k9."""
    program = peer("k9")
    if not isinstance(program, Program):
        return None
    length = max(1, round(seconds))
    steady = {
        "executor": "constant-arrival-rate",
        "rate": max(1, round(rate)),
        "timeUnit": "1s",
        "duration": f"{length}s",
        "preAllocatedVUs": users,
        "maxVUs": users,
    }
    options = {"scenarios": {"steady": steady}, "summaryTrendStats": ["med", "p(99)"]}
    step = {
        "request": {"url": url, "checks": {"status": {"status": 200}}, "extract": {"held": {"json": "$.context_list"}}}
    }
    with tempfile.TemporaryDirectory() as folder:
        file, summary = Path(folder) / "load.json", Path(folder) / "summary.json"
        file.write_text(json.dumps({"options": options, "flows": {"default": [step]}}), encoding="utf-8")
        command = [*program.command, *RUN, "--summary-export", str(summary), str(file)]
        spent = ran(command, **program.environment, **ONE_CORE)[1]
        metrics = json.loads(summary.read_text(encoding="utf-8"))["metrics"]
    times = metrics["http_req_duration"]
    return spent / length, metrics["http_reqs"]["rate"], times["med"] / 1000, times["p(99)"] / 1000
