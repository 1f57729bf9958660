"""Starts the processes of a benchmark, each on a core of its own, and ends them with it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import trustme

HERE = Path(__file__).resolve().parent
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
APART = len(CORES) > 1
"""Whether the responder and its clients have a core each."""


@contextlib.contextmanager
def started(command: list[str], *, client: bool = True, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process on the clients' core or on the responder's; closing its standard input ends it."""

    def pin() -> None:
        # This runs before the program starts, so all of its threads stay on the core.
        if APART:
            os.sched_setaffinity(0, {CORES[1 if client else 0]})

    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command,
        stdin=pipe,
        stdout=pipe,
        text=True,
        preexec_fn=pin,  # noqa: PLW1509 - there are no threads here
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextlib.contextmanager
def responder(script: str = "responder.py", *arguments: str) -> Iterator[list[int]]:
    """A server of this folder; yields its ports."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        with started([sys.executable, str(HERE / script), str(port_file), *arguments], client=False):
            deadline = time.monotonic() + 20
            while not (port_file.exists() and port_file.read_text().endswith("\n")):
                assert time.monotonic() < deadline, f"{script} did not start"
                time.sleep(0.02)
            yield [int(port) for port in port_file.read_text().split()]


@contextlib.contextmanager
def certificates() -> Iterator[tuple[str, str]]:
    """Two files: the certificate of 127.0.0.1 with its key, and the authority that clients verify it by."""
    with tempfile.TemporaryDirectory() as folder:
        authority = trustme.CA()
        server, trusted = f"{folder}/server.pem", f"{folder}/authority.pem"
        authority.cert_pem.write_to_path(trusted)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(server)
        yield server, trusted


def asked(script: str, *arguments: object, **environment: str) -> dict:
    """The result of a script of this folder, run in a process of its own on the clients' core."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    with started(command, **environment) as process:
        answer = process.stdout.read()
        assert process.wait(10) == 0, f"{script} {arguments} failed"
    return json.loads(answer)


def ran(command: list[str], **environment: str) -> tuple[str, float]:
    """The output of a program on the clients' core, and the processor seconds it took."""
    before = _children()
    with started(command, **environment) as process:
        output = process.stdout.read()
        code = process.wait(10)
    assert code == 0, f"{command[0]} ended with {code}"
    return output, _children() - before


def ran_script(
    command: list[str], name: str, text: str, values: Mapping[str, object], **environment: str
) -> tuple[str, float]:
    """What ``ran`` returns for a command with this script as its last word; ``__KEY__`` in the text becomes the value of ``KEY``."""
    for key, value in values.items():
        text = text.replace(f"__{key}__", str(value))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / name
        script.write_text(text, encoding="utf-8")
        return ran([*command, str(script)], **environment)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
