"""Checks before a run that its ports are free and that the target answers."""

from __future__ import annotations

import errno
import socket
from argparse import Namespace
from collections.abc import Iterator
from urllib.parse import urlsplit

from harness.errors import UsageError

METRICS_PORT = 9646
"""The port of /metrics by default."""
DEFAULT_PORTS = {"http": 80, "https": 443}
ALL_ADDRESSES = ("", "*")
"""The host values that mean all addresses of this machine to Locust."""
HIGHEST_PORT = 65_535
NOT_AN_ADDRESS = "is not an address"
REMEDY = {
    "master": "stop the other run, or choose another port: --master-bind-port here and --master-port for the workers",
    "web": "stop the other run, or choose another port, or run without the web UI: --headless",
}


def refuse_ports_in_use(options: Namespace) -> None:
    """Raise ``UsageError`` if the port of the web UI or of the master is in use; one error names both.

    A worker opens no port. Another program may still take a port after this check. Then Locust reports the error.
    """
    if options.worker:
        return
    problems: list[str] = []
    if options.master or options.processes:
        problems += _problems("--master-bind", options.master_bind_host, options.master_bind_port, "master")
    if options.headful or not options.headless:
        problems += _problems("--web", options.web_host, options.web_port, "web")
    if problems:
        raise UsageError("\n".join(problems))


def _problems(option: str, host: str, port: int, what: str) -> Iterator[str]:
    if why := unavailable(host, port):
        wrong = f"{option}-host {host}" if NOT_AN_ADDRESS in why else f"{option}-port {port}"
        yield f"{wrong}: {why}; {REMEDY[what]}"


def unavailable(host: str, port: int) -> str:
    """Why this port cannot be opened, as half a sentence; empty if it can. Port 0 means any port."""
    if not 0 <= port <= HIGHEST_PORT:
        return f"a port is from 0 to {HIGHEST_PORT}"
    try:
        places = socket.getaddrinfo(
            None if host in ALL_ADDRESSES else host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = places[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        return bind_problem(error, host, port)
    return ""


def bind_problem(error: OSError, host: str, port: int) -> str:
    """Why a port could not be opened, as half a sentence."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {'this machine' if host in ALL_ADDRESSES else host} is in use by another program"
    if error.errno == errno.EACCES:
        return f"this user may not open port {port} of {host}; ports from 1024 on are allowed"
    return f"{host} {NOT_AN_ADDRESS} of this machine on which port {port} can be opened"


def unreachable(url: str, timeout: float) -> str:
    """Why no connection to ``url`` is possible within ``timeout`` seconds, as half a sentence; empty if one is."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        return f"{host} port {port} does not answer ({error.strerror or error})"
    return ""
