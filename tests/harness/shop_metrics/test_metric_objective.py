"""The text of an objective on a metric: PromQL, the last comparison, and a number."""

import pytest

from harness.objectives.model import ObjectiveError, Operator
from harness.shop_metrics.objective import is_metric_objective, parse_metric_objective


@pytest.mark.parametrize(
    ("text", "query", "operator", "bound"),
    [
        ("prometheus: rate(pg_deadlocks_total[1m]) < 0.1", "rate(pg_deadlocks_total[1m])", Operator.LESS, 0.1),
        ('prometheus:up{job="shop"}>=1', 'up{job="shop"}', Operator.AT_LEAST, 1.0),
        ("prometheus: a > 5 <= 1e3", "a > 5", Operator.AT_MOST, 1000.0),
        ("prometheus: queue_depth ≥ -.5", "queue_depth", Operator.AT_LEAST, -0.5),
        ('prometheus: x{a="two  blanks"} < 2', 'x{a="two  blanks"}', Operator.LESS, 2.0),
        ("prometheus: a == bool b < 1", "a == bool b", Operator.LESS, 1.0),
    ],
)
def test_the_last_comparison_is_the_objective_and_the_rest_is_the_query(text, query, operator, bound):
    objective = parse_metric_objective(text)
    assert (objective.query, objective.operator, objective.bound) == (query, operator, bound)
    assert is_metric_objective(text)
    assert parse_metric_objective(objective.text) == objective


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("prometheus: rate(pg_deadlocks_total[1m])", "does not end with a comparison"),
        ('prometheus: up{job="shop"}', "does not end with a comparison"),
        ("prometheus: a < b", "does not end with a comparison"),
        ("prometheus: a < 300ms", '"300ms" is not a number'),
        ("prometheus: a < 0.1 confidence 99%", "is not a number"),
        ("prometheus: a == 1", '"==" is not a comparison'),
        ("prometheus: < 1", "it has no query"),
        ("prometheus: a\n< 1", "line end"),
        ("prometheus: a < nan", "does not end with a comparison"),
    ],
)
def test_a_text_that_is_no_objective_says_what_is_wrong(text, problem):
    with pytest.raises(ObjectiveError, match=problem) as error:
        parse_metric_objective(text)
    assert error.value.remedy
