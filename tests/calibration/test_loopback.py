"""The claims in docs/proofs.md that need real processes, each in its smallest form.

Injected faults have tests of their own in ``tests/end_to_end/test_instrument_faults.py``.
"""

import loopback
import pytest
import table

pytestmark = [pytest.mark.calibration, pytest.mark.end_to_end, pytest.mark.alone]


def test_a_freeze_of_the_embedded_shop_is_not_hidden():
    said = []
    # Try again if the machine was busy in the first run: the bound is for a quiet machine.
    rows = (next(loopback.frozen(length=12.0, runs=1, say=said.append, seed=seed)) for seed in (7000, 7001))
    row = next((row for row in rows if row.holds), None)
    assert row is not None, said
    assert row.n > 100


def test_the_expected_times_of_a_freeze_agree_with_a_manual_example(monkeypatch):
    monkeypatch.setattr(loopback, "SERVERS", 1)
    monkeypatch.setattr(loopback, "SERVICE", 1.0)
    # From 10 to 13 nothing moves. The first shopper is served before; the second asks for their second page behind the third.
    stays = loopback.truth([8.0, 10.0, 11.0], [1, 2, 1], loopback.Freeze(10.0, 3.0))
    assert stays == [1.0, 6.0, 4.0]


def test_all_counts_agree_if_workers_stop_slowly():
    said = []
    (row,) = loopback.totals(runs=1, say=said.append)
    assert row.holds, said
    assert row.n == 14


def test_the_claim_about_clean_runs_counts_their_verdicts():
    said = []
    (row,) = loopback.clean(runs=2, say=said.append)
    # On a machine that is busy with other things, "invalid" may be right; the table is made on a quiet one.
    assert row.n == 2
    assert row.holds == (not any("invalid" in one for one in said)), said
    assert not any("hung" in one or "no verdict" in one for one in said), said


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        (
            [(600.0, 570.0), (620.0, 540.0)],
            [True, True, True],
        ),  # in truth 160 pages a second: 600 journeys of 16 pages a minute
        ([(600.0, 570.0), (None, 540.0)], [False, True, True]),
        ([(750.0, 570.0), (600.0, 540.0)], [False, True, True]),
        ([(600.0, 615.0), (600.0, 540.0)], [True, False, True]),
        ([(600.0, None), (600.0, 540.0)], [True, True, False]),
    ],
)
def test_searches_are_compared_with_the_capacity_of_the_embedded_shop(monkeypatch, answers, holds):
    found = iter(answers)
    monkeypatch.setattr(loopback, "started", lambda *_, **__: None)
    monkeypatch.setattr(loopback, "ended", lambda *_: None)
    monkeypatch.setattr(loopback, "_answer", lambda _: (next(found), 16.0))
    assert [row.holds for row in loopback.searches(len(answers), say=lambda _: None)] == holds


def test_the_table_is_written_between_its_marks():
    document = f"# Title\n\n{table.BEGIN}\nold\n{table.END}\n\nrest\n"
    new = table.written(document, "| new |")
    assert new == f"# Title\n\n{table.BEGIN}\n\n| new |\n\n{table.END}\n\nrest\n"
    assert table.written(new, "| new |") == new
    for broken in ("", table.BEGIN, table.END + table.BEGIN):
        with pytest.raises(ValueError, match="no place"):
            table.written(broken, "| new |")


def test_the_page_of_proofs_has_a_place_for_the_table():
    page = (table.TESTS.parent / "docs" / "proofs.md").read_text(encoding="utf-8")
    assert "| a claim |" in table.written(page, "| a claim |")


@pytest.mark.parametrize(
    "arguments", [["--runs", "0"], ["--write", "docs/proofs.md", "--quick"], ["--write", "nowhere.md"]]
)
def test_wrong_arguments_are_refused_before_anything_runs(arguments, capsys):
    with pytest.raises(SystemExit) as left:
        table.main(arguments)
    assert left.value.code == 2
    assert "error: --" in capsys.readouterr().err
