"""The catalogue of metrics: names, labels and meanings, and what is left out and why.

Names begin with ``checkout_load_``, durations are in seconds, and every series has the label ``run_id``. A failure is what
the shop causes. A declined card or a wrong code is a success of the page, and visible as its outcome. The values of every
label are a closed set or limited in number; values beyond the limit are published as ``other``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harness.metrics.buckets import JOURNEY, LATENESS, PAGE, RENDERING

PREFIX = "checkout_load_"


class MetricDefinition(NamedTuple):
    """One metric: its name without the prefix, its type, its help text, its labels beside ``run_id``, and its bounds."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


_ROWS = (
    # -- pages
    MetricDefinition(
        "page_duration_seconds",
        "histogram",
        "Service time of pages, from the first byte sent to the last received.",
        ("page", "result"),
        PAGE,
    ),
    MetricDefinition(
        "page_response_seconds",
        "histogram",
        "Response time of pages, from the moment the shopper would have sent it to the last byte received.",
        ("page", "result"),
        PAGE,
    ),
    MetricDefinition(
        "page_responses_total",
        "counter",
        "Pages by class of HTTP status: 2xx, 3xx, 4xx and 5xx, with 429 and 503 apart, and none without a reply.",
        ("page", "code"),
    ),
    MetricDefinition(
        "page_outcomes_total",
        "counter",
        "Pages by payment option and outcome, whatever the cause.",
        ("page", "payment_option", "outcome"),
    ),
    MetricDefinition(
        "page_errors_total", "counter", "Pages that the shop failed, by kind of failure.", ("page", "kind")
    ),
    MetricDefinition("page_received_bytes_total", "counter", "Bytes received in replies, by page.", ("page",)),
    MetricDefinition(
        "page_repeats_total",
        "counter",
        "Requests that repeat a failed one, as the real storefront does; they count as pages, too.",
        ("page",),
    ),
    MetricDefinition("requests_in_flight", "gauge", "Requests sent and not yet answered.", ("page",)),
    # -- journeys
    MetricDefinition(
        "journeys_completed_total",
        "counter",
        "Journeys that ended, with any outcome; dropped arrivals included.",
        ("scenario", "payment_option", "result", "outcome"),
    ),
    MetricDefinition(
        "journey_duration_seconds",
        "histogram",
        "Time from the start of a journey to its end; dropped arrivals have no start and are left out.",
        ("scenario", "payment_option", "result"),
        JOURNEY,
    ),
    MetricDefinition(
        "journey_response_seconds",
        "histogram",
        "Time from the moment a journey was due to its end; dropped arrivals count as over every bound.",
        ("scenario", "payment_option", "result"),
        JOURNEY,
    ),
    MetricDefinition("journeys_in_flight", "gauge", "Journeys in progress.", ("scenario", "payment_option")),
    MetricDefinition(
        "funnel_steps_total",
        "counter",
        "Journeys that reached at least this step; the names of the steps sort in their order.",
        ("payment_option", "step"),
    ),
    MetricDefinition("orders_total", "counter", "Orders placed, by payment option.", ("payment_option",)),
    MetricDefinition("threeds_challenges_total", "counter", "3-D Secure challenges answered, by outcome.", ("result",)),
    MetricDefinition(
        "sms_requested_total",
        "counter",
        "SMS codes requested from the shop: with an order, or because the shopper asked for another.",
        ("reason",),
    ),
    MetricDefinition("sms_verifications_total", "counter", "SMS codes that shoppers sent in, by outcome.", ("result",)),
    MetricDefinition(
        "sms_journeys_total", "counter", "Journeys with an SMS code, by what the shopper did.", ("script",)
    ),
    # -- arrivals
    MetricDefinition("arrivals_scheduled_total", "counter", "Arrivals that became due.", ("scenario",)),
    MetricDefinition("arrivals_started_total", "counter", "Arrivals that a virtual user started.", ("scenario",)),
    MetricDefinition("arrivals_dropped_total", "counter", "Arrivals that were never served.", ("scenario", "reason")),
    MetricDefinition(
        "arrivals_waiting", "gauge", "Arrivals that are due and wait for a free virtual user.", ("scenario",)
    ),
    MetricDefinition(
        "arrival_lag_seconds",
        "histogram",
        "How late checkload itself started arrivals.",
        ("scenario",),
        LATENESS,
    ),
    MetricDefinition(
        "arrival_wait_seconds",
        "histogram",
        "How long arrivals waited because no virtual user was free.",
        ("scenario",),
        LATENESS,
    ),
    MetricDefinition("arrival_rate_target", "gauge", "Journeys per second that the scenario plans now.", ("scenario",)),
    MetricDefinition("data_pool_available", "gauge", "Free items in a pool of test data.", ("pool",)),
    # -- the generator
    MetricDefinition("workers", "gauge", "Processes that make the load, by state.", ("state",)),
    MetricDefinition("workers_expected", "gauge", "Processes that share the load."),
    MetricDefinition(
        "generator_loop_lag_seconds",
        "histogram",
        "How late probes of the event loop woke up.",
        ("worker",),
        LATENESS,
    ),
    MetricDefinition(
        "worker_cpu_ratio", "gauge", "Processor time of the last second, as a share of one core.", ("worker",)
    ),
    MetricDefinition(
        "worker_resident_memory_bytes", "gauge", "Memory of the process that is not swapped out.", ("worker",)
    ),
    MetricDefinition("worker_open_connections", "gauge", "Files and sockets that the process has open.", ("worker",)),
    MetricDefinition("worker_report_age_seconds", "gauge", "Time since the worker's last report.", ("worker",)),
    MetricDefinition(
        "worker_clock_offset_seconds", "gauge", "How far the worker's clock is ahead of the master's.", ("worker",)
    ),
    MetricDefinition("worker_reports_total", "counter", "Reports of the worker that arrived.", ("worker",)),
    MetricDefinition("worker_reports_lost_total", "counter", "Reports of the worker that never arrived.", ("worker",)),
    MetricDefinition("users", "gauge", "Virtual users, by class.", ("user_class",)),
    MetricDefinition(
        "scrape_render_seconds",
        "histogram",
        "Processor time of each scrape of these metrics.",
        (),
        RENDERING,
    ),
    # -- the run
    MetricDefinition("run_info", "gauge", "Always 1; what is being run.", ("scenario", "model", "target", "version")),
    MetricDefinition("run_phase", "gauge", "1 for the phase that the run is in.", ("phase",)),
    MetricDefinition("run_step", "gauge", "The stage of the arrival profile that the run is in, counted from 1."),
    MetricDefinition("run_valid", "gauge", "1 if the run has a verdict that can be trusted; 0 until then."),
    MetricDefinition("run_verdict", "gauge", "1 for the verdict of the run; pending until it is judged.", ("verdict",)),
    MetricDefinition("run_start_timestamp_seconds", "gauge", "When the run started, in seconds since 1970."),
    MetricDefinition(
        "run_end_timestamp_seconds", "gauge", "When the run ended, in seconds since 1970; absent until then."
    ),
    # -- the objectives
    MetricDefinition("objective_bound", "gauge", "The bound of an objective, in its unit.", ("objective", "unit")),
    MetricDefinition(
        "objective_measured",
        "gauge",
        "The measured value of an objective in the steady part, in its unit; updated every few seconds.",
        ("objective", "unit"),
    ),
    MetricDefinition(
        "objective_state",
        "gauge",
        "1 for the state of an objective: nothing, kept_so_far or broken_so_far; at the end passed, failed, inconclusive or not_judged.",
        ("objective", "state"),
    ),
    MetricDefinition(
        "slo_threshold_seconds",
        "gauge",
        "The bound of an objective on a time.",
        ("objective", "subject", "page", "journey", "payment_option", "metric", "statistic"),
    ),
    MetricDefinition(
        "slo_objective_ratio",
        "gauge",
        "The share that must be within the bound of an objective on a percentile.",
        ("objective", "subject", "page", "journey", "payment_option", "metric", "statistic"),
    ),
)

CATALOGUE: Mapping[str, MetricDefinition] = {row.name: row for row in _ROWS}
"""Every metric by its name without the prefix, in the order in which they are published."""

OMITTED_METRICS: Mapping[str, str] = {
    "page_response_bytes": "the size of a page hardly varies; page_received_bytes_total divided by the count is its mean",
    "request_phase_seconds": "connections are kept alive, so most pages only wait for the reply",
    "think_time_seconds": "arrival_lag_seconds and the response times already prove that shoppers keep their pace",
    "sms_delivery_seconds, sms_waiting": "a shop does not say when a message reached a telephone",
    "sms_requested_total{provider}": "the shop does not say who delivers",
    "data_pool_draws_total": "a missing account is no_account in page_errors_total, and makes the run invalid",
    "run_info{git_sha}": "the label version is the installed version; a copy of the code need not be a repository",
}
"""Metrics that are not published, and why."""


def table() -> str:
    """The catalogue as a Markdown page."""
    lines = [
        "# The metrics",
        "",
        "Written by `python -m harness.metrics.catalogue`; a test compares this page with the code.",
        "",
        f"Every name begins with `{PREFIX}`. Every series has the label `run_id` beside the labels below. Times are in seconds.",
        "A histogram has `_bucket` with `le`, `_count` and `_sum`. With `--native-histograms`, a Prometheus that asks for protocol buffers first",
        "gets the histograms of pages and journeys as native ones, too, with 16 buckets per octave. `--remote-write` sends the same series, with",
        "classic histograms only.",
        "",
        "| name | type | labels | meaning |",
        "|---|---|---|---|",
    ]
    for row in _ROWS:
        labels = ", ".join(f"`{label}`" for label in row.labels)
        buckets = f" {len(row.bounds)} bounds from {row.bounds[0]:g} to {row.bounds[-1]:g}." if row.bounds else ""
        lines.append(f"| `{row.name}` | {row.kind} | {labels} | {row.help}{buckets} |")
    lines += ["", "## Left out", "", "| name | why |", "|---|---|"]
    lines += [f"| `{name}` | {why} |" for name, why in OMITTED_METRICS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201 - this is what it is called for
