"""All transitions of a run, as a table: what happens to it, and the state and the facts afterwards."""

import pytest

from harness.run.lifecycle import EndCause, Ending, Lifecycle, RunState, interruption

PLANNED = Ending()
CERTAIN = Ending(EndCause.CERTAIN, "the verdict is certain", judged_until=4.0)
RULE = Ending(EndCause.STOP_RULE, "failures > 50%")
DIED = Ending(EndCause.TARGET_DIED, "the shop ended", drains=False)
CRASH = Ending(EndCause.CRASHED, "the harness broke", crash="LookupError", drains=False)
CTRL_C = interruption("Ctrl-C")
LOST = Ending(EndCause.WORKER_LOST, "worker 1 was lost")


class Life(Lifecycle):
    """A life whose clock counts the steps; ``begin``, ``drained``, ``late`` and ``end`` are steps, too."""

    def __init__(self):
        self.now, self.reported = 0.0, 0
        super().__init__(lambda: self.now)
        self.on_over.append(self._tell)

    def _tell(self):
        self.reported += 1

    def steps(self, *steps):
        for step in steps:
            self.now += 1.0
            if isinstance(step, Ending):
                self.close(step)
            else:
                {
                    "begin": self.begin,
                    "drained": lambda: self.drained(timed_out=False),
                    "late": lambda: self.drained(timed_out=True),
                    "end": self.end,
                }[step]()
        return self


@pytest.mark.parametrize(
    ("steps", "state", "ending"),
    [
        ([], RunState.PREPARED, PLANNED),
        (["begin"], RunState.LOADING, PLANNED),
        (["begin", PLANNED], RunState.DRAINING, PLANNED),
        (["begin", PLANNED, "drained"], RunState.OVER, PLANNED),
        (["begin", PLANNED, "drained", "end"], RunState.ENDED, PLANNED),
        (["begin", CERTAIN], RunState.DRAINING, CERTAIN),
        (["begin", RULE], RunState.DRAINING, RULE),
        (["begin", DIED], RunState.OVER, DIED),
        (["begin", RULE, DIED], RunState.OVER, RULE),
        (["begin", RULE, CTRL_C], RunState.DRAINING, RULE),
        (["begin", PLANNED, LOST], RunState.DRAINING, LOST),
        (["begin", PLANNED, CRASH], RunState.OVER, CRASH),
        (["begin", PLANNED, "drained", LOST], RunState.OVER, PLANNED),
        (["drained"], RunState.PREPARED, PLANNED),
        ([RULE], RunState.OVER, RULE),
        ([RULE, "begin"], RunState.OVER, RULE),
        (["begin", "end"], RunState.ENDED, PLANNED),
        (["end", "begin"], RunState.ENDED, PLANNED),
    ],
)
def test_each_step_leads_to_one_state(steps, state, ending):
    life = Life().steps(*steps)
    assert (life.state, life.ending) == (state, ending)


@pytest.mark.parametrize(
    ("steps", "reported"),
    [(["begin", PLANNED, "drained", "end"], 1), (["begin", DIED, DIED, "drained"], 1), (["begin", RULE, "end"], 0)],
)
def test_on_over_is_called_once_and_not_when_locust_ends_the_run(steps, reported):
    assert Life().steps(*steps).reported == reported


@pytest.mark.parametrize(
    ("steps", "planned"),
    [
        (["begin"], False),
        (["begin", PLANNED], True),
        (["begin", CERTAIN], True),
        (["begin", PLANNED, LOST], True),
        (["begin", RULE], False),
        (["begin", DIED], False),
    ],
)
def test_a_drain_is_planned_if_it_began_at_a_complete_ending(steps, planned):
    assert Life().steps(*steps).planned_drain is planned


def test_an_interruption_and_a_crash_are_recorded_beside_the_ending_that_came_first():
    life = Life().steps("begin", RULE, CTRL_C, interruption("the stop button"), CRASH)
    assert (life.ending, life.interrupted_by, life.crash) == (RULE, "Ctrl-C", "LookupError")


def test_the_load_ends_with_the_first_early_ending_or_with_the_drain():
    assert Life().steps("begin", RULE, DIED).closed_at == 2.0
    assert Life().steps("begin", PLANNED, "drained").closed_at == 3.0
    assert Life().steps("begin", PLANNED, LOST, "drained").closed_at == 3.0


def test_a_drain_that_timed_out_is_remembered():
    assert Life().steps("begin", PLANNED, "late").drain_timed_out
    assert not Life().steps("begin", PLANNED, "drained").drain_timed_out


def test_a_run_that_never_began_stays_so():
    assert not Life().steps(Ending(EndCause.UNREACHABLE, "no answer"), "end").begun
    assert Life().steps("begin", PLANNED, "drained", "end").begun
