"""Asks before a run whether its ports are free and whether the target answers."""

from __future__ import annotations

import errno
import socket
from argparse import Namespace
from collections.abc import Iterator
from urllib.parse import urlsplit

from harness.errors import UsageError

DEFAULT_PORTS = {"http": 80, "https": 443}
ALL_ADDRESSES = ("", "*")
"""What Locust takes for all addresses of this machine."""
HIGHEST_PORT = 65_535
REMEDY = {
    "master": "is another run on? If it is to go on, choose another port, --master-bind-port here and --master-port for the workers",
    "web": "is another run on? If it is to go on, choose another port, or --headless to do without the web UI",
}


def refuse_ports_in_use(options: Namespace) -> None:
    """Raise ``UsageError`` where the web UI or the master of this process would find its port taken, of both at once.

    A worker listens nowhere. Somebody may still take a port after this; Locust then says so in its own words.
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
        at_fault = f"{option}-host {host}" if "no address" in why else f"{option}-port {port}"
        yield f"{at_fault}: {why}; {REMEDY[what]}"


def unavailable(host: str, port: int) -> str:
    """Why nobody can listen there, as half a sentence; empty where one can. Port 0 is any."""
    if not 0 <= port <= HIGHEST_PORT:
        return f"there are ports from 0 to {HIGHEST_PORT}"
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
        return f"port {port} of {host} may not be opened by this user; ports from 1024 on may"
    return f"{host} is no address of this machine on which port {port} can be opened"


def unreachable(url: str, timeout: float) -> str:
    """Why no connection to ``url`` can be made within ``timeout`` seconds, as a sentence; empty if one can."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError as error:
        return f"nobody answers at {host} port {port} ({error.strerror or error})"
    return ""
