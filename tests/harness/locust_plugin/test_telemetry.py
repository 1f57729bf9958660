"""A process publishes each run once, even if Locust says twice that all users are spawned."""

from datetime import UTC, datetime
from types import SimpleNamespace

from harness.locust_plugin import telemetry
from harness.locust_plugin.telemetry import Telemetry
from harness.results.orders_file import PlacedOrder


class Writer:
    made = ()

    def __init__(self, *_):
        Writer.made = (*Writer.made, self)
        self.running = False

    def start(self):
        self.running = True

    def finish(self):
        self.running = False


def test_telemetry_begins_once_if_no_time_series_can_be_written(monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(telemetry.finish, "results_folder", full)
    monkeypatch.setattr(telemetry, "RemoteWriter", Writer)
    monkeypatch.setattr(telemetry, "http_sender", lambda _: None)
    telling = Telemetry(lambda: None, lambda: None, lambda: 0.0)
    telling._remote = SimpleNamespace()
    run = SimpleNamespace()
    telling.begin(run, "results")
    telling.begin(run, "results")
    assert [writer.running for writer in Writer.made] == [True]
    telling.end(None)
    assert [writer.running for writer in Writer.made] == [False]


def test_the_orders_of_a_run_are_written_into_its_folder(tmp_path):
    telling = Telemetry(lambda: None, lambda: None, lambda: 0.0)
    run = SimpleNamespace(
        orders=None, workload=SimpleNamespace(name="quick"), started_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    telling.begin(run, str(tmp_path))
    run.orders.add(PlacedOrder("ON1", "gpay", "1.00", "", "a", "t"))
    telling._series.finish()
    telling._series = None  # as if it could not be opened; Locust says twice that all users are spawned
    telling.begin(run, str(tmp_path))
    telling.end(None)
    assert (tmp_path / "quick-20260102T000000Z" / "orders.csv").read_text().splitlines()[1:] == ["ON1,gpay,1.00,,a,t"]
