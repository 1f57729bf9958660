"""Runs all queries of the dashboards for a run against a Prometheus, and reports problems."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from dashboards.examine.answer_checks import answer_problems
from dashboards.examine.drawing import draw_dashboard
from dashboards.examine.file_checks import file_problems
from dashboards.examine.prometheus import Prometheus, QueryRefused
from dashboards.examine.variables import TimeRange, choose_variables

_BOARDS = Path(__file__).parents[1] / "grafana" / "dashboards"
_REMEMBERED = "[30d]"
_BEFORE = 5.0  # seconds before the run
_AFTER = 15.0  # seconds after the end of the load, when the verdict is known and scraped
_STEPS = 120  # points of a graph


def main() -> int:
    """Returns 0 without problems, 1 with problems, and 2 if Prometheus cannot be asked."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.examine", description=__doc__)
    parser.add_argument(
        "--prometheus", default="http://127.0.0.1:9090", help="the address of Prometheus (default: %(default)s)"
    )
    parser.add_argument("--run", metavar="RUN_ID", help="the run to examine (default: the last one)")
    parser.add_argument("--baseline", metavar="RUN_ID", help="the run to compare with (default: the same run)")
    parser.add_argument("--scrape", type=float, default=5.0, help="seconds between two scrapes (default: %(default)g)")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="draw each dashboard as an HTML file in this folder"
    )
    options = parser.parse_args()
    try:
        return _examine(Prometheus(options.prometheus), options)
    except QueryRefused as refusal:
        print(refusal, file=sys.stderr)
        return 2


def _examine(prometheus: Prometheus, options: argparse.Namespace) -> int:
    started = _moments(prometheus, "run_start_timestamp_seconds")
    if not started:
        raise QueryRefused(f"the Prometheus at {prometheus.address} has no run of checkload from the last 30 days")
    run = options.run or max(started, key=started.__getitem__)
    for name in (run, options.baseline or run):
        if name not in started:
            raise QueryRefused(f"there is no run {name}; known runs are {', '.join(sorted(started))}")
    start = started[run] - _BEFORE
    end = _moments(prometheus, "run_end_timestamp_seconds").get(run, time.time()) + _AFTER
    view = TimeRange(start=start, end=end, step=max(1.0, round((end - start) / _STEPS)), scrape=options.scrape)
    wrong = 0
    for path in sorted(_BOARDS.glob("*.json")):
        board = json.loads(path.read_text())
        choice = choose_variables(board, prometheus, view, {"run_id": [run], "baseline": [options.baseline or run]})
        for problem in (*file_problems(board), *answer_problems(board, choice, prometheus, view)):
            print(f"{path.stem}: {problem}")
            wrong += 1
        if options.pictures:
            page, height = draw_dashboard(board, choice, prometheus, view)
            options.pictures.mkdir(parents=True, exist_ok=True)
            (options.pictures / f"{path.stem}.html").write_bytes(page)
            print(f"{path.stem}: drawn, {height} pixels high")
    print(f"run {run}: {wrong} problems" if wrong else f"run {run}: every panel has data")
    return 1 if wrong else 0


def _moments(prometheus: Prometheus, metric: str) -> dict[str, float]:
    lines = prometheus.query(f"max by (run_id) (last_over_time(checkout_load_{metric}{_REMEMBERED}))", time.time())
    return {line.labels["run_id"]: line.values[0][1] for line in lines}


if __name__ == "__main__":
    sys.exit(main())
