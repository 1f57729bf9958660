"""What load costs the client: checkload's own transport beside Locust's two clients, wrk and, if installed, k6.

Run it as ``python tests/benchmarks/bench_client.py``; it takes about four minutes (``--quick``: about one, and figures that
only show that it works). ``--write docs/benchmarks.md`` puts the tables between the two marks there. A responder has one core, the
clients share another and take turns; each walks the same five pages, with cookies, a token header, form bodies and
envelopes of 0.6 to 4 kB, checked page by page (wrk checks nothing: it is the limit). Printed and written to
``results/bench.json`` are medians of CPU microseconds a request, ratios within each round, how true each client's times
stay when it is busy, what size costs, and which targets were met. It fails if a side sent anything else than the same
requests or saw other bytes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

import rounds  # noqa: E402 - found once the path is set
import timing  # noqa: E402
from at_share import DELAY  # noqa: E402
from markdown import put_between_marks, tables  # noqa: E402
from processes import APART, asked, certificates, responder  # noqa: E402

PLAIN = ("checkload", "fast_http_user", "http_user", "wrk", "k6")
WANTED_SERIES = 8_000
SECTIONS = ("costs", "timing", "scale")
SECURE = ("checkload_tls", "fast_http_user_tls")


def asked_for(arguments: list[str] | None = None) -> argparse.Namespace:
    """What these arguments ask for; nonsense ends the process with code 2."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "bench.json")
    parser.add_argument("--quick", action="store_true", help="as little as shows that everything works")
    parser.add_argument("--write", type=Path, help="a Markdown file with two marks, to put the tables between")
    parser.add_argument("--only", choices=SECTIONS, help="measure this section anew; the rest is that of the results")
    wanted = parser.parse_args(arguments)
    if wanted.only and not wanted.results.exists():
        parser.error(f"--only {wanted.only} adds to {wanted.results}, which is not there; leave --only out once")
    return wanted


def main() -> int:
    wanted = asked_for()
    figures: dict[str, Any] = json.loads(wanted.results.read_text(encoding="utf-8")) if wanted.only else {}
    for section in [wanted.only] if wanted.only else SECTIONS:
        figures |= measure(section, 1 if wanted.quick else wanted.rounds, quick=wanted.quick)
    figures["targets"] = targets(figures)
    report = tables(figures)
    wanted.results.parent.mkdir(parents=True, exist_ok=True)
    wanted.results.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if wanted.write:
        put_between_marks(wanted.write, report)
    print(f"responder and clients on cores of their own: {'yes' if APART else 'NO'}\n\n{report}")
    return 0


def measure(section: str, turns: int, *, quick: bool) -> dict[str, Any]:
    """One section, as it is written to the results."""
    match section:
        case "timing":
            return {"timing": _timing(0.4 if quick else 1.5, 2 if quick else 12)}
        case "scale":
            return {"scale": _scale(quick=quick)}
    found = rounds.compare(turns, quick=quick)
    medians = {name: round(statistics.median(costs), 2) for name, costs in found.items()}
    return {
        "cores_apart": APART,
        "cpu_us_per_request": {name: medians.get(name) for name in PLAIN},
        "tls_cpu_us_per_request": {name: medians[name] for name in SECURE},
        "checkload_to": {name: rounds.ratio(found, "checkload", name) for name in PLAIN[1:]},
        "thousand_users_to_ten": rounds.ratio(found, "thousand", "checkload"),
        "own_work_us": asked("own_work.py", 0.5 if quick else 5.0)["us_a_page"],
    }


def _timing(seconds: float, tries: int) -> dict[str, dict | None]:
    with certificates() as (server, trusted), responder("steady.py", str(DELAY), server) as (port, tls_port):
        found: dict[str, dict | None] = {
            client: asked("timing.py", client, port, tls_port, seconds, tries, SSL_CERT_FILE=trusted)
            for client in timing.CLIENTS
        }
        return found | timing.outsiders(port, seconds, tries)


def _scale(*, quick: bool) -> dict[str, dict]:
    found = {}
    with certificates() as (server, trusted), responder("responder.py", server) as (plain, secure):
        url, tls_url = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
        found["idle user"] = asked("scale.py", "idle", url, 100 if quick else 2_000)
        found["idle user, TLS"] = asked("scale.py", "idle", tls_url, 100 if quick else 1_000, SSL_CERT_FILE=trusted)
        found["many users"] = asked("scale.py", "idle", url, 200 if quick else 10_000)
    found["master"] = asked("scale.py", "master", 8 if quick else 64)
    found["recording a page"] = asked("scale.py", "sample")
    for name, at_least in {"being scraped": WANTED_SERIES, "being scraped, all pages": 2 * WANTED_SERIES}.items():
        found[name] = asked("scale.py", "scrape", 1 if quick else 6, at_least // 8 if quick else at_least)
    return found


def targets(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The limit of each figure, the measured figure, and whether it is within the limit; ``None`` without a figure."""
    ratios, scale, busy = figures["checkload_to"], figures["scale"], figures["timing"]["checkload"]
    held = busy["stretches"] > 0
    many, master = scale["many users"], scale["master"]
    wanted = {
        "to_fast_http_user": (0.167, ratios["fast_http_user"]),
        "to_k6": (0.2, ratios["k6"]),
        "to_wrk": (4.5, ratios["wrk"]),
        "own_work_us": (30, figures["own_work_us"]),
        "thousand_users_to_ten": (1.15, figures["thousand_users_to_ten"]),
        "p50_error_ms": (1.0, abs(busy["p50_error_ms"]) if held else None),
        "p99_error_ms": (1.0, abs(busy["p99_error_ms"]) if held else None),
        "idle_user_bytes": (16_000, scale["idle user"]["bytes_each"]),
        "idle_user_tls_bytes": (40_000, scale["idle user, TLS"]["bytes_each"]),
        "ten_thousand_seconds": (10, many["seconds"] if many["users"] == 10_000 else None),
        "scrape_stall_ms": (5, scale["being scraped"]["stall_p99_ms"]),
        "master_core_share": (0.3, master["core_share"] if master["workers"] == 64 else None),
    }
    return {
        name: {"at_most": most, "found": value, "met": None if value is None else value <= most}
        for name, (most, value) in wanted.items()
    }


if __name__ == "__main__":
    sys.exit(main())
