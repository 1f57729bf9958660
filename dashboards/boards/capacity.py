"""The dashboard for capacity: the knee of the shop, and the health of the load generator."""

from __future__ import annotations

from dashboards.boards import promql as q
from dashboards.boards.panel import OBJECTIVE, Board, Kind, Panel, Query, Row, Threshold, Unit

_WORKER = "{{worker}} {{run_id}}"
_BY = "run_id, worker"
_TAKEN = 'outcome!="dropped"'
_SERVED = 'result!="failed"'
_PRESENT = 'state=~"ready|done"'
_THERE = f"sum by (run_id) (last_over_time({q.series('workers', _PRESENT)}{q.WHOLE}))"

_CAPACITY = Row(
    "Capacity",
    (
        Panel(
            Kind.SCATTER,
            "Journeys ended against journeys due",
            "A healthy shop stays on the diagonal. Bad: points that move right but not up. Their height is the capacity of the shop.",
            Unit.PER_SECOND,
            (
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.rate("journeys_completed_total", _TAKEN), "ended {{run_id}}"),
            ),
        ),
        Panel(
            Kind.GRAPH,
            "Offered against completed",
            "Bad: the two lines separate. The journeys between them wait, and are dropped in the end.",
            Unit.PER_SECOND,
            (
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.rate("journeys_completed_total", _SERVED), "served {{run_id}}"),
            ),
        ),
        Panel(
            Kind.SCATTER,
            "The knee: response p95 against journeys due",
            "Each point is one moment. Bad: points that turn upward. The rate where they do is the knee. The next panel shows the stage of the "
            "load at that time.",
            Unit.SECONDS,
            (
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.quantile(0.95, "page_response_seconds"), "p95 {{run_id}}"),
            ),
        ),
        Panel(
            Kind.GRAPH,
            "Stage of the load",
            "The stages of the arrival profile, counted from 1. Bad: p95 rises, or orders are missing, in a stage below the one you plan for.",
            Unit.COUNT,
            (Query(q.gauge("run_step", of="max")),),
        ),
        Panel(
            Kind.GRAPH,
            "Response p95",
            "Response time of all pages. Bad: it bends upward while the rate grows evenly.",
            Unit.SECONDS,
            (Query(q.quantile(0.95, "page_response_seconds")),),
            log=True,
        ),
        Panel(
            Kind.GRAPH,
            "Little's law: journeys in flight, measured and computed",
            "Computed is arrival rate times mean duration. Bad: the two lines separate under a steady load. Then a count is wrong, or the load is "
            "not steady.",
            Unit.COUNT,
            (
                Query(q.gauge("journeys_in_flight"), "measured {{run_id}}"),
                Query(q.rate("journey_duration_seconds_sum"), "computed {{run_id}}"),
            ),
        ),
        Panel(
            Kind.GRAPH,
            "Waiting for a free user",
            "Arrivals that are due and have not started. Bad: it grows. The shop is slow, and all virtual users are busy.",
            Unit.COUNT,
            (Query(q.gauge("arrivals_waiting")),),
        ),
        Panel(
            Kind.GRAPH,
            "Arrivals dropped a second, by reason",
            "Bad: anything but 0.",
            Unit.PER_SECOND,
            (Query(q.rate("arrivals_dropped_total", by="run_id, reason"), "{{reason}} {{run_id}}"),),
        ),
    ),
)

_GENERATOR = Row(
    "The load generator",
    (
        Panel(
            Kind.STAT,
            "Workers present, of those expected",
            "Bad: less than 100 %. Such a run is invalid.",
            Unit.RATIO,
            (Query(f"{_THERE} / {q.last('workers_expected')}"),),
            width=4,
            thresholds=(Threshold(None, "red"), Threshold(1, "green")),
        ),
        Panel(
            Kind.GRAPH,
            "Lateness of arrivals, p99",
            "How late arrivals started because of the load generator. Bad: above the red line: 25 ms, or 5 % of the tightest bound on a time.",
            Unit.SECONDS,
            (
                Query(q.quantile(0.99, "arrival_lag_seconds"), "p99 {{run_id}}"),
                Query(q.ALLOWED_LATENESS, "allowed {{run_id}}", ref=OBJECTIVE),
            ),
            width=10,
            log=True,
        ),
        Panel(
            Kind.GRAPH,
            "Event loop lag of each worker, p99",
            "How long the event loop of a worker was blocked. Bad: above 50 ms. Measured times are then too long by this much.",
            Unit.SECONDS,
            (Query(q.quantile(0.99, "generator_loop_lag_seconds", by=_BY), _WORKER),),
            width=10,
            log=True,
        ),
        Panel(
            Kind.GRAPH,
            "CPU of each worker",
            "In cores. Bad: above 0.8. Add another worker.",
            Unit.RATIO,
            (Query(q.gauge("worker_cpu_ratio", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Memory of each worker",
            "Bad: it grows without end.",
            Unit.BYTES,
            (Query(q.gauge("worker_resident_memory_bytes", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Open connections of each worker",
            "Bad: more than the journeys in flight, or near the limit of open files.",
            Unit.COUNT,
            (Query(q.gauge("worker_open_connections", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Age of each worker's last report",
            "Bad: above 5 s. The worker hangs, or its connection is cut.",
            Unit.SECONDS,
            (Query(q.gauge("worker_report_age_seconds", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Clock of each worker, compared with the master",
            "Bad: more than 1 s from 0. The run is then invalid.",
            Unit.SECONDS,
            (Query(q.gauge("worker_clock_offset_seconds", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Virtual users, by class",
            "Bad: fewer than requested after the start.",
            Unit.COUNT,
            (Query(q.gauge("users", by="run_id, user_class"), "{{user_class}} {{run_id}}"),),
        ),
    ),
)

_OBSERVED = Row(
    "Cost of the metrics, and test data",
    (
        Panel(
            Kind.GRAPH,
            "CPU time of a scrape, p99",
            "The cost of writing all metrics for Prometheus. Bad: above 5 ms. Scrape less often.",
            Unit.SECONDS,
            (Query(q.quantile(0.99, "scrape_render_seconds")),),
        ),
        Panel(
            Kind.GRAPH,
            "Reports lost a second, by worker",
            "Bad: anything but 0.",
            Unit.PER_SECOND,
            (Query(q.rate("worker_reports_lost_total", by=_BY), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Test data left, by pool",
            "Bad: near 0. Journeys then find no account, and the run is invalid.",
            Unit.COUNT,
            (Query(q.gauge("data_pool_available", by="run_id, pool"), "{{pool}} {{run_id}}"),),
        ),
    ),
)

BOARD = Board(
    uid="checkload-capacity",
    title="checkload: capacity and generator",
    description="How much load the shop carries, where its knee is, and whether the load generator could measure it.",
    rows=(_CAPACITY, _GENERATOR, _OBSERVED),
)
