"""checkload reconcile: its exit codes, and what it says of runs without a result or with a cut list."""

import json

import pytest

from harness.results.orders_file import OrdersFile, PlacedOrder
from scenarios.commands import reconcile as command
from scenarios.commands.cli import main


@pytest.fixture
def folder(tmp_path):
    orders = OrdersFile(tmp_path / "run")
    for number in (1, 2):
        orders.add(
            PlacedOrder(f"ON{number}", "gpay", f"{number}.00", "try", "ada@shoppers.example", "2026-11-30T10:00:00Z")
        )
    orders.close()
    return tmp_path / "run"


@pytest.fixture
def compare(folder, tmp_path, capsys):
    def run(export, *more):
        path = tmp_path / "export.csv"
        path.write_text(export)
        columns = ("--number-column", "no", "--amount-column", "sum")
        code = main(["reconcile", str(folder), "--orders", str(path), *columns, *more])
        return code, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize(
    ("export", "code", "says"),
    [
        ("no,sum\nON1,1.00\nON2,2.00\n", 0, "EQUAL"),
        ("no,sum\nON1,1.00\n", 3, "1 order lost"),
        ("no,sum\n", 3, "2 orders lost"),
        ("nr,sum\nON1,1.00\n", 2, "--number-column no: no such column"),
        ("", 2, "it is empty"),
    ],
)
def test_the_exit_code_says_what_was_found(compare, export, code, says):
    found, output = compare(export)
    assert found == code
    assert says in output


def test_a_run_without_orders_proves_nothing(tmp_path, capsys):
    OrdersFile(tmp_path / "run").close()
    path = tmp_path / "export.csv"
    path.write_text("no,sum\n")
    columns = ("--number-column", "no", "--amount-column", "sum")
    assert main(["reconcile", str(tmp_path / "run"), "--orders", str(path), *columns]) == 5


def test_a_killed_run_is_compared_with_a_note(compare):
    code, output = compare("no,sum\nON1,1.00\nON2,2.00\n")
    assert code == 0
    assert "This run has no result.json: it was killed, or is still on." in output


def test_a_list_without_all_orders_of_the_run_proves_nothing(compare, folder, monkeypatch):
    monkeypatch.setattr(command, "_result", lambda _: type("Result", (), {"counts": type("Counts", (), {"orders": 5})}))
    code, output = compare("no,sum\nON1,1.00\nON2,2.00\n")
    assert code == 4
    assert "3 orders of the run are missing in its orders.csv" in output


def test_all_differences_are_written_as_json(compare, tmp_path):
    place = tmp_path / "found.json"
    compare("no,sum\nON1,1.00\n", "--json", str(place))
    assert [order["number"] for order in json.loads(place.read_text())["lost"]] == ["ON2"]


def test_an_unknown_encoding_is_refused(compare):
    code, output = compare("no,sum\n", "--encoding", "klingon")
    assert code == 2
    assert "--encoding klingon: no such encoding; write one such as" in output
