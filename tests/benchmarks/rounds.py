"""Measures the processor time of a request for each side; the sides take turns on one core, for some rounds.

After each turn the responder is asked whether it was sent the same requests, and sent the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Callable

import autocannon_side
import h2load_side
import k6_side
import k9_side
import wrk_side
from builds import compiled_build
from processes import HERE, certificates, responder, started
from responder import PAGES, envelope

USERS = 10
COMPILED = "_compiled"
# Which side, over TLS or not, and journeys a round: about half a second's work each.
SIDES = {
    "checkload": ("checkload", False, 1_600),
    "checkload_compiled": ("checkload", False, 2_000),
    "thousand": ("checkload", False, 3_000),
    "thousand_compiled": ("checkload", False, 3_000),
    "checkload_tls": ("checkload", True, 1_200),
    "checkload_tls_compiled": ("checkload", True, 1_500),
    "fast_http_user": ("fast_http_user", False, 400),
    "fast_http_user_tls": ("fast_http_user", True, 300),
    "http_user": ("http_user", False, 100),
}
K6_JOURNEYS = 1_000
OUTSIDERS = ("k9_plan", "k9_script", "autocannon", "wrk", "h2load", "k6")
BODY_BYTES = sum(len(envelope(shown, size)) for *_, shown, size in PAGES)


def compare(rounds: int, *, quick: bool) -> dict[str, list[float]]:
    """CPU microseconds of a request, by side and round; a side that is not installed is left out."""
    found: dict[str, list[float]] = {}
    with contextlib.ExitStack() as stack:
        server, trusted = stack.enter_context(certificates())
        plain, secure = stack.enter_context(responder("responder.py", server))
        running = {}
        for name, (kind, tls, _) in SIDES.items():
            build = compiled_build() if name.endswith(COMPILED) else ""
            if build is None:
                continue
            url = f"https://127.0.0.1:{secure}" if tls else f"http://127.0.0.1:{plain}"
            users = USERS if not name.startswith("thousand") else 100 if quick else 1000
            command = [sys.executable, str(HERE / "sides.py"), kind, url, str(users)]
            running[name] = stack.enter_context(started(command, SSL_CERT_FILE=trusted, CHECKLOAD_BUILD=str(build)))
        for name, process in running.items():
            assert "ready" in process.stdout.readline(), f"{name} did not start"
        for _ in range(rounds):
            costs = {name: _measure(one, name, plain, quick=quick) for name, one in running.items()}
            costs |= _outsiders(plain, 20 if quick else K6_JOURNEYS)
            for name, cost in costs.items():
                if cost is not None:
                    found.setdefault(name, []).append(cost)
    return found


def ratio(found: dict[str, list[float]], one: str, other: str) -> float | None:
    """The cost of one side divided by the cost of another, as the median over the rounds; ``None`` if one is not installed."""
    if one not in found or other not in found:
        return None
    return round(statistics.median(a / b for a, b in zip(found[one], found[other], strict=True)), 3)


def _counts(port: int) -> dict:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_counts", timeout=10) as reply:
        return json.load(reply)


def _measure(process: subprocess.Popen[str], name: str, port: int, *, quick: bool) -> float:
    journeys = SIDES[name][2] // (20 if quick else 1)
    before = _counts(port)
    process.stdin.write(f"{journeys}\n")
    process.stdin.flush()
    done = json.loads(process.stdout.readline())
    sent = _same(name, before, _counts(port), journeys)
    assert sent == done["bytes"], f"{name} saw other bytes than were sent"
    return done["cpu"] / done["pages"] * 1e6


def _same(name: str, before: dict, after: dict, journeys: int) -> int:
    """The bytes sent meanwhile; fails unless exactly these journeys were walked."""
    asked = {page: after["asked"][page] - before["asked"][page] for page in after["asked"]}
    assert set(asked.values()) == {journeys}, f"{name} did not ask for each page once a journey: {asked}"
    assert after["faulty"] == 0, f"{name} left out a cookie, a header or a form"
    sent = sum(after["sent"].values()) - sum(before["sent"].values())
    assert sent == journeys * BODY_BYTES, f"{name} was sent other bytes"
    return sent


def _wrk(port: int, users: int = USERS) -> float | None:
    before = _counts(port)
    done = wrk_side.walk(port, users)
    if done is None:
        return None
    said, spent = done
    after = _counts(port)
    assert after["faulty"] == 0, "wrk left out a cookie, a header or a form"
    requests = sum(after["asked"].values()) - sum(before["asked"].values())
    assert abs(requests - said) <= 2 * users, "wrk counted otherwise"
    spread = [after["asked"][page] - before["asked"][page] for page in after["asked"]]
    assert max(spread) - min(spread) <= 2 * users, f"wrk did not ask for all pages alike: {spread}"
    return spent / requests * 1e6


def _outsiders(port: int, journeys: int) -> dict[str, float | None]:
    walks: dict[str, Callable[[int], float | None]] = {
        "k9_plan": lambda number: k9_side.walk(port, USERS, number, script=False),
        "k9_script": lambda number: k9_side.walk(port, USERS, number, script=True),
        "autocannon": lambda number: autocannon_side.walk(port, USERS, number),
        "k6": lambda number: k6_side.walk(port, USERS, number),
    }
    found = {name: _beyond_start(name, walk, port, journeys) for name, walk in walks.items()}
    requests = 5 * journeys * len(PAGES)
    spent = h2load_side.walk(port, USERS, requests)
    crowd = _wrk(port, 1_000)
    return found | {
        "wrk": _wrk(port),
        "wrk_thousand": crowd,
        "h2load": None if spent is None else spent / requests * 1e6,
    }


def _beyond_start(name: str, walk: Callable[[int], float | None], port: int, journeys: int) -> float | None:
    """The cost of its start is measured by a walk of one journey a user, and subtracted."""
    before = _counts(port)
    start = walk(USERS)
    whole = None if start is None else walk(USERS + journeys)
    if start is None or whole is None:
        return None
    _same(name, before, _counts(port), 2 * USERS + journeys)
    return (whole - start) / (journeys * len(PAGES)) * 1e6
