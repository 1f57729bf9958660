"""Publishes a run while it is on: /metrics, remote write, the files of time series and of orders, and progress lines."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent

from harness.errors import UsageError
from harness.host_header import parse_allowed_hosts
from harness.judging import finish
from harness.judging.live_metrics import live_metrics
from harness.judging.objective_status import ObjectiveStatusTracker
from harness.locust_plugin.locust_memory import shorten_statistics
from harness.locust_plugin.options import REMOTE_WRITE_TOKEN
from harness.locust_plugin.terminal.live_panel import LivePanel, level_text
from harness.locust_plugin.terminal.output import PROGRESS_LOGGER, route_progress_lines
from harness.locust_plugin.terminal.screen import Screen
from harness.locust_plugin.transport import users_by_class
from harness.measurement.histogram import Histogram
from harness.metrics.collector import RunCollector
from harness.metrics.remote_write.destination import Destination, parse_destination
from harness.metrics.remote_write.sender import RemoteWriter, http_sender
from harness.metrics.run_metrics import RunMetrics
from harness.metrics.series_file import SERIES_FILE_NAME, SeriesFile
from harness.metrics.series_recorder import SeriesRecorder
from harness.metrics.server import MetricsServer, PortInUse, serve
from harness.network import METRICS_PORT
from harness.reporting.progress import Progress
from harness.results.orders_file import OrdersFile
from harness.results.result import Result
from harness.run.driver import RunDriver
from harness.run.run import Run
from harness.run.workload import Workload
from harness.yield_to_load import YieldToLoad

logger = logging.getLogger("checkload")
progress_logger = logging.getLogger(PROGRESS_LOGGER)

LONGEST_LINGER = 600.0  # seconds
PROGRESS_INTERVAL = 5.0  # seconds between two progress lines
OBJECTIVE_PAUSE = 0.01  # seconds between the checks of two objectives


class Telemetry:
    """Publishes one run after the other.

    ``driver`` returns the driver of the current run, ``runner`` Locust's runner; ``wall_clock`` is the time of day.
    ``screen`` is the terminal, if it shows a panel.
    """

    def __init__(
        self,
        driver: Callable[[], RunDriver | None],
        runner: Callable[[], Any],
        wall_clock: Callable[[], float],
        screen: Screen | None = None,
    ) -> None:
        self._driver = driver
        self._runner = runner
        self._wall_clock = wall_clock
        self._metrics: MetricsServer | None = None
        self._objective_status = ObjectiveStatusTracker(())
        self._renderings = Histogram()
        self._collector = RunCollector(self._state, self._renderings.record)
        self.folder: Path | None = None  # the results folder of the run, once it is known
        self._series: SeriesRecorder | None = None
        self._orders: OrdersFile | None = None
        self._remote: Destination | None = None
        self._remote_writer: RemoteWriter | None = None
        self._judged: Result | None = None
        self._last_progress = 0.0
        self._progress = Progress()
        self._screen = screen
        self._panel: LivePanel | None = None

    def open(self, options: Any, workload: Workload[Any]) -> None:
        """Serve ``/metrics``, and check the address of the remote write; raises ``UsageError``."""
        self._remote = _remote_destination(options, workload)
        self._serve_metrics(options)

    def close(self, linger: float | None) -> None:
        """Serve ``/metrics`` for so many more seconds; ``None``: until each scraper has read the end."""
        if self._metrics is None:
            return
        if linger is None:
            self._metrics.linger()
        else:
            gevent.sleep(min(linger, LONGEST_LINGER))
        self._metrics.stop()

    def prepare(self, workload: Workload[Any] | None) -> None:
        """Reset for the next run; ``None``: there is none, because its options are wrong."""
        self._judged = self.folder = None
        if workload is not None:
            judging = workload.judging
            self._objective_status = ObjectiveStatusTracker([*judging.objectives, *judging.metric_objectives])
            self._last_progress = 0.0
            self._progress = Progress()

    def begin(self, run: Run, results: str) -> None:
        """Start publishing a run; time series and orders go to its results folder, chosen by the option ``results``."""
        if any(each is not None for each in (self._series, self._orders, self._remote_writer)):
            return
        self._open_files(run, results)
        if self._remote is not None:
            self._remote_writer = RemoteWriter(
                self._collector, http_sender(self._remote), str(self._remote), self._wall_clock
            )
            self._remote_writer.start()

    def end(self, judged: Result | None) -> None:
        """Publish the last values, with the verdict if there is one."""
        self._judged = judged
        if self._series is not None:
            self._series.finish()
            self._series = None
        if self._orders is not None:
            self._orders.close(YieldToLoad(gevent.sleep, 0.0))
            self._orders = None
        if self._remote_writer is not None:
            self._remote_writer.finish()
            self._remote_writer = None

    def open_panel(self, options: Any) -> None:
        """Show the current run on the terminal, if it can be; close_panel must follow."""
        if self._screen is not None and self._panel is None:
            self._panel = LivePanel(
                self._screen,
                self._driver,
                lambda: self._objective_status.latest,
                lambda: route_progress_lines(options, panel=False),
            )

    def close_panel(self) -> None:
        """Remove the panel from the terminal, if there is one."""
        if self._panel is not None:
            self._panel.close()

    def each_second(self, *, quietly: bool) -> None:
        """Update once a second; ``quietly``: without a progress line."""
        driver = self._driver()
        if driver is None:
            return
        run = driver.run
        if run.elapsed - self._last_progress < PROGRESS_INTERVAL:
            return
        self._last_progress = run.elapsed
        runner = self._runner()
        shorten_statistics(runner.stats, full_history=runner.environment.parsed_options.stats_history_enabled)
        gevent.spawn(
            self._objective_status.update,
            run.recorder,
            run.steady_seconds,
            YieldToLoad(gevent.sleep, OBJECTIVE_PAUSE),
        )
        if not quietly and progress_logger.isEnabledFor(logging.INFO):
            progress_logger.info("%s", _line(self._progress, driver))

    def _serve_metrics(self, options: Any) -> None:
        port = METRICS_PORT if options.metrics_port is None else options.metrics_port
        if not port:
            return
        try:
            self._metrics = serve(
                self._collector,
                host=options.metrics_host,
                port=port,
                native=options.native_histograms,
                allowed_hosts=parse_allowed_hosts(options.web_allowed_hosts),
            )
        except PortInUse as taken:
            if options.metrics_port is not None:
                raise UsageError(f"--metrics-port {port}: {taken}") from None
            logger.warning("%s. This run has no /metrics; choose another port with --metrics-port.", taken)

    def _open_files(self, run: Run, results: str) -> None:
        try:
            self.folder = folder = finish.results_folder(run, results)
            run.orders = self._orders = OrdersFile(folder)
            series = SeriesRecorder(self._collector, SeriesFile(folder / SERIES_FILE_NAME), self._wall_clock)
        except OSError as error:
            logger.warning("The time series or the orders of this run cannot be written: %s", error.strerror or error)
            return
        series.start()
        self._series = series

    def _state(self) -> RunMetrics | None:
        """The metrics at this moment."""
        driver = self._driver()
        if driver is None:
            return None
        users = users_by_class(self._runner())
        return live_metrics(driver, self._judged, users, self._objective_status, self._renderings)


def _line(progress: Progress, driver: RunDriver) -> str:
    run, load = driver.run, driver.load
    return progress.line(
        run.recorder,
        run.elapsed,
        run.length,
        load.under_way,
        run.phase,
        drain=run.grace,
        in_flight=+load.in_flight,
        requesting=sum(load.requesting.values()),
        level=level_text(driver),
    )


def _remote_destination(options: Any, workload: Workload[Any]) -> Destination | None:
    if not options.remote_write:
        return None
    to = parse_destination(options.remote_write, os.environ.get(REMOTE_WRITE_TOKEN, ""), workload.target.allowed)
    # Locust sends all options to its workers and its page; this one may hold a password.
    options.remote_write = ""
    return to
