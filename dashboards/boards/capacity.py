"""Where the shop bends, and whether the load generator could show it."""

from __future__ import annotations

from dashboards.boards import promql as q
from dashboards.boards.panel import Board, Kind, Panel, Query, Row, Threshold, Unit

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
            "A healthy shop stays on the diagonal. Bad: points that go on to the right and no higher: that height is the shop's capacity.",
            Unit.PER_SECOND,
            (
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.rate("journeys_completed_total", _TAKEN), "ended {{run_id}}"),
            ),
        ),
        Panel(
            Kind.GRAPH,
            "Offered against completed",
            "Bad: the two part. What is between them piles up, waits, and is dropped in the end.",
            Unit.PER_SECOND,
            (
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.rate("journeys_completed_total", _SERVED), "served {{run_id}}"),
            ),
        ),
        Panel(
            Kind.SCATTER,
            "The knee: response p95 against journeys due",
            "Each point is a moment. Bad: points that turn upward; the rate at which they do is the knee. Which stage of the load it was, "
            "the panel below says.",
            Unit.SECONDS,
            (
                Query(q.rate("arrivals_scheduled_total"), "due {{run_id}}"),
                Query(q.quantile(0.95, "page_response_seconds"), "p95 {{run_id}}"),
            ),
        ),
        Panel(
            Kind.GRAPH,
            "Stage of the load",
            "The stages of the arrival profile, counted from 1. Bad: p95 bends, or orders stay away, in a stage below the one you plan for.",
            Unit.COUNT,
            (Query(q.gauge("run_step", of="max")),),
        ),
        Panel(
            Kind.GRAPH,
            "Response p95",
            "Of all pages. Bad: it bends upward while the rate still grows evenly.",
            Unit.SECONDS,
            (Query(q.quantile(0.95, "page_response_seconds")),),
        ),
        Panel(
            Kind.GRAPH,
            "Little's law: under way, seen and reckoned",
            "Rate times mean duration must be what is under way. Bad: the two lines part in a steady load: then something is counted wrongly or "
            "the load is not steady.",
            Unit.COUNT,
            (
                Query(q.gauge("journeys_in_flight"), "seen {{run_id}}"),
                Query(q.rate("journey_duration_seconds_sum"), "reckoned {{run_id}}"),
            ),
        ),
        Panel(
            Kind.GRAPH,
            "Waiting for a free user",
            "Arrivals that are due and not yet taken. Bad: it grows: the shop keeps its shoppers longer than there are seats for.",
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
            "Workers there, of those expected",
            "Bad: less than all of them. Such a run is invalid.",
            Unit.RATIO,
            (Query(f"{_THERE} / {q.last('workers_expected')}"),),
            width=4,
            thresholds=(Threshold(None, "red"), Threshold(1, "green")),
        ),
        Panel(
            Kind.GRAPH,
            "Lateness of arrivals, p99",
            "How late arrivals were taken for reasons of our own. Bad: above 50 ms.",
            Unit.SECONDS,
            (Query(q.quantile(0.99, "arrival_lag_seconds")),),
            width=10,
        ),
        Panel(
            Kind.GRAPH,
            "Event loop lag of each worker, p99",
            "How long a worker's event loop was held up. Bad: above 50 ms; its times are then too long by as much.",
            Unit.SECONDS,
            (Query(q.quantile(0.99, "generator_loop_lag_seconds", by=_BY), _WORKER),),
            width=10,
        ),
        Panel(
            Kind.GRAPH,
            "Processor of each worker",
            "In cores. Bad: above 0.8; bring in another worker.",
            Unit.RATIO,
            (Query(q.gauge("worker_cpu_ratio", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Memory of each worker",
            "Bad: a climb without end.",
            Unit.BYTES,
            (Query(q.gauge("worker_resident_memory_bytes", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Open connections of each worker",
            "Bad: more than the journeys under way, or near the limit of open files.",
            Unit.COUNT,
            (Query(q.gauge("worker_open_connections", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Age of each worker's last report",
            "Bad: above 5 s; the worker hangs or its link is cut.",
            Unit.SECONDS,
            (Query(q.gauge("worker_report_age_seconds", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Clock of each worker against the master's",
            "Bad: further than 1 s from 0; the run is then invalid.",
            Unit.SECONDS,
            (Query(q.gauge("worker_clock_offset_seconds", by=_BY, of="max"), _WORKER),),
        ),
        Panel(
            Kind.GRAPH,
            "Virtual users, by class",
            "Bad: fewer than were asked for, for longer than the ramp.",
            Unit.COUNT,
            (Query(q.gauge("users", by="run_id, user_class"), "{{user_class}} {{run_id}}"),),
        ),
    ),
)

_OBSERVED = Row(
    "The cost of looking, and what is left",
    (
        Panel(
            Kind.GRAPH,
            "Processor time of a scrape, p99",
            "What it cost to write all these metrics down. Bad: above 5 ms; scrape less often.",
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
            "Bad: near 0; journeys then find no account, and the run is invalid.",
            Unit.COUNT,
            (Query(q.gauge("data_pool_available", by="run_id, pool"), "{{pool}} {{run_id}}"),),
        ),
    ),
)

BOARD = Board(
    uid="checkload-capacity",
    title="checkload: capacity and generator",
    description="How much the shop can carry, where it bends, and whether the load generator was fit to show it.",
    rows=(_CAPACITY, _GENERATOR, _OBSERVED),
)
