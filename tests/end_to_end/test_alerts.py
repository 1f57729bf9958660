"""Sends alerts from a real Prometheus through a real Alertmanager to a receiver; some alerts are inhibited."""

import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from running import ROOT, needs
from scraping import Prometheus, a_free_port, fetch

FOLDER = ROOT / "dashboards" / "prometheus"
PATIENCE = 60  # seconds

# What two runs publish: the shop of both fails, and the instrument of the first cannot be trusted.
METRICS = """
checkout_load_workers{{run_id="untrusted",state="lost"}} 1
checkout_load_workers{{run_id="trusted",state="lost"}} 0
checkout_load_page_duration_seconds_count{{run_id="untrusted",page="Pay",result="failure"}} {count}
checkout_load_page_duration_seconds_count{{run_id="trusted",page="Pay",result="failure"}} {count}
"""


class Endpoint:
    """A server that keeps the alerts it receives, and serves the metrics of two runs."""

    def __init__(self):
        reported = self.reported = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(METRICS.format(count=int(time.time() * 10)).encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reported.extend((self.path, one["status"], one["labels"]) for one in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments):
                """Write no log."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def firing(self):
        return {
            (path, labels["alertname"], labels["run_id"])
            for path, status, labels in self.reported
            if status == "firing"
        }

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint():
    one = Endpoint()
    yield one
    one.close()


@pytest.fixture
def alertmanager(tmp_path, endpoint):
    """Alertmanager with our configuration, except for the receiver's address and the time to group alerts."""
    config = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())
    config["route"].update(group_wait="1s", group_interval="1s")
    for receiver in config["receivers"]:
        for hook in receiver["webhook_configs"]:
            hook["url"] = hook["url"].replace("127.0.0.1:9099", f"127.0.0.1:{endpoint.port}")
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{a_free_port()}"
    command = ["prometheus-alertmanager", f"--config.file={file}", f"--storage.path={tmp_path / 'alerts'}"]
    command += [f"--web.listen-address={address}", "--cluster.listen-address="]
    with (tmp_path / "alertmanager.log").open("w") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            _until(lambda: _answers(f"http://{address}/-/ready"), "Alertmanager is ready")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture
def prometheus(tmp_path, endpoint, alertmanager):
    """Prometheus with our rules, but with waits of two seconds; other tests check the real waits."""
    rules = tmp_path / "rules"
    rules.mkdir()
    for path in (FOLDER / "rules").glob("*.yml"):
        read = yaml.safe_load(path.read_text())
        for group in read["groups"]:
            group["interval"] = "1s"
            for rule in group["rules"]:
                if "for" in rule:
                    rule["for"] = "2s"
        (rules / path.name).write_text(yaml.safe_dump(read))
    settings = {
        "rule_files": [f"{rules}/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
    }
    # The first alert goes out before Alertmanager has been found, and again only after this delay.
    one = Prometheus(tmp_path / "prometheus", endpoint.port, "--rules.alert.resend-delay=1s", settings=settings)
    yield one
    one.close()


def _answers(url):
    try:
        return bool(fetch(url))
    except OSError:
        return False


def _until(holds, what):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.1)


@pytest.mark.end_to_end
@needs("prometheus", "prometheus-alertmanager")
def test_an_alert_arrives_and_alerts_of_an_invalid_run_about_the_shop_are_inhibited(prometheus, endpoint, alertmanager):
    arrive = {
        ("/instrument", "WorkersLost", "untrusted"),
        ("/shop", "PageFailing", "trusted"),
    }
    _until(lambda: arrive <= endpoint.firing(), arrive)

    def held_back():
        alerts = json.loads(fetch(f"http://{alertmanager}/api/v2/alerts"))
        return [one for one in alerts if one["status"]["inhibitedBy"]]

    _until(held_back, "the alert of the shop in the run that is not valid")
    (one,) = held_back()
    assert (one["labels"]["alertname"], one["labels"]["run_id"]) == ("PageFailing", "untrusted")
    time.sleep(3)  # three more rounds in which an alert could arrive
    assert endpoint.firing() == arrive
