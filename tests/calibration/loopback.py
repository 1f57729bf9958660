"""The claims about whole runs, proved with real processes on loopback.

Each experiment starts Locust as its users do, a bounded number of times, and says on ``say`` how far it is. A run that
hangs is ended and counts against its claim.

Longer than 300 lines: the experiments share how a run is started, watched and read.
"""

import heapq
import json
import math
import re
import subprocess
import tempfile
from collections import Counter as Count
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from capacity_claims import mean_row
from claims import Row, error_row, exact_row, share_row
from instrument_faults import FAULTS, Fault
from prometheus_client.parser import text_string_to_metric_families
from running import QUICK, Finished, Locust
from scraping import PREFIX, a_free_port, fetch
from simulator import Counter, Freeze, stay_exceeded_by

from harness.measurement.histogram import Histogram
from harness.run.workload import Choices
from scenarios.runtime.scenario_folder import ScenarioFolder
from shop.contract import OUTSIDE_PAGES, Page

Say = Callable[[str], None]

HANGS = 120  # seconds
SERVERS, SERVICE, LASTS = 16, 0.030, 3.0
POOLS = (100, 300)
FROZEN = """
description = "A shop that freezes for three seconds."
objectives = ["journey failures < 5%"]
[arrivals]
process = "poisson"
rate = "15/s"
duration = "{length:g}s"
warm_up = "0s"
drain = "20s"
[payments]
credit_card = 1
[journeys]
guest = 1
[cards]
three_d = 0
declined = 0
[think]
scale = 0
[shop]
workers = {servers}
[shop.service]
default = "{service:g}s"
[shop.freeze]
after = "{after:g}s"
lasts = "{lasts:g}s"
"""
SLOW_TO_STOP = """
description = "Shoppers who are three seconds and more from home when the load ends."
objectives = ["journey failures < 5%"]
[arrivals]
process = "uniform"
rate = "10/s"
duration = "6s"
warm_up = "1s"
drain = "20s"
[sms]
share = 1.0
[think]
scale = 0
[shop.service]
default = "250ms"
"""
LEAST_STOP = 3.0  # seconds
CLERKS, PAGE, BUSY = 4, 0.020, 0.80
SEARCHED = """
description = "A shop of few workers, whose capacity is known."
objectives = ["page response_time p95 < {bound:.6f}s"]
[capacity]
start = "{start:.3f}/s"
most = "{most:.3f}/s"
budget = "{budget:g}s"
level = "5s"
grow = 1.35
arrivals = 30
confirm = "15s"
[arrivals]
process = "poisson"
longest_wait = "10s"
drain = "10s"
users = 300
[journeys]
guest = 1
[payments]
credit_card = 1
[cards]
three_d = 0
declined = 0
[think]
scale = 0
[shop]
workers = {clerks}
[shop.service]
default = "{page:g}s"
distribution = "exponential"
"""
CLEAN = QUICK.replace("6s", "5s")


@contextmanager
def room() -> Iterator[Path]:
    """A folder for one run, which is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="checkload-") as folder:
        yield Path(folder)


def started(folder: Path, scenario: str, *arguments: str, environment: dict[str, str] | None = None) -> Locust:
    """Locust with this scenario."""
    path = folder / "quick.toml"
    path.write_text(scenario)
    return Locust(folder / "results", "--headless", "--scenario", str(path), *arguments, environment=environment)


def ended(locust: Locust, hangs: float = HANGS) -> Finished | None:
    """The output of the run after its end; ``None`` if it hung for ``HANGS`` seconds."""
    try:
        return locust.wait(timeout=hangs)
    except subprocess.TimeoutExpired:
        return None
    finally:
        locust.close()


# -- coordinated omission ---------------------------------------------------------------------------------------------


def truth(dues: list[float], pages: list[int], freeze: Freeze) -> list[float]:
    """How long each journey takes from its due moment if only the shop makes shoppers wait.

    ``pages`` is how many pages of the shop each has; one follows the other, and all stand in one line at one counter.
    """
    counter = Counter(SERVERS, freeze)
    asks = [(due, number, left) for number, (due, left) in enumerate(zip(dues, pages, strict=True))]
    heapq.heapify(asks)
    stays = [0.0] * len(dues)
    while asks:
        moment, number, left = heapq.heappop(asks)
        if left:
            heapq.heappush(asks, (counter.serve(moment, SERVICE), number, left - 1))
        else:
            stays[number] = moment - dues[number]
    return stays


def frozen(length: float, runs: int, say: Say, seed: int = 7000) -> Iterator[Row]:
    """The error of the measured p99 response time if the embedded shop freezes for 3 s."""
    after = length / 3
    text = FROZEN.format(length=length, servers=SERVERS, service=SERVICE, after=after, lasts=LASTS)
    for users in POOLS[: max(1, min(len(POOLS), runs))]:
        worst, journeys = 0.0, 0
        for run in range(runs):
            measured, expected, n = _one_freeze(text, users, seed + run, after)
            off = abs(measured / expected - 1)
            say(f"freeze, {users} users, run {run + 1} of {runs}: p99 {measured:.3f} s, in truth {expected:.3f} s")
            worst, journeys = max(worst, off) if not math.isnan(off) else math.nan, journeys + n
        yield error_row(
            f"on loopback: p99 response time under a 3 s freeze, {users} users", worst, journeys, seed, 0.05
        )


def _one_freeze(text: str, users: int, seed: int, after: float) -> tuple[float, float, int]:
    with room() as folder:
        log = folder / "journeys.jsonl"
        run = ended(started(folder, text, "-u", str(users), "--seed", str(seed), "--journey-log", str(log)))
        if run is None or not run.results.exists():
            return math.nan, 1.0, 0
        result = run.result
        schedule = (
            ScenarioFolder().choose(Choices(scenario=str(folder / "quick.toml"), seed=str(seed))).schedule.due_times()
        )
        lines = {line["number"]: line for line in map(json.loads, log.read_text().splitlines())}
    assert schedule is not None
    dues = list(schedule)
    pages = [sum(Page(page) not in OUTSIDE_PAGES for page, _ in lines[number]["pages"]) for number in range(len(dues))]
    stays = sorted(truth(dues, pages, Freeze(dues[0] + after, LASTS)))
    return _journeys(result).quantile(0.99), stays[math.ceil(0.99 * len(stays)) - 1], len(stays)


def _journeys(result: dict[str, Any]) -> Histogram:
    response = Histogram()
    for row in result["measured"]["journeys"]:
        response.add(Histogram.from_json(row["response"]))
    return response


# -- one set of books -------------------------------------------------------------------------------------------------


def totals(runs: int, say: Say, seed: int = 8000) -> Iterator[Row]:
    """Whether console, result.json, /metrics and the ledger of the shop agree with two workers that take 3 s to stop."""
    wrong = compared = 0
    for run in range(runs):
        apart, number = _one_set_of_books(seed + run)
        say(f"totals, run {run + 1} of {runs}: {'; '.join(apart) or f'{number} totals agree'}")
        wrong, compared = wrong + len(apart), compared + number
    claim = (
        "on loopback: totals of console, result.json, /metrics and the shop's ledger, 2 workers that take 3 s to stop"
    )
    yield exact_row(claim, wrong, compared, seed)


def _one_set_of_books(seed: int) -> tuple[list[str], int]:
    port = a_free_port()
    watched = "--metrics-port", str(port), "--metrics-linger", "5"
    with room() as folder:
        locust = started(folder, SLOW_TO_STOP, "--processes", "2", "--seed", str(seed), *watched)
        try:
            locust.until("\nResults: ")
            served = fetch(f"http://127.0.0.1:{port}/metrics").decode()
        except (AssertionError, OSError) as error:
            locust.close()
            return [f"the run did not come to its end ({type(error).__name__})"], 1
        run = ended(locust)
        if run is None:
            return ["the run hung"], 1
        result = run.result
    counts, books = result["counts"], result["ledger"]
    console = _console(run.output)
    scraped = {
        "pages": _scraped(served, "page_response_seconds_count"),
        "journeys": _scraped(served, "journeys_completed_total"),
        "orders": _scraped(served, "orders_total"),
    }
    by_page = _scraped(served, "page_response_seconds_count", "page")
    asked = [
        ("pages on the console", console.get("pages"), counts["pages"]),
        ("journeys on the console", console.get("journeys"), counts["journeys"]),
        ("orders on the console", console.get("orders"), counts["orders"]),
        *((f"{what} in /metrics", number, counts[what]) for what, number in scraped.items()),
        ("pages by page in /metrics", by_page, counts["pages_by_page"]),
        ("pages in the ledger", books["pages_theirs"], counts["pages"]),
        ("orders in the ledger", books["orders_theirs"], counts["orders"]),
        ("revenue in the ledger", books["revenue_theirs"], counts["amount"]),
        ("the ledger as a whole", books["agrees"], True),
        ("journeys that were due", sum(one["offered"] for one in result["measured"]["arrivals"].values()), 60),
        ("journeys that ended", counts["journeys"], 60),
        ("every other shopper needs 3 s to stop", _journeys(result).quantile(0.5) >= LEAST_STOP, True),
    ]
    return [f"{what}: {theirs!r}, not {ours!r}" for what, theirs, ours in asked if theirs != ours], len(asked)


def _console(output: str) -> dict[str, int]:
    said = " ".join(output.split())
    found = re.search(r"([\d,]+) pages \([\d,]+ failed\), ([\d,]+) journeys \([\d,]+ failed\), ([\d,]+) orders", said)
    if found is None:
        return {}
    return {
        what: int(n.replace(",", "")) for what, n in zip(("pages", "journeys", "orders"), found.groups(), strict=True)
    }


def _scraped(text: str, name: str, label: str = "") -> float | dict[str, float]:
    found = Count[str]()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == PREFIX + name:
                found[sample.labels.get(label, "")] += sample.value
    return dict(found) if label else found[""]


# -- the instrument ---------------------------------------------------------------------------------------------------


def faults(runs: int, say: Say, seed: int = 9000) -> Iterator[Row]:
    """How often a run with an injected fault of the load generator is invalid and names it as the first cause."""
    for fault in FAULTS:
        named = 0
        for run in range(runs):
            good, said = _one_fault(fault, seed + run)
            say(f"{fault}, run {run + 1} of {runs}: {said}")
            named += good
        yield share_row(f"on loopback: {fault}: invalid, and named as the cause", named, runs, seed, at_least=1.0)


def _one_fault(fault: Fault, seed: int) -> tuple[bool, str]:
    with room() as folder:
        path = folder / "quick.toml"
        path.write_text(fault.scenario)
        running: list[Locust] = []

        def start(*arguments: str, environment: dict[str, str]) -> Locust:
            running.append(Locust(folder / "results", *arguments, "--seed", str(seed), environment=environment))
            return running[-1]

        try:
            run = fault.run(start, str(path))
            result = run.result
        except (AssertionError, ValueError, OSError, subprocess.TimeoutExpired) as error:
            return False, f"no verdict ({type(error).__name__})"
        finally:
            for each in running:
                each.close()
    first = next((one for one in result["judgement"]["findings"] if one["level"] == "invalid"), None)
    found = fault.found(result)
    named = run.code == 4 and found is not None and found == first
    return named, f"{result['judgement']['verdict']}: {first['message'] if first else 'nothing was found'}"


def clean(runs: int, say: Say, seed: int = 10_000) -> Iterator[Row]:
    """How often a short run without a fault is invalid, alternately in one process and with two workers."""
    invalid = 0
    for run in range(runs):
        with room() as folder:
            workers = ("--processes", "2") if run % 2 else ()
            done = ended(started(folder, CLEAN, "--seed", str(seed + run), *workers))
            verdict = "hung" if done is None else _verdict(done)
        say(f"clean, run {run + 1} of {runs}{', 2 workers' if workers else ''}: {verdict}")
        invalid += not verdict.startswith(("passed", "failed", "inconclusive"))
    yield share_row("on loopback: a clean short run called invalid", invalid, runs, seed, at_most=0.0)


# -- the search for capacity ------------------------------------------------------------------------------------------


def searches(runs: int, say: Say, seed: int = 11_000, budget: float = 135.0) -> Iterator[Row]:
    """The errors of short searches at the embedded shop, alternately in one process and with two workers.

    All pages stand in one line before a few workers, and ask for the next one at once: an open network with a product form, in which
    each page finds the shop as M/M/c has it (Jackson). So the page rate at which an objective fails is known. A search that finds no such
    rate breaks the claim.
    """
    service = 1 / PAGE
    truth = BUSY * CLERKS * service
    bound = stay_exceeded_by(0.05, CLERKS, truth, service)
    text = SEARCHED.format(bound=bound, start=truth / 32, most=truth / 5, budget=budget, clerks=CLERKS, page=PAGE)
    errors, confirmed = [], []
    for run in range(runs):
        workers = ("--processes", "2") if run % 2 else ()
        with room() as folder:
            done = ended(started(folder, text, "--seed", str(seed + run), *workers), budget + HANGS / 2)
            answer, a_journey = _answer(done)
        off, sure = (None if one is None else one / 60 * a_journey / truth - 1 for one in answer)
        errors.append(math.nan if off is None else abs(off))
        confirmed += [] if sure is None else [sure]
        parts = ", ".join("none" if one is None else f"{one:+.1%}" for one in (off, sure))
        say(
            f"search, run {run + 1} of {runs}{', 2 workers' if workers else ''}: boundary and confirmed rate off by {parts}"
        )
    claim = "on loopback: capacity of the embedded shop, found in two minutes"
    yield mean_row(f"{claim}: error of the rate at which the demand gives way", errors, seed, 0.10)
    over = sum(error > 0 for error in confirmed)
    yield share_row(f"{claim}: the rate that was confirmed is above the truth", over, runs, seed, at_most=0.05)
    yield share_row(f"{claim}: a rate was confirmed", len(confirmed), runs, seed, at_least=0.90)


def _answer(run: Finished | None) -> tuple[tuple[float | None, float | None], float]:
    """The boundary and the confirmed rate in journeys a minute, and the number of pages of a journey."""
    if run is None or not run.results.exists():
        return (None, None), 0.0
    result = run.result
    pages = sum(n for page, n in result["counts"]["pages_by_page"].items() if Page(page) not in OUTSIDE_PAGES)
    answer = result["capacity"]
    return (answer["boundary"], answer["journeys"]), pages / max(1, result["counts"]["journeys"])


def _verdict(run: Finished) -> str:
    try:
        judgement = run.result["judgement"]
    except ValueError:
        return "no verdict"
    return f"{judgement['verdict']}: {judgement['reason']}"


def rows(runs: int, say: Say) -> Iterator[Row]:
    """All rows on loopback; ``runs`` is the number of clean runs, and the other numbers follow from it."""
    yield from frozen(length=30.0, runs=max(1, runs // 16), say=say)
    yield from totals(runs=max(1, runs // 10), say=say)
    yield from faults(runs=max(1, runs // 10), say=say)
    yield from clean(runs=runs, say=say)
    yield from searches(runs=max(2, runs // 8), say=say)
