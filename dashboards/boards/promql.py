"""Builds the PromQL queries of the panels.

Three rules hold for all of them. A quantile comes from summed buckets; quantiles are never averaged. A rate uses
``$__rate_interval``. A total is the last value of a counter, because ``increase()`` extrapolates. Each run has its own
``run_id``, so its counters start at 0 and their last value is the total of the run.
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
    """A selector for a metric, named without its prefix, of the chosen runs and with more matchers."""
    return f"{PREFIX}{metric}{{{','.join((run, *matchers))}}}"


def rate(metric: str, *matchers: str, by: str = "run_id") -> str:
    """The rate of a counter per second, summed by these labels."""
    return f"sum by ({by}) (rate({series(metric, *matchers)}{WINDOW}))"


def total(metric: str, *matchers: str, by: str = "run_id") -> str:
    """The total of a counter since the start of the run, up to the end of the chosen time."""
    return f"sum by ({by}) (max_over_time({series(metric, *matchers)}{WHOLE}))"


def last(metric: str, *matchers: str, by: str = "run_id") -> str:
    """The last value of a gauge in the chosen time; it still shows after the run."""
    return f"max by ({by}) (last_over_time({series(metric, *matchers)}{WHOLE}))"


def gauge(metric: str, *matchers: str, by: str = "run_id", of: str = "sum") -> str:
    """A gauge over time."""
    return f"{of} by ({by}) ({series(metric, *matchers)})"


def quantile(share: float, metric: str, *matchers: str, by: str = "run_id") -> str:
    """A percentile over time."""
    buckets = f"sum by (le, {by}) (rate({series(metric + '_bucket', *matchers)}{WINDOW}))"
    return f"histogram_quantile({share}, {buckets})"


def quantile_of_all(share: float, metric: str, *matchers: str, by: str = "run_id") -> str:
    """A percentile of the whole run."""
    buckets = f"sum by (le, {by}) (max_over_time({series(metric + '_bucket', *matchers)}{WHOLE}))"
    return f"histogram_quantile({share}, {buckets})"


def earlier(share: float, metric: str, *matchers: str) -> str:
    """A percentile of the run to compare with, shifted so that both runs start at the same time.

    The extra millisecond is for a run that is compared with itself: Prometheus refuses an offset of zero.
    """
    selector = series(metric + "_bucket", *matchers, run=BASELINE)
    return f"histogram_quantile({share}, sum by (le, run_id) (rate({selector}{WINDOW} offset ${{shift}}s1ms)))"


def share(part: str, whole: str) -> str:
    """A part as a share of a whole; a missing part counts as 0."""
    return f"(({part}) or 0 * ({whole})) / ({whole})"


ALLOWED_LATENESS = (
    f"clamp_min(0.05 * min by (run_id) ({series('slo_threshold_seconds')}) "
    f"or 0 * {gauge('run_start_timestamp_seconds', of='max')}, 0.025)"
)
"""The bound of the run on its own lateness, as its check of validity has it."""
