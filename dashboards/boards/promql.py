"""The questions that several panels ask, in PromQL.

Three rules: a quantile is read from buckets that were added up first, never averaged; a rate is asked for over
``$__rate_interval``; a total is the last value that a counter had, for ``increase()`` guesses beyond it. Each run has a
``run_id`` of its own, so its counters begin at nought and their last value is the whole run's.
"""

from __future__ import annotations

PREFIX = "checkout_load_"
RUN = 'run_id=~"$run_id"'
BASELINE = 'run_id="$baseline"'
PAGE = 'page=~"$page"'
OPTION = 'payment_option=~"$payment_option"'
WINDOW = "[$__rate_interval]"
WHOLE = "[$__range]"


def series(metric: str, *matchers: str, run: str = RUN) -> str:
    """A selector: the metric without our prefix, of the chosen runs, and of what else is asked for."""
    return f"{PREFIX}{metric}{{{','.join((run, *matchers))}}}"


def rate(metric: str, *matchers: str, by: str = "run_id") -> str:
    """How many a second, added up over all labels but those named."""
    return f"sum by ({by}) (rate({series(metric, *matchers)}{WINDOW}))"


def total(metric: str, *matchers: str, by: str = "run_id") -> str:
    """How many in all since the run began, as far as the chosen time goes."""
    return f"sum by ({by}) (max_over_time({series(metric, *matchers)}{WHOLE}))"


def last(metric: str, *matchers: str, by: str = "run_id") -> str:
    """The last value of a gauge in the chosen time, so that it still shows after the run."""
    return f"max by ({by}) (last_over_time({series(metric, *matchers)}{WHOLE}))"


def gauge(metric: str, *matchers: str, by: str = "run_id", of: str = "sum") -> str:
    """A gauge as it goes."""
    return f"{of} by ({by}) ({series(metric, *matchers)})"


def quantile(share: float, metric: str, *matchers: str, by: str = "run_id") -> str:
    """A percentile as it goes."""
    buckets = f"sum by (le, {by}) (rate({series(metric + '_bucket', *matchers)}{WINDOW}))"
    return f"histogram_quantile({share}, {buckets})"


def quantile_of_all(share: float, metric: str, *matchers: str, by: str = "run_id") -> str:
    """A percentile of the whole run."""
    buckets = f"sum by (le, {by}) (max_over_time({series(metric + '_bucket', *matchers)}{WHOLE}))"
    return f"histogram_quantile({share}, {buckets})"


def earlier(share: float, metric: str, *matchers: str) -> str:
    """A percentile of the run to compare with, moved so that both begin at the same moment.

    The millisecond is for a run that is compared with itself: Prometheus takes no offset of nought.
    """
    selector = series(metric + "_bucket", *matchers, run=BASELINE)
    return f"histogram_quantile({share}, sum by (le, run_id) (rate({selector}{WINDOW} offset ${{shift}}s1ms)))"


def share(part: str, whole: str) -> str:
    """A part of a whole; none of it counts as 0 and not as missing."""
    return f"(({part}) or 0 * ({whole})) / ({whole})"
