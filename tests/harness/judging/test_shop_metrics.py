"""Prometheus is asked before the load whether it can read the queries, and after it for the steady part."""

import pytest
from workloads import FakeWorkload

from harness.errors import UsageError
from harness.judging import shop_metrics as module
from harness.judging.shop_metrics import check_prometheus, measure_metrics
from harness.measurement.sample import Window
from harness.objectives.verdict import Verdict
from harness.run.collaborators import TimeSource
from harness.run.lifecycle import EndCause, Ending
from harness.run.run import Run
from harness.shop_metrics.measurement import MetricSeries
from harness.shop_metrics.objective import parse_metric_objective
from harness.shop_metrics.prometheus import NoAnswer, QueryError, WrongQuery
from harness.shop_metrics.source import PrometheusSource

OBJECTIVES = [parse_metric_objective(f"prometheus: {name} < 5") for name in ("one", "two", "three")]


def workload(url="http://127.0.0.1:9090", token=""):
    return FakeWorkload(
        metric_objectives=OBJECTIVES,
        prometheus=PrometheusSource(url, token),
        warm_up=100.0,
        steady=2000.0,
        arrival_rate=1.0,
    )


class Asked(list):
    """Calls, and the answers to them."""

    def __init__(self):
        super().__init__()
        self.answers = {}


@pytest.fixture
def asked(monkeypatch):
    """What Prometheus was asked; ``answers`` has its answer to each query, or the error."""

    calls = Asked()

    def query_range(_source, query, *times):
        calls.append((query, *times))
        answer = calls.answers.get(query, [])
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "query_range", query_range)
    return calls


def test_all_queries_that_cannot_be_read_are_refused_at_once(asked):
    asked.answers = {"one": WrongQuery("1:4: parse error"), "three": WrongQuery("unknown function")}
    with pytest.raises(UsageError) as error:
        check_prometheus(workload().judging, (), 1e9)
    assert str(error.value).splitlines() == [
        'objectives "prometheus: one < 5": Prometheus cannot read the query: 1:4: parse error; correct it',
        'objectives "prometheus: three < 5": Prometheus cannot read the query: unknown function; correct it',
    ]


def test_a_server_that_does_not_answer_is_a_warning_before_the_load(asked, caplog):
    asked.answers = {"one": NoAnswer("it cannot be reached")}
    check_prometheus(workload().judging, (), 1e9)
    assert "will be inconclusive" in caplog.text
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("url", "token", "value", "said"),
    [
        ("http://metrics.example.com:9090/path", "", "", "not in the list of allowed targets"),
        ("http://127.0.0.1:9090", "SHOP_TOKEN", "", "SHOP_TOKEN of prometheus.token_variable is not set"),
        ("http://127.0.0.1:9090", "SHOP_TOKEN", "sword\nfish", "line end"),
        ("http://allowed.example.com", "SHOP_TOKEN", "swordfish", "plain text"),
    ],
)
def test_a_server_that_is_not_allowed_and_a_token_that_is_missing_are_refused(
    asked, monkeypatch, url, token, value, said
):
    monkeypatch.setenv("SHOP_TOKEN", value)
    with pytest.raises(UsageError, match=said) as error:
        check_prometheus(workload(url, token).judging, ("allowed.example.com",), 1e9)
    assert not asked
    assert "swordfish" not in str(error.value)


def a_run(*, ended_after=2100.0):
    clock = [50.0]
    run = Run(workload(), TimeSource(clock=lambda: clock[0], wall_clock=lambda: 1e9 + clock[0]))
    run.recorder.window = Window(50.0, 150.0, 2150.0)
    run.lifecycle.begin()
    clock[0] = 50.0 + ended_after
    run.close(Ending(EndCause.STOP_RULE, "stopped"))
    return run


def test_a_query_that_fails_leaves_the_others_to_be_judged(asked):
    start = 1e9 + 150.0
    asked.answers = {
        "one": QueryError("many-to-many matching not allowed"),
        "two": [MetricSeries("", tuple((start + 2 * at, 9.0) for at in range(1001)))],
    }
    _, (one, two, _) = measure_metrics(a_run())
    assert (one.verdict, two.verdict) == (Verdict.INCONCLUSIVE, Verdict.FAILED)
    asked.clear()
    check_prometheus(workload().judging, (), 1e9)
    assert len(asked) == 3


def test_prometheus_is_asked_for_the_steady_part(asked):
    start = 1e9 + 150.0
    asked.answers = {
        "one": [MetricSeries("", tuple((start + 2 * at, 1.0) for at in range(1001)))],
        "two": [MetricSeries("", tuple((start + 2 * at, 9.0) for at in range(1001)))],
    }
    measured, results = measure_metrics(a_run())
    assert asked[0] == ("one", start, start + 2000.0, 2.0)
    assert [one.verdict for one in results] == [Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE]
    assert measured[1].series[0].points[0] == (100.0, 9.0)


def test_a_run_that_ended_early_asks_only_for_what_it_had(asked):
    measure_metrics(a_run(ended_after=600.0))
    assert asked[0] == ("one", 1e9 + 150.0, 1e9 + 650.0, 1.0)
    del asked[:]
    _, results = measure_metrics(a_run(ended_after=60.0))
    assert not asked
    assert {one.verdict for one in results} == {Verdict.INCONCLUSIVE}


def test_after_the_first_query_without_an_answer_no_other_waits(asked):
    asked.answers = {"one": NoAnswer("it did not answer within 10 seconds")}
    _, results = measure_metrics(a_run())
    assert len(asked) == 1
    assert all("did not answer" in one.sentence and one.verdict is Verdict.INCONCLUSIVE for one in results)
