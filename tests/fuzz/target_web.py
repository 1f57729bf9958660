"""The web UI's form and headers, and those of ``/metrics``: no error 500, no reply to a foreign name, no file and no host accepted."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from contextlib import contextmanager
from types import SimpleNamespace

import gevent
from gevent import socket
from locust.env import Environment
from locust.web import WebUI

from harness.allowed_targets import is_loopback, target_refusal
from harness.locust_plugin.options import choices
from harness.locust_plugin.web.form import UserSettings
from harness.locust_plugin.web.tabs import UiState
from harness.locust_plugin.web.ui import CheckloadUi
from harness.measurement.recorder import Recorder
from harness.measurement.sample import Window
from harness.metrics.collector import RunCollector
from harness.metrics.run_metrics import RunMetrics
from harness.metrics.server import serve
from scenarios.runtime.scenario_folder import ScenarioFolder
from users.shopper import Guest

SOUND = {"user_count": "20", "spawn_rate": "100", "host": "", "run_time": "", "scenario": "baseline"}
HOSTS = ("127.0.0.1:8089", "localhost:8089", "[::1]:8089", "LOCALHOST.:1", "ui.internal")
FOREIGN = ("evil.example", "127.0.0.1.evil.example", "[", "[::1", "]:80", "", " ", "@localhost", "evil@127.0.0.1", "127.0.0.1:99999999",
           "0x7f.0.0.1", "127.1", "10.0.0.5", "b\u00fccher.example", "localhost\u0430", "a" * 5_000, "%6cocalhost", "localhost%00.evil.example",
           "localhost:80:80", "127.0.0.1, evil.example", "::1", "[::1%25lo]", "[::ffff:127.0.0.1]", "\u0661\u0662\u0667.0.0.1")  # fmt: skip
TEXTS = ("", " ", "x", "-1", "0", "1", "1e300", "nan", "inf", "-inf", "9" * 400, "9" * 5_000, "100000h", "1h" * 500, "9" * 30 + "h", "\u0663", "1_0",
         "true", "/proc/self/fd/7", "/proc/self/environ", "/etc/shadow", "../baseline.toml", "baseline.toml", "./x.toml", "scenarios/smoke",
         "\x00", "a\x00.toml", "C:\\x.toml", "smoke", " smoke ", "capacity", "gpay=1", "gpay=1e308,credit_card=1e308", "=,=,", "{}", "[]", "<b>",
         "http://evil.example", "http://127.0.0.1:1", " http://127.0.0.1:1 ", "HTTP://LOCALHOST", "http://localhost.", "http://127.0.0.1:1/x",
         "http://a:b@127.0.0.1", "http://[", "http://[::1]:1", "http://127.0.0.1\t", "http://127.0.0.1\\@evil.example", "//127.0.0.1",
         "file:///etc/passwd", "http://0x7f.1", "http://127.0.0.1:0", "http://127.0.0.1:1#", "http://b\u00fccher.example", "5/s", "1e300/s", "x" * 20_000)  # fmt: skip
KEYS = (*SOUND, "payment_mix", "sms_share", "arrival_rate", "seed", "think_scale", "budget", "profile", "user_classes", "shape_class", "allow_target",
        "no_verify_tls", "results", "web_host", "headless", "", "__class__", "scenario[]", "\x00")  # fmt: skip
DOCTOR = "/checkload/doctor/start"
PATHS = ("/", DOCTOR, DOCTOR, DOCTOR, "/checkload/doctor", "/checkload/doctor/stop", "/checkload/doctor/report", "/swarm", "/swarm", "/swarm", "/swarm", "/stop", "/stats/requests", "/stats/reset", "/user", "/tasks", "/exceptions", "/logs",
         "/stats/requests/csv", "/assets/../../etc/passwd", "/swarm/", "//swarm", "/%73warm", "/nowhere")  # fmt: skip
TIMEOUTS = ("4", "1e12", "inf", "nan", "-1", "x", "9" * 5_000, "")
OPTIONS = {
    **dict.fromkeys(("num_users", "spawn_rate", "run_time", "host", "tags", "exclude_tags", "profile")),
    **dict.fromkeys(
        ("stats_history_enabled", "headless", "no_verify_tls", "stop_when_certain", "class_picker", "only_summary"),
        False,
    ),
    **dict.fromkeys(("payment_mix", "sms_share", "arrival_rate", "seed", "think_scale", "budget"), ""),
    "scenario": "baseline",
    "allow_target": [],
    "results": "",
    "no_verify_tls": False,
    "web_allowed_hosts": "ui.internal",
    "max_orders": "",
    "max_sms": "",
    "web_base_path": "",
}


def a_ui(program, started, walks):
    """Locust's own web UI behind the guard, with a runner that only records the start request; it opens no port."""
    environment = Environment(user_classes=[Guest], parsed_options=Namespace(**OPTIONS))
    runner = environment.create_local_runner()
    runner.start_shape = lambda: started.append(dict(vars(environment.parsed_options)))
    runner.start = runner.stop = lambda *_, **__: None
    environment.shape_class = SimpleNamespace(use_common_options=True)
    pool = UserSettings()
    web_ui = WebUI(environment, "127.0.0.1", 0, delayed_start=True)
    front = CheckloadUi(
        environment,
        program,
        pool,
        lambda asked: program.choose(choices(asked, pool.users(asked))),
        lambda: UiState(None),
    )
    front.install(web_ui, ("false",))
    front.doctor.walk.start = lambda options, _results: walks.append(options)
    return web_ui, environment


def a_form(random):
    form = dict(SOUND)
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        form[random.choice(KEYS)] = random.choice(TEXTS)
    for key in random.sample(sorted(form), random.choice((0, 0, 0, 1))):
        del form[key]
    return form


def a_host(random):
    return random.choice(HOSTS) if random.random() < 0.75 else random.choice(FOREIGN)


def scraped(port, host, timeout, random):
    """The answer to a scrape with these headers, as it comes over a socket; gevent serves it meanwhile."""
    line = random.choice(
        (
            "GET /metrics HTTP/1.1",
            "GET / HTTP/1.1",
            "POST /metrics HTTP/1.1",
            "GET /x HTTP/1.1",
            "GET /metrics HTTP/9",
            "X",
            "\x00",
        )
    )
    text = f"{line}\r\nHost: {host}\r\nX-Prometheus-Scrape-Timeout-Seconds: {timeout}\r\nAccept: {random.choice(TEXTS)[:500]}\r\nConnection: close\r\n\r\n"
    with gevent.Timeout(4), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(text.encode("utf-8"))
        answer = b""
        while len(answer) < 200 and (piece := connection.recv(65536)):
            answer += piece
    return line, answer


def walked(walks, problem, scenarios):
    """How a start of the doctor ended: with a walk that the form may ask for, or with a reason."""
    if not walks:
        assert 0 < len(problem) < 6_000, problem
        return "no walk, with reasons"
    (options,) = walks
    named = {name: value for name, _, value in (option.partition("=") for option in options)}
    assert named.keys() <= {"--scenario", "--host", "--no-orders"}, options
    assert named.get("--scenario", "smoke") in scenarios, options
    assert target_refusal(named.get("--host", "http://localhost")) is None, options
    return "walked"


@contextmanager
def opened():
    sys.argv[1:] = []  # Locust's page reads it once more
    program, started, walks = ScenarioFolder(), [], []
    web_ui, environment = a_ui(program, started, walks)
    client = web_ui.app.test_client()
    recorder = Recorder(Window(0.0, 0.0, 100.0))
    server = serve(
        RunCollector(lambda: RunMetrics(recorder, "run-1", "baseline")), port=0, allowed_hosts={"ui.internal"}
    )

    def one(random):
        host = a_host(random)
        if random.random() < 0.2:
            line, answer = scraped(server.port, host, random.choice(TIMEOUTS), random)
            assert b" 500 " not in answer[:40], answer
            assert host in HOSTS or b" 200 " not in answer[:40], (host, answer)
            return (
                f"metrics {answer[9:12].decode() or 'closed'}"
                if line.startswith(("GET /", "POST"))
                else "metrics: no HTTP"
            )
        headers = {"HTTP_HOST": host.encode("utf-8").decode("latin-1")}
        if random.random() < 0.3:
            headers["HTTP_ORIGIN"] = (
                f"{random.choice(('http', 'https', 'null', 'file', ''))}{random.choice(('://', '', ':'))}{a_host(random)}"
            )
        if random.random() < 0.1:
            headers["HTTP_SEC_FETCH_SITE"] = random.choice(
                ("cross-site", "same-site", "same-origin", "none", "", "x" * 999)
            )
        path, method = random.choice(PATHS), random.choice(("POST", "POST", "POST", "GET", "PUT", "OPTIONS", "TRACE"))
        form = a_form(random)
        if path == DOCTOR and random.random() < 0.9:
            form = {key: form.get(key, random.choice(TEXTS)) for key in ("scenario", "host", "orders")}
        started.clear()
        walks.clear()
        before = time.process_time()
        try:
            answer = client.open(path, method=method, data=form, environ_overrides=headers)
            text = answer.get_data(as_text=True) if path in ("/swarm", DOCTOR) else ""
        finally:
            environment.host = None
        assert time.process_time() - before < 5, form
        assert answer.status_code < 500, (path, method, form, answer.get_data(as_text=True)[:500])
        assert host in HOSTS or answer.status_code == 403, (host, answer.status_code)
        if headers.get("HTTP_SEC_FETCH_SITE") in {"cross-site", "same-site"} and method in {"POST", "PUT"}:
            assert answer.status_code in {403, 405}, answer.status_code
        for options in started:
            assert options["scenario"] in {*program.names(), ""}, options
            assert options["allow_target"] == [], options
            assert (
                not options["host"]
                or is_loopback(
                    options["host"].rpartition("//")[2].rpartition(":")[0].strip("[]").lower() or "localhost"
                )
                or is_loopback(options["host"].rpartition("//")[2].strip("[]").lower())
            ), options
            return "started"
        if (path, method, answer.status_code) == (DOCTOR, "POST", 200):
            return walked(walks, json.loads(text)["problem"], program.names())
        if (path, method, answer.status_code) == ("/swarm", "POST", 200):
            assert json.loads(text)["success"] is False, text
            assert len(text) < 6_000, text
            return "refused with reasons"
        return f"{answer.status_code}"

    try:
        yield one
    finally:
        server.stop()
