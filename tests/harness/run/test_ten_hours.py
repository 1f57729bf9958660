"""Ten hours by a clock, at a low rate: what is kept stays as it is after an hour, files stay small, and the books are exact.

``python tests/calibration/ten_hours.py`` does the same at the rate of the scenario ``soak``.
"""

import ten_hours
from ten_hours import HOUR, HOURS, Population

from harness.measurement.totals import RunTotals
from harness.metrics.series_file import SERIES_FILE_NAME
from harness.results.store import read


def test_the_load_generator_keeps_and_writes_little(tmp_path):
    figures = ten_hours.generator(
        tmp_path, pages=0.1, journeys=0.02, population=Population(3, 2, 2), most_bytes=100_000
    )
    assert figures.files[SERIES_FILE_NAME] <= 100_000
    assert figures.written < 400_000
    assert {"result.json", "summary.md", SERIES_FILE_NAME} <= figures.files.keys()
    counts = RunTotals.of(figures.recorder)
    assert (counts.journeys, counts.orders) == (figures.offered, figures.offered)
    assert counts.pages == HOURS * HOUR / 10 + 1
    again = read(tmp_path)
    assert again.counts == counts
    assert all(len(series.slices) <= 128 for series in again.recorder.pages.values())


def test_the_shop_keeps_as_much_after_ten_hours_as_after_one():
    _, objects, ordered = ten_hours.shop(journeys=1 / 200)
    assert ordered == 135  # three journeys in four buy
    first, *later = objects
    assert first["accounts"] <= 20
    for one in later:
        assert one["sessions"] <= first["sessions"] + 1 <= 6
        assert one["orders"] <= first["orders"] + 1
        assert one["phones"] <= first["phones"] + 1
