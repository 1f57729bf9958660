"""A process publishes each run once, even if Locust says twice that all users are spawned."""

from types import SimpleNamespace

from harness.locust_plugin import telemetry
from harness.locust_plugin.telemetry import Telemetry


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
