"""The catalogue of metrics: what is published under which name, with which labels, and what is left out and why.

Names begin with ``checkout_load_`` and durations are in seconds; every series carries ``run_id``. A failure is what the
shop is to blame for; the shopper's luck (a declined card, a wrong code) is a success of the page and stays visible as its
outcome. Every label is out of a closed set, or bounded: what is too much is published as ``other``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harness.metrics.buckets import JOURNEY, LATENESS, PAGE, RENDERING

PREFIX = "checkout_load_"


class MetricDefinition(NamedTuple):
    """One metric: its name without the prefix, what it is, and its labels beside ``run_id``; bounds make a histogram."""

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
        "Pages by class of HTTP status: 2xx, 3xx, 4xx, 5xx, 429, 503 apart, and none where no reply came.",
        ("page", "code"),
    ),
    MetricDefinition(
        "page_outcomes_total",
        "counter",
        "Pages by payment option and outcome, whoever is to blame for it.",
        ("page", "payment_option", "outcome"),
    ),
    MetricDefinition(
        "page_errors_total", "counter", "Pages that the shop failed, by kind of failure.", ("page", "kind")
    ),
    MetricDefinition("page_received_bytes_total", "counter", "Bytes received in replies, by page.", ("page",)),
    MetricDefinition(
        "page_repeats_total",
        "counter",
        "Requests that repeat a failed one, as the storefront does; they are among the pages.",
        ("page",),
    ),
    MetricDefinition("requests_in_flight", "gauge", "Requests sent and not yet answered.", ("page",)),
    # -- journeys
    MetricDefinition(
        "journeys_completed_total",
        "counter",
        "Journeys that ended, however they ended; arrivals that were dropped included.",
        ("scenario", "payment_option", "result", "outcome"),
    ),
    MetricDefinition(
        "journey_duration_seconds",
        "histogram",
        "Time from the start of a journey to its end; dropped arrivals never started.",
        ("scenario", "payment_option", "result"),
        JOURNEY,
    ),
    MetricDefinition(
        "journey_response_seconds",
        "histogram",
        "Time from the moment a journey was due to its end; dropped arrivals are counted over every bound.",
        ("scenario", "payment_option", "result"),
        JOURNEY,
    ),
    MetricDefinition("journeys_in_flight", "gauge", "Journeys under way.", ("scenario", "payment_option")),
    MetricDefinition(
        "funnel_steps_total",
        "counter",
        "Journeys that had come at least so far when they ended; steps sort in their order.",
        ("payment_option", "step"),
    ),
    MetricDefinition("orders_total", "counter", "Orders placed, by payment option.", ("payment_option",)),
    MetricDefinition("threeds_challenges_total", "counter", "3-D Secure challenges walked, by outcome.", ("result",)),
    MetricDefinition(
        "sms_requested_total",
        "counter",
        "SMS codes that shoppers were to be sent: with an order, or because they asked for another.",
        ("reason",),
    ),
    MetricDefinition("sms_verifications_total", "counter", "SMS codes that shoppers sent in, by outcome.", ("result",)),
    MetricDefinition(
        "sms_journeys_total", "counter", "Journeys asked for an SMS code, by what the shopper did.", ("script",)
    ),
    # -- arrivals
    MetricDefinition("arrivals_scheduled_total", "counter", "Arrivals that became due.", ("scenario",)),
    MetricDefinition("arrivals_started_total", "counter", "Arrivals that a virtual user took.", ("scenario",)),
    MetricDefinition("arrivals_dropped_total", "counter", "Arrivals that nobody served.", ("scenario", "reason")),
    MetricDefinition("arrivals_waiting", "gauge", "Arrivals that are due and wait for a free user.", ("scenario",)),
    MetricDefinition(
        "arrival_lag_seconds",
        "histogram",
        "How late arrivals were taken for reasons of the harness's own.",
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
    MetricDefinition(
        "arrival_rate_target", "gauge", "Journeys per second that the scenario asks for now.", ("scenario",)
    ),
    MetricDefinition(
        "data_pool_available", "gauge", "What is left to be used of test data that is lent out.", ("pool",)
    ),
    # -- the generator
    MetricDefinition("workers", "gauge", "Processes that put on the load, by state.", ("state",)),
    MetricDefinition("workers_expected", "gauge", "Processes among which the load was dealt out."),
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
        "worker_clock_offset_seconds", "gauge", "How far its clock is ahead of the master's.", ("worker",)
    ),
    MetricDefinition("worker_reports_total", "counter", "Reports of the worker that have come in.", ("worker",)),
    MetricDefinition("worker_reports_lost_total", "counter", "Reports of the worker that never came in.", ("worker",)),
    MetricDefinition("users", "gauge", "Virtual users, by class.", ("user_class",)),
    MetricDefinition(
        "scrape_render_seconds",
        "histogram",
        "Processor time that it took to write down all of these metrics, scrape by scrape.",
        (),
        RENDERING,
    ),
    # -- the run
    MetricDefinition("run_info", "gauge", "Always 1; what is being run.", ("scenario", "model", "target", "version")),
    MetricDefinition("run_phase", "gauge", "1 for the phase that the run is in.", ("phase",)),
    MetricDefinition("run_step", "gauge", "The stage of the arrival profile that the run is in, counted from 1."),
    MetricDefinition("run_valid", "gauge", "1 once a verdict was given that can be trusted; 0 until then."),
    MetricDefinition("run_verdict", "gauge", "1 for the verdict of the run; pending until it is judged.", ("verdict",)),
    MetricDefinition("run_start_timestamp_seconds", "gauge", "When the run was started, in seconds since 1970."),
    MetricDefinition(
        "run_end_timestamp_seconds", "gauge", "When the run had ended, in seconds since 1970; absent until then."
    ),
    # -- the objectives
    MetricDefinition("objective_bound", "gauge", "What an objective demands, in its unit.", ("objective", "unit")),
    MetricDefinition(
        "objective_measured",
        "gauge",
        "What was measured of it in the steady part, in its unit; looked at every few seconds.",
        ("objective", "unit"),
    ),
    MetricDefinition(
        "objective_state",
        "gauge",
        "1 for how an objective stands: nothing, kept_so_far, broken_so_far; at the end passed, failed, inconclusive.",
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
    "page_response_bytes": "sizes of replies hardly differ within a page; page_received_bytes_total over the count is the mean",
    "request_phase_seconds": "connections are kept alive, so that most pages have no phase but waiting for the reply",
    "think_time_seconds": "that shoppers keep their pace is proven by arrival_lag_seconds and the response times",
    "sms_delivery_seconds, sms_waiting": "a shop does not say when a message reached a telephone",
    "sms_requested_total{provider}": "the shop does not say who delivers",
    "data_pool_draws_total": "an account that was wanted and not there is page_errors_total's no_account, and spoils the run",
    "run_info{git_sha}": "version is what is installed; a checkout need not be a repository",
}
"""What one may look for and not find, and why."""


def table() -> str:
    """The catalogue as a page of Markdown."""
    lines = [
        "# The metrics",
        "",
        "Written by `python -m harness.metrics.catalogue`; a test holds this page and the code together.",
        "",
        f"Every name begins with `{PREFIX}`, every series has `run_id` beside the labels named here, and times are in seconds.",
        "A histogram has `_bucket` with `le`, `_count` and `_sum`. With `--native-histograms` those of pages and journeys also come as native",
        "ones, 16 buckets to an octave, to a Prometheus that asks for protocol buffers first. `--remote-write` sends the same series, classic histograms only.",
        "",
        "| name | type | labels | what it is |",
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
