"""A file of time series that was cut off keeps all of its complete snapshots."""

import gzip
from itertools import pairwise

import pytest

from harness.metrics.series_file import SeriesFile, read, spread, stored_timeline
from harness.reporting.html.timeline import NO_TIMELINE

SNAPSHOTS = [f'orders_total{{run_id="r"}} {n} {1750000000 + n}.000\n'.encode() * 50 for n in range(5)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "metrics.om.gz"


def written(path, *, end=True):
    file = SeriesFile(path)
    for snapshot in SNAPSHOTS:
        file.append([snapshot[:100], snapshot[100:]])
    if end:
        file.close()
    else:
        file._file.close()
    return path


def test_appended_snapshots_are_read_with_an_end(path):
    assert b"".join(read(written(path))) == b"".join(SNAPSHOTS) + b"# EOF\n"


def test_a_symbolic_link_is_replaced_and_not_followed(path, tmp_path):
    path.parent.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    path.symlink_to(elsewhere)
    assert b"".join(read(written(path))) == b"".join(SNAPSHOTS) + b"# EOF\n"
    assert elsewhere.read_text() == "precious"


def test_any_gzip_tool_can_unpack_it(path):
    assert gzip.decompress(written(path).read_bytes()) == b"".join(SNAPSHOTS) + b"# EOF\n"


def test_a_file_without_an_end_is_read_with_one(path):
    assert b"".join(read(written(path, end=False))) == b"".join(SNAPSHOTS) + b"# EOF\n"


def test_a_cut_loses_only_the_damaged_snapshot(path):
    whole = written(path, end=False).read_bytes()
    ends = [0]
    for snapshot in SNAPSHOTS:
        file = path.with_name("one.gz")
        one = SeriesFile(file)
        one.append([snapshot[:100], snapshot[100:]])
        one._file.close()
        ends.append(ends[-1] + len(file.read_bytes()))
    assert ends[-1] == len(whole)
    for cut in range(ends[1], len(whole)):
        path.write_bytes(whole[:cut])
        intact = sum(end <= cut for end in ends) - 1
        assert b"".join(read(path)) == b"".join(SNAPSHOTS[:intact]) + b"# EOF\n", cut


def test_reading_ends_at_a_damaged_snapshot(path):
    whole = bytearray(written(path).read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    text = b"".join(read(path))
    assert text.endswith(b"# EOF\n")
    assert b"".join(SNAPSHOTS).startswith(text.removesuffix(b"# EOF\n"))


def test_any_other_file_is_refused(path):
    path.parent.mkdir()
    path.write_bytes(b"no gzip at all")
    with pytest.raises(ValueError, match=r"has no complete snapshot; is it the metrics\.om\.gz of a run"):
        list(read(path))


def test_timestamps_only_increase(path):
    file = SeriesFile(path)
    moments = [file.next_timestamp(now) for now in (100.0, 105.0, 90.0, 95.0, 106.0)]
    assert moments == pytest.approx([100.0, 105.0, 105.001, 105.002, 106.0], abs=1e-9)
    file.close()


def test_the_file_of_a_long_run_stays_small_and_covers_all_of_it(path):
    file, most, moment = SeriesFile(path, most_bytes=20_000), 0, 0.0
    while moment < 36_000.0:
        file.append([b"%d %.3f\n" % (n, moment) for n in range(100)])
        most = max(most, path.stat().st_size)
        moment += file.interval
    file.close()
    *snapshots, _ = read(path)
    moments = [float(snapshot.split()[1]) for snapshot in snapshots]
    assert most <= 20_000
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert (moments[0], moments[-1]) == (0.0, moment - file.interval)
    assert len(moments) > 20
    assert max(after - before for before, after in pairwise(moments)) <= 2 * file.interval


def test_a_snapshot_larger_than_the_file_may_be_is_kept(path):
    file = SeriesFile(path, most_bytes=10)
    for snapshot in SNAPSHOTS[:2]:
        file.append([snapshot])
    file.close()
    assert b"".join(read(path)) == SNAPSHOTS[0] + SNAPSHOTS[1] + b"# EOF\n"


def test_few_snapshots_are_spread_over_the_run(path):
    assert list(spread(written(path), 3)) == [SNAPSHOTS[0], SNAPSHOTS[2], SNAPSHOTS[4]]
    assert list(spread(path, 100)) == SNAPSHOTS
    assert list(spread(path.with_name("nothing"), 3)) == []


def test_a_damaged_snapshot_is_left_out(path):
    whole = written(path, end=False).read_bytes()
    path.write_bytes(whole[:-20])
    assert list(spread(path, 5)) == SNAPSHOTS[:4]
    path.write_bytes(b"rubbish")
    assert stored_timeline(path.parent) == NO_TIMELINE
