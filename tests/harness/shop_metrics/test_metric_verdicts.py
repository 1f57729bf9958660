"""What Prometheus says decides an objective; missing data never passes."""

import math

import pytest

from harness.measurement.recorder import Recorder
from harness.measurement.sample import PageSample, Window
from harness.objectives.evaluate import evaluate_run
from harness.objectives.parser import parse
from harness.objectives.verdict import Finding, Severity, Verdict
from harness.shop_metrics.evaluate import evaluate_metric
from harness.shop_metrics.first_moved import first_moved
from harness.shop_metrics.measurement import MetricMeasurement, MetricSeries, labels_text
from harness.shop_metrics.objective import parse_metric_objective

BELOW = parse_metric_objective("prometheus: q < 5")
ABOVE = parse_metric_objective("prometheus: q > 5")
NAN = math.nan


def measured(*series, objective=BELOW, problem=""):
    found = tuple(
        MetricSeries(
            f'{{n="{number}"}}', tuple((10.0 + at, value) for at, value in enumerate(values) if value is not None)
        )
        for number, values in enumerate(series, 1)
    )
    return MetricMeasurement(text=objective.text, series=found, problem=problem)


@pytest.mark.parametrize(
    ("objective", "series", "verdict", "said"),
    [
        (BELOW, [[1, 2, 3, 4]], "passed", 'highest value of q was 4, of {n="1"}, 13 s after the start'),
        (
            BELOW,
            [[1, 1, 1, 1], [1, 7, 6, 1]],
            "failed",
            '7, of {n="2"}, 11 s after the start (objective: < 5; 2 series)',
        ),
        (ABOVE, [[9, 8, 7, 6], [6, 6, 6, 6]], "passed", "lowest value of q was 6"),
        (ABOVE, [[9, 5, 7, 6]], "failed", "1 of 4 values broke it"),
        (BELOW, [[1, math.inf, 1, 1]], "failed", "was inf"),
        (BELOW, [], "inconclusive", "no data"),
        (BELOW, [[]], "inconclusive", "no data"),
        (BELOW, [[NAN] * 4], "inconclusive", "NaN"),
        (BELOW, [[1, NAN, 1, 1]], "inconclusive", "1 value of 4 were NaN"),
        (BELOW, [[1, NAN, 9, 1]], "failed", "was 9"),
        (BELOW, [[1, 1, None, None]], "inconclusive", "data for only 50 % of the steady part"),
        (BELOW, [[1, 1, None, None], [None, None, 1, 1]], "passed", ""),
    ],
)
def test_each_value_of_each_series_must_keep_the_bound(objective, series, verdict, said):
    result = evaluate_metric(objective, measured(*series, objective=objective), 4)
    assert result.verdict == verdict
    assert said in result.sentence


def test_a_server_that_gave_no_answer_proves_nothing():
    result = evaluate_metric(BELOW, measured(problem="it cannot be reached (Connection refused)"), 0)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "Connection refused" in result.sentence


def test_a_metric_decides_the_run_and_a_run_that_cannot_be_trusted_stays_invalid():
    broken = evaluate_metric(BELOW, measured([9.0] * 4), 4)
    objective = parse("page failures < 50%")
    failed = evaluate_run(recorder(), [objective], [], others=[broken])
    assert failed.verdict is Verdict.FAILED
    assert broken.sentence in failed.reason
    invalid = [Finding("late", Severity.INVALID, "arrivals were late")]
    assert evaluate_run(recorder(), [objective], invalid, others=[broken]).verdict is Verdict.INVALID


def test_the_kept_series_are_the_worst_and_so_are_their_kept_values():
    many = [[float(number)] * 1000 for number in range(9)]
    many[8][777] = 99.0
    kept = measured(*many).shortened(BELOW.operator)
    assert [one.labels for one in kept.series] == ['{n="9"}', '{n="8"}', '{n="7"}', '{n="6"}', '{n="5"}']
    assert len(kept.series[0].points) == 200
    assert (787.0, 99.0) in kept.series[0].points
    odd = measured([1.0, NAN, math.inf])
    assert str(MetricMeasurement.from_json(odd.to_json())) == str(odd)


def test_labels_are_one_short_line():
    assert labels_text({"__name__": "up", "b": "2", "a": "x\ny"}) == '{a="x?y", b="2"}'
    assert labels_text({"__name__": "up"}) == ""
    assert len(labels_text({"a": "x" * 5000})) < 250


def recorder(*, slow_from=math.inf):
    """Ten pages a second for 60 s; from one moment on each takes 2 s."""
    found = Recorder(Window(0.0, 0.0, 60.0))
    for number in range(600):
        due = number / 10
        found.page(PageSample("BasketPage", "gpay", "ok", "nobody", due, due, due + (2.0 if due >= slow_from else 0.1)))
    return found


@pytest.mark.parametrize(
    ("slow_from", "metric_from", "said"),
    [
        (
            40.0,
            20,
            'q of {n="1"} broke its bound 20 s after the start, first of all. page response_time p95 < 1s followed 20 s later.',
        ),
        (20.0, 40, "page response_time p95 < 1s broke its bound 20 s after the start, first of all. q of"),
        (30.0, 31, "too close to say which came first"),
        (math.inf, 20, "No objective on response times or failures broke its bound."),
        (20.0, None, "The shop's own metrics that Prometheus showed stayed within their bounds."),
    ],
)
def test_a_sentence_says_what_moved_first(slow_from, metric_from, said):
    samples, objective = recorder(slow_from=slow_from), parse("page response_time p95 < 1s")
    values = [9.0 if metric_from is not None and at >= metric_from else 1.0 for at in range(60)]
    metric = MetricMeasurement(
        text=BELOW.text, series=(MetricSeries('{n="1"}', tuple((float(at), value) for at, value in enumerate(values))),)
    )
    judgement = evaluate_run(samples, [objective], [], others=[evaluate_metric(BELOW, metric, 60)])
    assert said in first_moved(samples, judgement.objectives, [metric])


def test_nothing_moved_where_nothing_was_broken():
    judgement = evaluate_run(recorder(), [], [], others=[evaluate_metric(BELOW, measured([1.0] * 4), 4)])
    assert first_moved(recorder(), judgement.objectives, [measured([1.0] * 4)]) == ""
