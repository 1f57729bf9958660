import os
import sys
from pathlib import Path

import pytest

from scenarios.commands.cli import main


class Replaced(Exception):
    """Stands for the process that takes this one's place."""


@pytest.fixture
def command(monkeypatch):
    """What the process becomes for these arguments."""

    def replace(program, words):
        assert program == sys.executable
        raise Replaced(words)

    monkeypatch.setattr(os, "execv", replace)

    def of(*arguments):
        with pytest.raises(Replaced) as replaced:
            main(["run", *arguments])
        _, module, name, flag, locustfile, *options = replaced.value.args[0]
        assert (module, name, flag) == ("-m", "locust", "-f")
        assert Path(locustfile).name == "locustfile.py"
        return options

    return of


def test_a_run_is_headless_locust_with_the_scenario(command):
    assert command("smoke") == ["--headless", "--scenario", "smoke"]


def test_the_web_ui_starts_nothing_at_once(command):
    assert command("--web-ui", "smoke") == ["--scenario", "smoke"]


def test_locust_gets_its_own_options_unchanged(command):
    given = ["--host", "http://127.0.0.1:1", "--processes", "2", "-u", "5"]
    assert command("smoke", *given) == ["--headless", "--scenario", "smoke", *given]


def test_an_incomplete_installation_is_reported(monkeypatch, capsys):
    monkeypatch.setattr("scenarios.commands.run.find_spec", lambda _: None)
    assert main(["run", "smoke"]) == 2
    assert "install it again" in capsys.readouterr().err
