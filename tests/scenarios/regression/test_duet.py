"""Two versions are loaded at the same time, and a duet that could hide a difference is refused."""

import pytest
from finished_runs import a_run

from harness.objectives.verdict import Verdict
from harness.regression.comparison import Comparison
from scenarios.regression.duet import THIS_MACHINE, Busy, BusyShare, DuetRounds, play, shared_place


class Duet:
    """Rounds that are made up, and comparisons that decide after a given number of them."""

    def __init__(self, *, decides=99, busy=None, invalid=False, verdict=Verdict.PASSED):
        self.numbers, self.said, self.done = [], [], DuetRounds()
        self.decides, self.invalid, self.verdict = decides, invalid, verdict
        self.found = play(self.run_round, self.compare, lambda: busy, say=self.said.append, done=self.done)

    def run_round(self, number):
        self.numbers.append(number)
        minutes = 2 * number, 2 * number + 1
        return a_run(2, length=10, minute=minutes[0]), a_run(2, length=10, minute=minutes[1], invalid=self.invalid)

    def compare(self, rounds):
        return Comparison(len(rounds), (), self.verdict if len(rounds) >= self.decides else Verdict.INCONCLUSIVE)


def test_there_are_three_rounds_at_most():
    duet = Duet()
    assert duet.numbers == [1, 2, 3]
    assert (duet.found.verdict, duet.found.pairs) == (Verdict.INCONCLUSIVE, 3)
    assert [run.label for run in duet.done.runs][:2] == ["round 1 (baseline)", "round 1 (candidate)"]


def test_it_ends_as_soon_as_a_comparison_decides():
    assert len(Duet(decides=2).numbers) == 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"busy": Busy(0.41, 0.12)},
            "the machine that both versions share was 41 % busy (12 % by checkload), and 40 % is the most",
        ),
        ({"invalid": True}, "the run of the candidate is invalid: the harness used 99 % of a core"),
    ],
)
def test_a_round_that_could_hide_a_difference_is_refused(changes, says):
    duet = Duet(decides=1, **changes)
    assert duet.found.verdict is Verdict.INVALID
    assert says in duet.done.refused
    assert len(duet.numbers) == 1


def test_a_regression_is_found_on_a_busy_machine_too_which_only_hides_differences():
    duet = Duet(decides=1, busy=Busy(0.9), verdict=Verdict.FAILED)
    assert (duet.found.verdict, duet.done.refused) == (Verdict.FAILED, "")
    assert "90 % busy" in duet.done.too_busy


def test_a_machine_that_is_not_too_busy_is_accepted():
    assert Duet(decides=1, busy=Busy(0.40)).found.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ("http://127.0.0.1:1", "http://localhost:2", THIS_MACHINE),
        ("http://127.0.0.1:1", "http://127.0.0.2:1", THIS_MACHINE),
        ("http://192.0.2.1", "http://192.0.2.1:8080", "192.0.2.1"),
        ("http://192.0.2.1", "http://192.0.2.2", ""),
        ("http://192.0.2.1", "http://no-such-host.invalid", ""),
    ],
)
def test_addresses_tell_what_two_targets_share(first, second, place):
    assert shared_place(first, second) == place


def test_the_busy_share_is_that_since_the_last_call(tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu 100 0 100 700 100 0 0 0 0 0\n")
    busy = BusyShare(stat)
    assert busy() is None
    stat.write_text("cpu 160 0 120 800 120 0 0 0 0 0\n")
    assert busy().share == pytest.approx(0.4)
    assert busy() is None
    assert busy.known
    stat.unlink()
    assert busy() is None
    assert not busy.known
