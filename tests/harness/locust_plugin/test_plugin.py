"""What each process does before its first run: options that are refused, signals that wait."""

import pytest
from locust_environments import locust_options

from harness.exits import Exit
from harness.locust_plugin import plugin
from harness.locust_plugin.plugin import Plugin


@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ({"scenario": "nonsense"}, "nonsense"),
        ({"host": "http://other.example"}, "other.example"),
        ({"num_users": 0}, "--users 0"),
        ({"spawn_rate": 0.0}, "--spawn-rate"),
        ({"results": __file__}, "not a folder"),
        ({"tags": ["no such tag"]}, "none of the chosen user classes"),
    ],
)
def test_a_usage_error_ends_the_process_before_anything_is_sent(begin, capsys, options, reported):
    with pytest.raises(SystemExit) as left:
        begin(**options)
    assert left.value.code == Exit.USAGE_ERROR
    assert reported in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "follows"),
    [
        ({}, False),
        ({"headless": False}, True),
        ({"headful": True}, True),
        ({"worker": True}, True),
        ({"processes": 2}, False),
    ],
)
def test_only_a_process_that_will_write_results_defers_signals(provider, monkeypatch, options, follows):
    followed = []
    monkeypatch.setattr(plugin.signals, "deliver_deferred", lambda: followed.append(1))
    monkeypatch.setattr(plugin, "refuse_ports_in_use", lambda _: None)
    defaults = {"worker": False, "headless": True, "headful": False, "processes": None}
    Plugin(provider).check_options(locust_options(**{**defaults, **options}))
    assert bool(followed) is follows
