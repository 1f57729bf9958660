"""The cost of one scrape a second in a process that also makes load.

Run it as ``python tests/benchmarks/bench_scrape.py``. First the processor time of one scrape, beside what the Prometheus
client library takes for the very same metrics; then how long the event loop has to wait for it: a probe sleeps for a
millisecond at a time while another process scrapes every second, and then also while a page "Live" asks every second, as a
browser does. At last, it sends traces as ``--otlp`` does. It takes about three quarters of a minute.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
from gevent import monkey
from prometheus_client import generate_latest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from library_metrics import registry_of
from workloads import FakeWorkload

from harness.locust_plugin.web.live.feed import LiveFeed
from harness.locust_plugin.web.live.samples import RunSamples
from harness.locust_plugin.web.ui_state import UiState
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.metrics.collector import RunCollector
from harness.metrics.exposition import ExpositionFormat
from harness.metrics.run_metrics import ObjectiveStatus, RunMetrics
from harness.metrics.server import serve
from harness.objectives.parser import parse
from harness.run.driver import drive_alone
from harness.tracing.journey_trace import TracedPage
from harness.tracing.otlp import PATH, otlp_export
from harness.tracing.span_sender import SpanSender
from harness.tracing.tracer import Tracer
from harness.yield_to_load import YieldToLoad
from shop.contract import PAYMENT_OPTIONS, Page

WANTED_SERIES = 8_000
OBJECTIVE = parse("page response_time p95 < 300ms")
STALL = 0.005  # seconds that the event loop may be held up, for 99 of 100 probes
JOURNEYS, PAGES = 30, 10
"""Journeys a second whose traces are sent, and the pages of each."""
RECEIVER = """
import http.server

class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
"""
SCRAPER = """
import sys, time, urllib.request
for _ in range(int(sys.argv[2])):
    began = time.monotonic()
    asked = urllib.request.Request(sys.argv[1], headers={
        "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", "Accept-Encoding": "gzip"})
    urllib.request.urlopen(asked, timeout=10).read()
    time.sleep(max(0.0, 1 - (time.monotonic() - began)))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10)
    asked = parser.parse_args()
    monkey.patch_all(ssl=False)  # as Locust does: the exporter of traces waits for its socket
    state = RunMetrics(
        a_long_run(),
        "bench-1",
        "bench",
        objectives=[ObjectiveStatus(parse("page response_time p95 < 300ms"))],
    )
    collector = RunCollector(lambda: state)
    registry = registry_of(collector)
    text = b"".join(collector.text(form=ExpositionFormat.OPENMETRICS))
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    ours = best(lambda: b"".join(collector.text(form=ExpositionFormat.OPENMETRICS)))
    longest = longest_stretch(collector)
    packed = best(lambda: zlib.compress(text, 1, 31))
    library = best(lambda: generate_latest(registry))
    made = best(lambda: list(collector.families()))
    print(
        f"series:          {series:,} ({len(text) / 1e6:.1f} MB, {len(zlib.compress(text, 1, 31)) / 1e3:.0f} kB packed)"
    )
    print(
        f"ours:            {ours * 1e3:.1f} ms, adding up took {made * 1e3:.1f} ms; packing {packed * 1e3:.1f} ms more"
    )
    print(f"the library's:   {library * 1e3:.1f} ms, adding up took {made * 1e3:.1f} ms")
    print(
        f"ratio:           {library / ours:.1f}; of the writing alone {(library - made) / max(ours - made, 1e-9):.1f}"
    )
    print(f"longest stretch: {longest * 1e3:.2f} ms without a pause, in the best of ten scrapes")
    quiet, scraped = lag(asked.seconds, None), lag(asked.seconds, collector)
    watched = lag(asked.seconds, collector, watcher(asked.seconds))
    with receiver() as url:
        sender = span_sender(url)
        traced = lag(asked.seconds, None, journeys(asked.seconds, Tracer(sender)))
        sender.finish()
    rows = (("not scraped", quiet), ("scraped", scraped), ("scraped, watched", watched), ("traced", traced))
    for name, late in rows:
        p99, p999 = late[int(len(late) * 0.99)], late[int(len(late) * 0.999)]
        print(
            f"{name:16} loop late by p99 {p99 * 1e3:.2f} ms, p99.9 {p999 * 1e3:.2f} ms, at most {late[-1] * 1e3:.2f} ms"
        )
    counts = sender.counts
    print(
        f"traced means {JOURNEYS} journeys of {PAGES} pages a second: {counts.sent:,} spans sent, {counts.dropped:,} dropped"
    )
    during = max(late[int(len(late) * 0.99)] for late in (scraped, watched, traced))
    return 0 if series >= WANTED_SERIES and during <= STALL else 1


def watcher(seconds: int) -> Callable[[], None]:
    """What a page "Live" asks of a long run every second, while 300 pages a second come."""
    driver = drive_alone(FakeWorkload(arrival_rate=30.0, warm_up=10.0, steady=990.0, objectives=[OBJECTIVE]), None)
    run, samples = driver.run, RunSamples()
    run.recorder = recorder = a_long_run()
    now = run.clock()
    recorder.window = Window(now - 900.0, now - 890.0, now + 100.0)
    run.lifecycle.begin()
    feed = LiveFeed(lambda: UiState(run, driver=driver, samples=samples))

    def watch() -> None:
        asked: dict[str, str] = {}
        for _ in range(seconds):
            began = run.clock()
            for number in range(300):
                page, option = list(Page)[number % 10], list(PAYMENT_OPTIONS)[number % 14]
                recorder.page(PageSample(page.value, option, "ok", "nobody", began, began, began + 0.02, 900, 200))
            samples.record(driver)
            answer = feed.answer(asked)
            json.dumps(answer)
            subject = answer["subject"]
            asked = {"run": run.id, "number": str(subject["number"]), "length": str(subject["length"])}
            gevent.sleep(max(0.0, 1 - (run.clock() - began)))

    return watch


@contextmanager
def receiver() -> Iterator[str]:
    """The address of a process that takes traces and forgets them."""
    with subprocess.Popen([sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}{PATH}"
        process.terminate()


def span_sender(url: str) -> SpanSender:
    """Sends spans to this address, as a worker does with ``--otlp``."""
    export = otlp_export(url, lambda: "bench-1", "bench", lambda moment: time.time() - time.perf_counter() + moment)
    return SpanSender(export, url)


def journeys(seconds: int, tracer: Tracer) -> Callable[[], None]:
    """Journeys that end evenly over so many seconds, each with a trace that is sent."""

    def end() -> None:
        for number in range(1, seconds * JOURNEYS + 1):
            began = time.perf_counter()
            pages = [
                TracedPage(
                    PageSample(page.value, "gpay", "ok", "nobody", began, began, began + 0.02, 900, 200),
                    f"00-{number:032x}-{place + 1:016x}-01",
                )
                for place, page in enumerate(list(Page)[:PAGES])
            ]
            journey = JourneySample("guest", "gpay", "ok", "nobody", began, began, began + 0.2, ordered=True)
            tracer.end_journey(journey, number, f"{PAGES + 1:016x}", pages, sampled=True)
            gevent.sleep(1 / JOURNEYS)

    return end


def a_long_run(pages: int | None = None) -> Recorder:
    """A run with so many pages for every payment option (or all pages), each with enough samples to fill its histogram."""
    chance = random.Random(1)
    recorder = Recorder(Window(0.0, 10.0, 1000.0))
    for number, page in enumerate(list(Page)[:pages]):
        for option in PAYMENT_OPTIONS:
            for outcome, blame, n in (("ok", "nobody", 150), ("http_5xx", "shop", int(number % 4 == 0))):
                for _ in range(n):
                    due, took = chance.uniform(10, 1000), chance.lognormvariate(-4, 0.8)
                    sample = PageSample(page.value, option, outcome, blame, due, due, due + took, 900, 200)
                    recorder.page(sample)
    for option in PAYMENT_OPTIONS:
        for _ in range(200):
            due = chance.uniform(10, 1000)
            took = chance.lognormvariate(0, 0.5)
            recorder.journey(JourneySample("guest", option, "ok", "nobody", due, due, due + took, ordered=True))
    return recorder


def best(work: object, turns: int = 10) -> float:
    """The least processor time of several turns, seconds."""
    took = []
    for _ in range(turns):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took)


def longest_stretch(collector: RunCollector) -> float:
    """The longest time between two moments at which others get the processor, packing included; best of ten scrapes."""
    worst = []
    for _ in range(10):
        stretches, since = [], time.thread_time()

        def pause(_seconds: float = 0.0) -> None:
            nonlocal since
            stretches.append(time.thread_time() - since)  # noqa: B023 - called within the turn
            since = time.thread_time()

        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        for piece in collector.text(YieldToLoad(pause, 0.0), ExpositionFormat.OPENMETRICS):
            packer.compress(piece)
        pause()
        worst.append(max(stretches))
    return min(worst)


def lag(seconds: int, collector: RunCollector | None, beside: Callable[[], None] | None = None) -> list[float]:
    """By how much a sleep of a millisecond was too long, in rising order, with or without scrapes and other work ``beside``."""
    work = None if beside is None else gevent.spawn(beside)
    gc.collect()
    gc.freeze()
    server = serve(collector, port=0) if collector else None
    scraper = None
    if server is not None:
        url = f"http://127.0.0.1:{server.port}/metrics"
        scraper = subprocess.Popen([sys.executable, "-c", SCRAPER, url, str(seconds)])
    late, end = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        gevent.sleep(0.001)
        late.append(time.perf_counter() - began - 0.001)
    if work is not None:
        work.kill()
    if server is not None and scraper is not None:
        scraper.terminate()
        scraper.wait()
        server.stop()
    return sorted(late)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # at an ordinary end, the locks of gevent are gone before the logging that needs them
