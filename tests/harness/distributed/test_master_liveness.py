"""When a master counts as gone, on a fake clock."""

import pytest

from harness.distributed.master_liveness import MASTER_CHECK_INTERVAL, MASTER_TIMEOUT, MasterLiveness


class Worker:
    def __init__(self, parent=None):
        self.now, self.parent = 100.0, parent
        self.watch = MasterLiveness(lambda: self.now, None if parent is None else lambda: self.parent)

    def wait(self, seconds, *, step=MASTER_CHECK_INTERVAL, loading=True, answered=()):
        """Check regularly, with answers of the master at these seconds; returns the first reason that it is gone, and when."""
        began, answers = self.now, list(answered)
        while self.now < began + seconds - 1e-9:
            self.now += step
            if answers and self.now - began >= answers[0]:
                answers.pop(0)
                self.watch.heard_from_master()
            if why := self.watch.check(loading=loading):
                return why, round(self.now - began, 3)
        return None


def test_a_silent_master_counts_as_gone_within_five_seconds():
    assert Worker().wait(60) == (
        "the master has been silent for 4 s",
        pytest.approx(MASTER_TIMEOUT, abs=MASTER_CHECK_INTERVAL),
    )


def test_a_master_that_answers_or_is_silent_for_a_moment_is_not_gone():
    assert Worker().wait(60, answered=range(60)) is None
    assert Worker().wait(6, answered=[1, 2, 4.7, 5]) is None


def test_silence_counts_from_the_last_answer():
    assert Worker().wait(60, answered=[1, 2, 3])[1] == pytest.approx(3 + MASTER_TIMEOUT, abs=2 * MASTER_CHECK_INTERVAL)


def test_silence_does_not_count_without_load():
    worker = Worker()
    assert worker.wait(30, loading=False) is None
    assert worker.watch.silent >= MASTER_TIMEOUT


def test_a_pause_of_the_worker_itself_does_not_count_as_silence():
    worker = Worker()
    worker.wait(1)
    worker.now += 30
    assert worker.watch.check(loading=True) == ""
    assert worker.wait(60)[1] == pytest.approx(
        MASTER_TIMEOUT - 1 - 2 * MASTER_CHECK_INTERVAL, abs=2 * MASTER_CHECK_INTERVAL
    )


@pytest.mark.parametrize("loading", [True, False])
def test_a_worker_that_was_forked_ends_with_its_parent(loading):
    worker = Worker(parent=4711)
    assert worker.wait(2, loading=loading, answered=[1]) is None
    worker.parent = 1
    assert worker.wait(1, loading=loading) == ("the process that forked this worker has ended", MASTER_CHECK_INTERVAL)
