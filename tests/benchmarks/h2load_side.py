"""h2load over HTTP/1.1: it can send only one kind of request in a run, so it asks for the first page, and checks nothing."""

from __future__ import annotations

from peers import Program, peer
from processes import ran
from responder import CHECKOUT, PAGES


def walk(port: int, users: int, requests: int) -> float | None:
    """Processor seconds of so many requests for the first page; ``None`` without h2load."""
    program = peer("h2load")
    if not isinstance(program, Program):
        return None
    headers = ["x-requested-with: XMLHttpRequest", "user-agent: checkload", "accept-encoding: gzip, deflate, br"]
    command = [*program.command, "--h1", f"-n{requests}", f"-c{users}", *(f"-H{each}" for each in headers)]
    output, spent = ran([*command, f"http://127.0.0.1:{port}{CHECKOUT}{PAGES[0][0]}"], **program.environment)
    assert f"{requests} succeeded" in output, "a request of h2load failed"
    return spent
