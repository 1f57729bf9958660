"""wrk, the limit of what a client can do: it sends the same requests and looks at no reply."""

from __future__ import annotations

import re
import tempfile

from peers import Program, peer
from processes import ran
from responder import CHECKOUT, COOKIES, PAGES, TOKEN

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def walk(port: int, users: int) -> tuple[int, float] | None:
    """A second of the five pages: requests made and processor seconds taken; ``None`` without wrk."""
    program = peer("wrk")
    if not isinstance(program, Program):
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_lua())
        script.flush()
        output, spent = ran(
            [*program.command, "-t1", f"-c{users}", "-d1s", "-s", script.name, f"http://127.0.0.1:{port}"],
            **program.environment,
        )
    assert "Non-2xx" not in output, "wrk was refused"
    found = re.search(r"(\d+) requests in", output)
    assert found is not None, "wrk did not say how many requests it made"
    return int(found.group(1)), spent


def timed(url: str, connections: int, seconds: float) -> tuple[float, float, float, float] | None:
    """One page again and again: processor seconds, requests a second, p50 and p99 in seconds; ``None`` without wrk."""
    program = peer("wrk")
    if not isinstance(program, Program):
        return None
    length = max(1, round(seconds))
    output, spent = ran(
        [*program.command, "-t1", f"-c{connections}", f"-d{length}s", "--latency", url], **program.environment
    )
    said = {
        percent: float(value) * UNITS[unit]
        for percent, value, unit in re.findall(r"^\s+(\d+)%\s+([\d.]+)(us|ms|s)$", output, re.MULTILINE)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    assert rate is not None, "wrk did not say its rate"
    return spent / length, float(rate.group(1)), said["50"], said["99"]


def _lua() -> str:
    lines = []
    for page, method, form, *_ in PAGES:
        headers = ['["x-requested-with"]="XMLHttpRequest"', f'["Cookie"]="{"; ".join(COOKIES)}"']
        headers += ['["Accept-Encoding"]="gzip, deflate, br"', '["User-Agent"]="checkload"']
        if form:
            headers += [f'["x-csrftoken"]="{TOKEN}"', '["content-type"]="application/x-www-form-urlencoded"']
        body = f'"{form}"' if form else "nil"
        lines.append(f'  wrk.format("{method}", "{CHECKOUT}{page}", {{{", ".join(headers)}}}, {body}),')
    return "\n".join(
        [
            "local requests, at = {}, 0",
            "init = function(args)",
            "  requests = {",
            *lines,
            "  }",
            "end",
            "request = function() at = at % 5 + 1; return requests[at] end",
        ]
    )
