"""orders.csv keeps each order number: while the run is on, in a long run, after a kill, and on a full disk."""

import gzip
import os

import pytest

from harness.errors import UsageError
from harness.results.orders_file import COMPRESS_FROM, OrdersFile, PlacedOrder, read_orders

HEADER = "number,payment_option,amount,currency,account,time\n"


def order(number, **changes):
    usual = PlacedOrder(number, "gpay", "62.99", "try", "ada@shoppers.example", "2026-11-30T10:00:00Z")
    return usual._replace(**changes)


def test_an_order_is_on_the_disk_before_the_run_is_over(tmp_path):
    orders = OrdersFile(tmp_path)
    orders.add(order("ON1"))
    assert (tmp_path / "orders.csv").read_text() == HEADER + (
        "ON1,gpay,62.99,try,ada@shoppers.example,2026-11-30T10:00:00Z\n"
    )
    assert list(read_orders(tmp_path)) == [order("ON1")]
    orders.close()


def test_a_run_without_orders_has_a_file_without_rows(tmp_path):
    OrdersFile(tmp_path).close()
    assert (tmp_path / "orders.csv").read_text() == HEADER
    assert list(read_orders(tmp_path)) == []


@pytest.mark.parametrize("number", ['O"N,1', "O\nN1", "Ö-1", "=1+1", "x" * 201])
def test_a_number_of_any_characters_comes_back(tmp_path, number):
    orders = OrdersFile(tmp_path)
    orders.add(order(number))
    orders.close()
    assert [one.number for one in read_orders(tmp_path)] == [number[:200]]


def test_a_long_file_is_compressed_and_keeps_every_number(tmp_path):
    orders = OrdersFile(tmp_path)
    written = [order(f"ON{number:06d}") for number in range(20_000)]
    for one in written:
        orders.add(one)
    pauses = []
    orders.close(lambda: pauses.append(1))
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv.gz"]
    assert list(read_orders(tmp_path)) == written
    assert len(pauses) >= COMPRESS_FROM / (1 << 18)


def test_a_compressed_file_that_cannot_be_written_leaves_the_plain_one(tmp_path, monkeypatch):
    orders = OrdersFile(tmp_path)
    for number in range(20_000):
        orders.add(order(f"ON{number}"))
    (tmp_path / f".orders.csv.gz.{os.getpid()}").mkdir()
    orders.close()
    assert (tmp_path / "orders.csv").exists()
    assert sum(1 for _ in read_orders(tmp_path)) == 20_000


def test_a_full_disk_ends_the_file_and_not_the_run(tmp_path, monkeypatch, caplog):
    orders = OrdersFile(tmp_path)
    orders.add(order("ON1"))

    def full(_row):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(orders, "_rows", type("Rows", (), {"writerow": staticmethod(full)}))
    for _ in range(3):
        orders.add(order("ON2"))
    orders.close()
    assert caplog.text.count("No space left on device; orders from now on are not in it") == 1
    assert list(read_orders(tmp_path)) == [order("ON1")]


def test_files_of_an_earlier_run_and_links_are_replaced(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "orders.csv").symlink_to(victim)
    (folder / "orders.csv.gz").write_bytes(b"old")
    OrdersFile(folder).close()
    assert victim.read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == ["orders.csv"]


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path):
    orders = OrdersFile(tmp_path)
    orders.add(order("ON1"))
    orders.add(order("ON2"))
    orders.close()
    path = tmp_path / "orders.csv"
    path.write_bytes(path.read_bytes()[:-5])
    assert [one.number for one in read_orders(tmp_path)] == ["ON1"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("orders.csv", None, "No such file"),
        ("orders.csv", b"", "it is empty"),
        ("orders.csv", b"a,b\n1,2\n", "is not an orders.csv of checkload"),
        ("orders.csv", HEADER.encode() + b"1,2\n", "line 2: is damaged"),
        ("orders.csv", HEADER.encode() + b"\xff,a,b,c,d,e\n", "is damaged"),
        ("orders.csv.gz", gzip.compress(HEADER.encode() * 2, mtime=0)[:-9], "is damaged"),
        ("orders.csv.gz", b"no gzip", "is damaged"),
    ],
)
def test_a_damaged_file_is_refused_with_its_name(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=says) as refused:
        list(read_orders(tmp_path))
    assert str(tmp_path / name) in str(refused.value)
