import socket
import subprocess
import sys

import pytest
from running import QUICK, ROOT, Locust


@pytest.fixture
def locust(tmp_path):
    """Start ``locust`` with these arguments; whatever is still running afterwards is ended."""
    started = []

    def start(*arguments, **keywords):
        started.append(Locust(tmp_path / f"results-{len(started) + 1}", *arguments, **keywords))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def scenario(tmp_path):
    """Write a scenario file and return its path."""

    def write(text=QUICK, name="quick"):
        path = tmp_path / f"{name}.toml"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def free_port():
    """A free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def shop():
    """A shop that was started by hand."""
    command = [sys.executable, "-m", "shop", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture
def nothing_may_be_skipped():
    """Fails the test that asks for it."""
    pytest.fail("a program that this test needs is missing, and CI skips nothing")
