"""Works out on paper what a wanted number of orders a minute needs: workers, cores, users, the master, series in Prometheus.

Run as ``python tests/benchmarks/on_paper.py ORDERS MICROSECONDS``: orders a minute, and processor time of a page. The other
numbers stand at the top of this file, each with the command that measures it.
"""

from __future__ import annotations

import math
import sys

PAGES_A_JOURNEY = 14.6  # checkload run baseline: pages ÷ journeys
ORDERS_A_JOURNEY = 0.95  # checkload run baseline: orders ÷ journeys
SECONDS_A_JOURNEY = 2.4  # checkload run baseline: journeys in progress ÷ journeys a second
BUSIEST = 0.5  # of a core, for a worker whose times can be trusted
BYTES_A_USER = 12_366  # python tests/benchmarks/bench_client.py --only scale: idle user
MASTER_A_WORKER = 0.119 / 64  # of a core; python tests/benchmarks/fleet.py 64
KILOBYTES_A_REPORT = 17  # a second and worker; python tests/benchmarks/fleet.py 64
SERIES = 13_926  # python tests/benchmarks/bench_client.py --only scale: being scraped, all pages
SERIES_A_WORKER = 31  # dashboards/METRICS.md: seven numbers and a histogram with 24 lines


def rows(orders: float, microseconds: float) -> list[tuple[str, str]]:
    """Each figure with its name."""
    journeys = orders / 60 / ORDERS_A_JOURNEY
    pages = journeys * PAGES_A_JOURNEY
    cores = pages * microseconds / 1e6
    workers = math.ceil(cores / BUSIEST)
    in_flight = journeys * SECONDS_A_JOURNEY
    users = math.ceil(in_flight + 4 * in_flight**0.5)
    return [
        ("journeys a second", f"{journeys:,.0f}"),
        ("pages a second", f"{pages:,.0f}"),
        ("cores that are busy", f"{cores:,.1f}"),
        ("workers, each half a core", f"{workers:,} + 1"),
        ("virtual users", f"{users:,}"),
        ("memory of the users", f"{users * BYTES_A_USER / 1e9:,.1f} GB"),
        ("the master's share of a core", f"{workers * MASTER_A_WORKER:.2f}"),
        ("reports to the master", f"{workers * KILOBYTES_A_REPORT / 1000:,.1f} MB a second"),
        ("series in Prometheus", f"{SERIES + workers * SERIES_A_WORKER:,}"),
    ]


if __name__ == "__main__":
    for name, figure in rows(float(sys.argv[1]), float(sys.argv[2])):
        print(f"| {name} | {figure} |")
