"""What load costs the client: checkload, plain and compiled, beside Locust's two clients and other load generators.

Run it as ``python tests/benchmarks/bench_client.py``; it takes about ten minutes (``--quick``: about one, and figures that
only show that it works). The first run compiles checkload and gets the other load generators. ``--write docs/benchmarks.md`` puts
the tables between the two marks there. A responder has one core, the clients share another and take turns; each walks the same
five pages, with cookies, a token header, form bodies and envelopes of 0.6 to 4 kB, checked page by page (the names of the rows
say which client checks less). Printed and written to
``results/bench.json`` are medians of CPU microseconds a request, ratios within each round, how true each client's times
stay when it is busy, what size costs, and which targets were met. It fails if a side sent anything else than the same
requests or saw other bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
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
from builds import compiled_build  # noqa: E402
from markdown import put_between_marks, tables  # noqa: E402
from peers import OFFLINE, peer  # noqa: E402
from processes import APART, asked, certificates, responder  # noqa: E402

OURS = ("checkload_compiled", "checkload", "checkload_tls_compiled", "checkload_tls")
LOCUST = ("fast_http_user", "fast_http_user_tls", "http_user")
WANTED_SERIES = 8_000
SECTIONS = ("costs", "timing", "scale")


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
    if wanted.quick:
        os.environ[OFFLINE] = "1"
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
    ours = "checkload_compiled" if "checkload_compiled" in found else "checkload"
    thousand = ours.replace("checkload", "thousand")
    return {
        "cores_apart": APART,
        "cpu_us_per_request": {name: medians.get(name) for name in (*OURS, *LOCUST, *rounds.OUTSIDERS, "aiolocust")},
        "absent": _absent(),
        "checkload_to": {name: rounds.ratio(found, ours, name) for name in ("fast_http_user", "k9_plan", "k6", "wrk")},
        "thousand_users_to_ten": rounds.ratio(found, thousand, ours),
        "wrk_thousand_to_ten": rounds.ratio(found, "wrk_thousand", "wrk"),
        "own_work_us": _own_work(0.5 if quick else 5.0),
    }


def _absent() -> dict[str, str]:
    """Why there are no figures for a client, by client."""
    reasons = {
        name: found
        for name in ("k9", "autocannon", "wrk", "h2load", "aiolocust")
        if isinstance(found := peer(name), str)
    }
    if "k9" in reasons:
        reasons |= dict.fromkeys(("k9_plan", "k9_script"), reasons.pop("k9"))
    if shutil.which("k6") is None:
        reasons["k6"] = "not installed"
    if compiled_build() is None:
        reasons |= dict.fromkeys(("checkload_compiled", "checkload_tls_compiled", "own_work_compiled"), "not built")
    return reasons


def _own_work(seconds: float) -> dict[str, float | None]:
    """Microseconds a page without HTTP, by build."""
    build = compiled_build()
    return {
        "compiled": None if build is None else asked("own_work.py", seconds, CHECKLOAD_BUILD=str(build))["us_a_page"],
        "plain": asked("own_work.py", seconds)["us_a_page"],
    }


def _timing(seconds: float, tries: int) -> dict[str, dict | None]:
    with certificates() as (server, trusted), responder("steady.py", str(DELAY), server) as (port, tls_port):
        found: dict[str, dict | None] = {
            client: _timed(client, port, tls_port, seconds, tries, SSL_CERT_FILE=trusted) for client in timing.CLIENTS
        }
        return found | timing.outsiders(port, seconds, tries)


def _timed(client: str, *arguments: object, **environment: str) -> dict | None:
    if not client.endswith("_compiled"):
        return asked("timing.py", client, *arguments, **environment)
    build = compiled_build()
    return None if build is None else asked("timing.py", client, *arguments, **environment, CHECKLOAD_BUILD=str(build))


def _scale(*, quick: bool) -> dict[str, dict]:
    found = {}
    with certificates() as (server, trusted), responder("responder.py", server) as (plain, secure):
        url, tls_url = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
        found["idle user"] = asked("scale.py", "idle", url, 100 if quick else 2_000)
        found["idle user, TLS"] = asked("scale.py", "idle", tls_url, 100 if quick else 1_000, SSL_CERT_FILE=trusted)
        found["many users"] = asked("scale.py", "idle", url, 200 if quick else 10_000)
        # The second row has as many pages a second as the first, from five times as many shoppers.
        for name, users, think in (("journeys in flight", 2_000, 2.0), ("parked users", 10_000, 10.0)):
            users, think, seconds = (users // 100, think / 20, 1) if quick else (users, think, 8)  # noqa: PLW2901
            found[name] = asked("thinking.py", url, users, think, seconds)
    found["master"] = asked("fleet.py", 8 if quick else 64)
    found["master of a thousand"] = asked("fleet.py", 16 if quick else 1_000, 4 if quick else 8)
    found["recording a page"] = asked("scale.py", "sample")
    for name, at_least in {"being scraped": WANTED_SERIES, "being scraped, all pages": 2 * WANTED_SERIES}.items():
        found[name] = asked("scale.py", "scrape", 1 if quick else 6, at_least // 8 if quick else at_least)
    return found


def targets(figures: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The limit of each figure, the measured figure, and whether it is within the limit; ``None`` without a figure."""
    ratios, scale, busy = figures["checkload_to"], figures["scale"], figures["timing"]
    busy = busy["checkload_compiled"] or busy["checkload"]
    held = busy["stretches"] > 0
    many, master = scale["many users"], scale["master"]
    wanted = {
        "to_fast_http_user": (0.167, ratios["fast_http_user"]),
        "to_k9_plan": (1.0, ratios["k9_plan"]),
        "to_k6": (0.2, ratios["k6"]),
        "to_wrk": (4.5, ratios["wrk"]),
        "own_work_us": (25, figures["own_work_us"]["compiled"]),
        "own_work_plain_us": (30, figures["own_work_us"]["plain"]),
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
