from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shop.serving.process import ShopProcess, ShopStartError
from shop.settings import Settings

pytestmark = pytest.mark.end_to_end

ROOM = Path(__file__).resolve().parents[3]
READY = b"checkload shop listening on http://127.0.0.1:"


def ask(url, path, method="GET", body=None, headers=None):
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def wait_until(check, seconds=10.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def shop():
    running = []

    def start(**settings):
        running.append(ShopProcess.start(Settings.model_validate(settings)))
        return running[-1]

    yield start
    for process in running:
        process.stop()


@pytest.fixture
def run():
    """Start ``python -m shop`` with these arguments; processes that still run at the end are stopped."""
    started = []

    def start(*arguments, stdin=subprocess.DEVNULL):
        command = [sys.executable, "-m", "shop", *arguments]
        process = subprocess.Popen(command, cwd=ROOM, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_shop_serves_and_counts_and_stops(shop):
    running = shop(seed=5)
    assert running.alive()
    assert ask(running.url, "/_control/health")[0] == 200
    assert json.loads(ask(running.url, "/_control/settings")[1])["seed"] == 5
    ask(running.url, "/csrf_token/")
    assert running.ledger()["pages"] == {"CsrfToken": 1}
    running.stop()
    running.stop()
    assert not running.alive()
    with pytest.raises(OSError, match=r".+"):
        running.ledger()


def test_reset_and_stall_work_over_a_socket(shop):
    fault = {"name": "reset", "pages": ["CsrfToken"]}
    running = shop(faults=[fault, {"name": "stall", "pages": ["Basket"]}])
    with pytest.raises(ConnectionResetError):
        ask(running.url, "/csrf_token/")
    address = urlsplit(running.url)
    with socket.create_connection((address.hostname, address.port), timeout=0.3) as connection:
        connection.sendall(b"GET /baskets/basket/ HTTP/1.1\r\nHost: shop\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert ask(running.url, "/product/1/")[0] == 200


def test_a_stop_cuts_off_waiting_requests(shop):
    running = shop(service={"default": "60s"})
    address = urlsplit(running.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(b"GET /product/1/ HTTP/1.1\r\nHost: shop\r\n\r\n")
        assert wait_until(lambda: running.ledger()["requests"] == 1)
        began = time.monotonic()
        running.stop(timeout=8)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_shop_quietly(run, number):
    process = run("--port", "0")
    assert process.stdout.readline().startswith(READY)
    process.send_signal(number)
    output, complaints = process.communicate(timeout=10)
    assert (process.returncode, output, complaints) == (0, b"", b"")


def test_the_shop_ends_with_its_parent(run):
    """A parent that is killed closes the pipe, because the system closes its files."""
    code = (
        "import time; from shop.serving.process import ShopProcess; from shop.settings import Settings; "
        "print(ShopProcess.start(Settings()).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOM, stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()

    def gone():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        return state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"

    assert wait_until(gone)


def test_a_taken_port_is_reported_in_one_line(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = run("--port", str(port))
        output, complaints = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, b"")
    assert complaints.decode().splitlines() == [
        f"shop: --port {port}: address already in use; choose another port, or 0 for a free one"
    ]


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["--port", "70000"], "--port 70000: give a port from 0"),
        (["--port", "0", "--host", "0.0.0.0"], "--allow-other-hosts"),
        (["--port", "0", "--host", "shop.example"], "give an IP address"),
        (["--port", "0", "--settings", "/no/such/file.toml"], "No such file"),
        (["--port", "0", "--seed", "-1"], "settings: seed:"),
    ],
)
def test_startup_errors_have_no_traceback(run, arguments, printed):
    process = run(*arguments)
    output, complaints = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, b"")
    assert printed in complaints.decode()
    assert len(complaints.decode().splitlines()) == 1


def test_the_seed_option_overrides_the_settings_file(run, tmp_path):
    path = tmp_path / "shop.toml"
    path.write_text('seed = 1\nworkers = 3\n[service]\ndefault = "10ms"\n')
    process = run("--port", "0", "--settings", str(path), "--seed", "9")
    url = process.stdout.readline().decode().split()[-1]
    settings = json.loads(ask(url, "/_control/settings")[1])
    assert (settings["seed"], settings["workers"], settings["service"]["default"]) == (9, 3, 0.01)


def test_all_problems_of_a_settings_file_are_reported(run, tmp_path):
    path = tmp_path / "shop.json"
    path.write_text('{"workers": 0, "colour": "red"}')
    process = run("--port", "0", "--settings", str(path))
    complaints = process.communicate(timeout=20)[1].decode()
    assert process.returncode == 2
    assert "settings: workers:" in complaints
    assert "settings: colour:" in complaints


def test_a_shop_that_cannot_start_says_why(tmp_path):
    settings = Settings(accounts_file=str(tmp_path / "none.csv"))
    with pytest.raises(ShopStartError, match=r"none\.csv: No such file"):
        ShopProcess.start(settings)


def test_a_shop_under_gevent_starts_and_stops():
    code = (
        "from gevent import monkey; monkey.patch_all(); from shop.serving.process import ShopProcess; "
        "from shop.settings import Settings; shop = ShopProcess.start(Settings()); "
        "print(shop.ledger()['requests'], shop.alive()); shop.stop(); print(shop.alive())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOM, check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.split(), done.returncode) == (["0", "True", "False"], 0)


def test_the_access_log_is_complete_and_an_unwritable_one_is_refused(shop, tmp_path):
    log = tmp_path / "access.log"
    running = shop(access_log=str(log))
    for _ in range(3):
        ask(running.url, "/product/1/")
    running.stop()
    assert [line.split('"')[1] for line in log.read_text().splitlines()] == ["GET /product/1/ HTTP/1.1"] * 3
    with pytest.raises(ShopStartError, match=r"access_log .*no such file or directory; name a file"):
        shop(access_log=str(tmp_path / "nowhere" / "access.log"))
