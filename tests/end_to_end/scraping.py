"""A real Prometheus that scrapes one run, and queries on what it has stored."""

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request

PREFIX = "checkout_load_"
RANGE = "15m"  # longer than any test


def a_free_port():
    """A free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(url):
    """The body of a page; ``OSError`` if the server does not answer."""
    with urllib.request.urlopen(url, timeout=5) as reply:
        return reply.read()


class Prometheus:
    """One ``prometheus`` process with a configuration and a store of its own, scraping once a second."""

    def __init__(self, folder, metrics_port, *flags, settings=None):
        folder.mkdir()
        scrape = {"job_name": "checkload", "static_configs": [{"targets": [f"127.0.0.1:{metrics_port}"]}]}
        config = folder / "prometheus.yml"
        often = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config.write_text(json.dumps({"global": often, "scrape_configs": [scrape], **(settings or {})}))  # JSON is YAML
        self.address = f"http://127.0.0.1:{a_free_port()}"
        self._said = (folder / "log").open("w")
        self.process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={self.address.removeprefix('http://')}",
                *flags,
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )
        self._wait_until_ready(folder / "log")

    def _wait_until_ready(self, log):
        deadline = time.monotonic() + 30
        while True:
            try:
                fetch(f"{self.address}/-/ready")
            except OSError:
                assert self.process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            else:
                return

    def ask(self, query):
        """What a query yields: its labels, without the name, as a frozen set of pairs, and their values."""
        url = f"{self.address}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        answer = json.loads(fetch(url))
        assert answer["status"] == "success", answer
        return {frozenset(one["metric"].items()): float(one["value"][1]) for one in answer["data"]["result"]}

    def total(self, name, *by, **labels):
        """The last count of a counter or histogram series, added up over all labels but ``by``.

        As a dictionary by the values of ``by``, or as one number without any; what only ever grows ends at its
        greatest value, and ``increase()`` would guess beyond it.
        """
        wanted = ",".join(f'{label}="{value}"' for label, value in labels.items())
        query = f"sum by ({','.join(by)}) (max_over_time({PREFIX}{name}{{{wanted}}}[{RANGE}]))"
        found = {tuple(dict(key).get(label, "") for label in by): value for key, value in self.ask(query).items()}
        if not by:
            return found.get((), 0.0)
        return {key[0] if len(by) == 1 else key: value for key, value in found.items()}

    def last(self, name):
        """The last value of each series of a gauge, by its labels."""
        return self.ask(f"last_over_time({PREFIX}{name}[{RANGE}])")

    def close(self):
        """End it."""
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._said.close()
