"""Ten hours of a run, driven by a clock: what is kept in memory and what is written, hour by hour.

python tests/calibration/ten_hours.py [--pages 292] [--journeys 20]

The numbers are those of the scenario ``soak``, in pages and journeys a second. It takes about ten minutes, and nothing waits.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "end_to_end")]

from fault_walks import InProcessTransport, Route, Walker
from finished_runs import a_run

from harness.measurement.bucket_layout import Bounds
from harness.measurement.recorder import Recorder
from harness.measurement.sample import JourneySample, PageSample, Window
from harness.metrics.collector import RunCollector
from harness.metrics.run_metrics import RunMetrics
from harness.metrics.series_file import MOST_BYTES, SERIES_FILE_NAME, SeriesFile
from harness.monitoring.order_numbers import OrderNumberRegister
from harness.reporting.report import RENDERINGS
from harness.results.orders_file import OrdersFile, PlacedOrder
from harness.results.store import write

HOURS = 10
HOUR = 3_600.0
SOAK_PAGES, SOAK_JOURNEYS = 292.0, 20.0
JOURNEYS = ("guest", "returning", "first_time", "abandoning")


@dataclass(frozen=True)
class Population:
    """The labels of a run: ``shared`` pages come with every payment option, ``single`` ones with one option each."""

    options: int = 14
    shared: int = 13
    single: int = 32

    def pages(self) -> list[tuple[str, str]]:
        shared = [
            (f"SharedPage{page}", f"option_{option}") for page in range(self.shared) for option in range(self.options)
        ]
        return shared + [(f"SinglePage{page}", f"option_{page % self.options}") for page in range(self.single)]


@dataclass
class Figures:
    """What a run of ten hours kept and wrote: bytes in memory after each hour, and the bytes of each file at the end."""

    kept: list[int] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    offered: int = 0
    recorder: Recorder | None = None

    @property
    def written(self) -> int:
        """The bytes of all files, without the list of orders, which has a row for each order."""
        return sum(size for name, size in self.files.items() if not name.startswith("orders.csv"))


def generator(
    folder: Path,
    *,
    pages: float,
    journeys: float,
    population: Population = Population(),
    most_bytes: int = MOST_BYTES,
) -> Figures:
    """Ten hours of the load generator, with so many pages and journeys a second; it writes all of its files."""
    chance, figures, seconds = random.Random(1), Figures(), HOURS * HOUR
    recorder = figures.recorder = Recorder(
        Window(0.0, 120.0, seconds), bounds=Bounds([0.3, 2.0, 60.0]), sliced_options={""}
    )
    numbers, orders, series = (
        OrderNumberRegister(),
        OrdersFile(folder),
        SeriesFile(folder / SERIES_FILE_NAME, most_bytes),
    )
    collector = RunCollector(lambda: RunMetrics(recorder=recorder, run_id="r", scenario="soak"))
    labels, next_page, next_journey, next_snapshot, hour = population.pages(), 0.0, 0.0, 0.0, 0
    try:
        for now in _moments(min(1 / pages, 1 / journeys), seconds):
            while next_page <= now:
                recorder.page(_page(chance, labels, next_page))
                next_page += 1 / pages
            while next_journey <= now:
                _walk(recorder, chance, next_journey, population.options)
                assert numbers.is_new(f"ON{figures.offered}")
                orders.add(PlacedOrder(f"ON{figures.offered}", "gpay", "49.99", "try", "ada@shop.test", f"{now:.0f}"))
                figures.offered += 1
                next_journey += 1 / journeys
            if next_snapshot <= now:
                series.append(collector.snapshot(series.next_timestamp(1.75e9 + now)))
                next_snapshot += series.interval
            if now >= (hour + 1) * HOUR:
                hour += 1
                figures.kept.append(_kept())
    finally:
        series.close()
        orders.close()
    write(_finished(recorder), folder, renderings=RENDERINGS)
    figures.files = {file.name: file.stat().st_size for file in folder.iterdir()}
    return figures


def _kept() -> int:
    """The bytes in use; 0 unless they are traced, which takes time."""
    if not tracemalloc.is_tracing():
        return 0
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _moments(step: float, seconds: float) -> Iterator[float]:
    """The moments of ten hours, the last one included."""
    return (min(number * step, seconds) for number in range(int(seconds / step) + 2))


def _page(chance: random.Random, labels: list[tuple[str, str]], due: float) -> PageSample:
    page, option = labels[int(chance.random() ** 2 * len(labels))]  # some are asked for more often
    took = chance.lognormvariate(-4.5, 0.8)
    outcome, status = (("ok", "nobody"), 200) if chance.random() > 1e-4 else (("server_error", "shop"), 500)
    return PageSample(page, option, *outcome, due, due, due + took, 900, status)


def _walk(recorder: Recorder, chance: random.Random, due: float, options: int) -> None:
    """One journey: offered, started, over."""
    journey, option = chance.choice(JOURNEYS), f"option_{chance.randrange(options)}"
    recorder.offered(due)
    recorder.started(due, chance.expovariate(1_000), 0.0)
    took = chance.lognormvariate(2.5, 0.5)
    recorder.journey(
        JourneySample(
            journey, option, "ok", "nobody", due, due, due + took, ordered=True, amount=4_999, reached="order"
        )
    )


def _finished(recorder: Recorder):
    run = a_run(1.0)
    return run.__class__(**{name: getattr(run, name) for name in run.__slots__} | {"recorder": recorder})


def shop(*, journeys: float) -> tuple[list[int], list[dict[str, int]], int]:
    """Ten hours of the embedded shop on its own clock: bytes and objects kept after each hour, and the orders in its ledger."""
    transport = InProcessTransport({"sms": {"options": ["pay_on_delivery"]}, "sessions": {"age": 300.0}})
    walker = Walker(transport, "http://shop.test", transport.clock, lambda _seconds: None)
    accounts = [walker.new_account() for _ in range(20)]
    routes = [Route(), Route("pay_on_delivery"), Route("gpay", "first_time"), Route("credit_card", "abandoning")]
    start, kept, objects, ordered = transport.clock.now, [], [], 0
    try:
        for number in count():
            transport.clock.now = max(transport.clock.now, start + number / journeys)
            if transport.clock.now - start >= (len(kept) + 1) * HOUR:
                kept.append(_kept())
                objects.append(_objects(transport.shop))
                if len(kept) == HOURS:
                    break
            route = routes[number % len(routes)]
            walked = walker(route, accounts[number % len(accounts)] if route.journey == "first_time" else None)
            ordered += walked.receipt is not None
    finally:
        transport.close()
    ledger = transport.shop.ledger
    assert ledger.document()["orders_total"] == ordered
    return kept, objects, ordered


def _objects(shop) -> dict[str, int]:
    return {
        "sessions": len(shop.sessions),
        "orders": len(shop.ledger._kept),
        "phones": len(shop.sms._inbox),
        "accounts": len(shop.accounts._made_up),
    }


def asked_for(words: list[str]) -> argparse.Namespace:
    """The options of this program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=float, default=SOAK_PAGES, help="pages a second")
    parser.add_argument("--journeys", type=float, default=SOAK_JOURNEYS, help="journeys a second")
    return parser.parse_args(words)


def main() -> None:
    chosen = asked_for(sys.argv[1:])
    tracemalloc.start()
    with tempfile.TemporaryDirectory(prefix="checkload-ten-hours-") as folder:
        figures = generator(Path(folder), pages=chosen.pages, journeys=chosen.journeys)
    print("generator, MB kept after each hour:", *(f"{size / 1e6:.1f}" for size in figures.kept))
    print("files, MB:", ", ".join(f"{name} {size / 1e6:.2f}" for name, size in sorted(figures.files.items())))
    print(f"all files without the list of orders: {figures.written / 1e6:.2f} MB")
    kept, objects, ordered = shop(journeys=chosen.journeys / 20)
    print("shop, MB kept after each hour:", *(f"{size / 1e6:.2f}" for size in kept))
    print(f"shop, after the first hour and the last: {objects[0]}, {objects[-1]}; {ordered:,} orders in its ledger")


if __name__ == "__main__":
    main()
