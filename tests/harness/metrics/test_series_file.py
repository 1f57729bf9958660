"""A file of snapshots that was cut off anywhere is still worth all of its whole ones."""

import gzip

import pytest

from harness.metrics.series_file import HALVE_RATE_AFTER, INTERVAL, SeriesFile, read

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


def test_what_was_appended_is_read_with_the_end_behind_it(path):
    assert b"".join(read(written(path))) == b"".join(SNAPSHOTS) + b"# EOF\n"


def test_a_link_in_its_place_is_replaced_and_not_followed(path, tmp_path):
    path.parent.mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    path.symlink_to(elsewhere)
    assert b"".join(read(written(path))) == b"".join(SNAPSHOTS) + b"# EOF\n"
    assert elsewhere.read_text() == "precious"


def test_anybody_can_unpack_it(path):
    assert gzip.decompress(written(path).read_bytes()) == b"".join(SNAPSHOTS) + b"# EOF\n"


def test_without_an_end_it_is_read_with_one(path):
    assert b"".join(read(written(path, end=False))) == b"".join(SNAPSHOTS) + b"# EOF\n"


def test_wherever_it_is_cut_off_only_the_torn_snapshot_is_lost(path):
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


def test_what_is_spoilt_in_the_middle_ends_there(path):
    whole = bytearray(written(path).read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    text = b"".join(read(path))
    assert text.endswith(b"# EOF\n")
    assert b"".join(SNAPSHOTS).startswith(text.removesuffix(b"# EOF\n"))


def test_what_is_no_file_of_ours_is_refused(path):
    path.parent.mkdir()
    path.write_bytes(b"no gzip at all")
    with pytest.raises(ValueError, match=r"holds no whole snapshot; is it the metrics\.om\.gz of a run"):
        list(read(path))


def test_moments_only_ever_go_forward(path):
    file = SeriesFile(path)
    moments = [file.next_timestamp(now) for now in (100.0, 105.0, 90.0, 95.0, 106.0)]
    assert moments == pytest.approx([100.0, 105.0, 105.001, 105.002, 106.0], abs=1e-9)
    file.close()


def test_a_long_run_is_looked_at_less_often(path):
    file = SeriesFile(path)
    for _ in range(HALVE_RATE_AFTER):
        assert file.interval == INTERVAL
        file.append([b"x 1 2\n"])
    assert file.interval == 2 * INTERVAL
    file.close()
