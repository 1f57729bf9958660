"""Adds up the results of masters that loaded one shop at the same time, each in a region of its own.

Run as ``python docs/add_results.py RESULT RESULT…``. Each result has exact counts in buckets, and adding buckets loses nothing: the
percentiles are those of all requests together. Each region keeps its own verdict, because only its master knows its objectives.
"""

import sys
from pathlib import Path

from harness.measurement.histogram import Histogram
from harness.measurement.recorder import Recorder
from harness.measurement.totals import RunTotals
from harness.results.store import ResultError, read


def main(places: list[str]) -> int:
    """Print the sums and percentiles of all results, and the verdict of each."""
    try:
        results = [read(Path(place)) for place in places]
    except ResultError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not results:
        sys.stderr.write("name at least one result: python docs/add_results.py RESULT RESULT…\n")
        return 2
    whole = Recorder(results[0].recorder.window, slice_length=results[0].recorder.slice_length)
    for place, result in zip(places, results, strict=True):
        whole.add(result.recorder)
        sys.stdout.write(f"{place}: {result.judgement.verdict.value}\n")
    totals = RunTotals.of(whole)
    times = Histogram.merged(series.response for series in whole.pages.values())
    percentiles = ", ".join(f"p{q:g} {times.quantile(q / 100) * 1000:.1f} ms" for q in (50, 95, 99))
    sys.stdout.write(
        f"{totals.pages:,} pages ({totals.failed_pages:,} failed), {totals.journeys:,} journeys "
        f"({totals.failed_journeys:,} failed), {totals.orders:,} orders\npages, response time: {percentiles}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
