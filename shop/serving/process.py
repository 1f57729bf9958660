"""Starts the shop as a separate process for a run, and stops it afterwards."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import urlsplit

from shop.settings import Settings

READY = "checkload shop listening on "
"""The start of the line that a ready shop prints; its URL follows."""
_REPOSITORY = Path(__file__).resolve().parents[2]
_POLL = 0.02


class ShopStartError(Exception):
    """The shop did not start; the message has its own error."""


@dataclass(slots=True)
class ShopProcess:
    """A running shop. ``url`` is its address, ``http://127.0.0.1:<port>``."""

    url: str
    pid: int
    _process: subprocess.Popen[bytes] = field(repr=False)
    _stderr: IO[bytes] = field(repr=False)

    @classmethod
    def start(cls, settings: Settings, *, python: str = sys.executable, timeout: float = 15.0) -> Self:
        """Start a shop on a free loopback port and wait until it serves, at most ``timeout`` seconds.

        It stops when this process ends for any reason. Raises ``ShopStartError``.
        """
        # A file, because an unread pipe gets full and then blocks the shop.
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        command = [python, "-m", "shop", "--port", "0", "--settings", "-", "--exit-with-parent"]
        paths = [str(_REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            process = subprocess.Popen(  # noqa: S603 - our own program, by its own interpreter
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,
            )
        except OSError as error:
            complaints.close()
            raise ShopStartError(f"the shop could not be started: {error.strerror}") from None
        try:
            url = _await_ready(process, settings, timeout)
        except BaseException:
            _end(process, 1.0)
            complaints.close()
            raise
        if url is None:
            _end(process, 1.0)
            said = _read_stderr(complaints)
            complaints.close()
            raise ShopStartError(said or f"the shop did not start within {timeout:g} s")
        return cls(url, process.pid, process, complaints)

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ledger(self) -> dict[str, Any]:
        """Read the counts of the shop; raises ``OSError`` if it does not answer."""
        return self._ask("GET", "ledger")

    def change(self, settings: Settings) -> None:
        """Give the running shop other settings; raises ``OSError`` if it does not take them."""
        self._ask("PUT", "settings", settings.model_dump_json().encode())

    def _ask(self, method: str, control: str, body: bytes | None = None) -> dict[str, Any]:
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        try:
            connection.request(
                method, f"/_control/{control}", body, {"Content-Type": "application/json"} if body else {}
            )
            reply = connection.getresponse()
            document = json.loads(reply.read())
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"the shop's {control} cannot be read: {type(error).__name__}") from error
        finally:
            connection.close()
        if reply.status != http.client.OK or not isinstance(document, dict):
            raise OSError(f"the shop's {control} cannot be read: HTTP {reply.status}")
        return document

    def stop(self, timeout: float = 5.0) -> None:
        """Stop the shop and wait for its end; after ``timeout`` seconds, kill it. A second call does nothing."""
        _end(self._process, timeout)
        self._stderr.close()


def _await_ready(process: subprocess.Popen[bytes], settings: Settings, timeout: float) -> str | None:
    if process.stdin is None or process.stdout is None:
        raise ShopStartError("the shop was started without pipes")
    lines: list[bytes] = []
    output = process.stdout
    reader = threading.Thread(target=lambda: lines.append(output.readline()), daemon=True)
    reader.start()
    # A shop that ended before it read its settings prints the reason itself.
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(settings.model_dump_json().encode() + b"\n")
        process.stdin.flush()
    reader.join(timeout)
    line = lines[0].decode().strip() if lines else ""
    return line.removeprefix(READY) if line.startswith(READY) else None


def _end(process: subprocess.Popen[bytes], timeout: float) -> None:
    if process.poll() is None:
        process.terminate()
        if not _ended(process, timeout):
            process.kill()
            _ended(process, timeout)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _ended(process: subprocess.Popen[bytes], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while process.poll() is None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL)
    return True


def _read_stderr(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read().decode(errors="replace").strip()
