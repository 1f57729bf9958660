"""The files that ``checkload calibrate`` reads and writes, and its errors for files."""

from functools import lru_cache
from pathlib import Path

import pytest
from shop_logs import lines

from scenarios.commands.cli import main
from scenarios.loading.reader import read_scenario
from users.population.journey_spec import JourneyMix, SmsScript
from users.population.think import ThinkTimes

pytestmark = pytest.mark.calibration


@lru_cache
def log():
    mix = JourneyMix(
        journeys={"guest": 1}, payments={"credit_card": 1}, sms={SmsScript.RIGHT: 1}, three_d=0.0, declined=0.0
    )
    return "".join(lines(mix, ThinkTimes(2.0, 0.5), 260, seed=1))


@pytest.fixture
def calibrate(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("access.log").write_text(log())

    def go(*arguments):
        code = main(["calibrate", "access.log", "--load", "mean", *arguments])
        return code, capsys.readouterr().err

    return go


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a#b = [", "a'''b", "\u00fc \U0001f600"])
def test_a_trace_name_with_quotes_is_escaped(calibrate, name):
    code, said = calibrate("-o", f"{name}.toml", "--trace", f"{name}.csv")
    assert (code, "Traceback" in said) == (0, False)
    assert read_scenario(f"./{name}.toml").trace is not None


@pytest.mark.parametrize("name", ["a\nb", "a\x1bb", "a\udcffb"])
def test_an_unprintable_file_name_is_refused(calibrate, name):
    for option, suffix in (("-o", "toml"), ("--trace", "csv")):
        code, said = calibrate(option, f"{name}.{suffix}")
        assert code == 2
        assert "printable" in said


def test_a_full_disk_is_reported_and_leaves_no_partial_file(calibrate):
    Path("full.toml").symlink_to("/dev/full")
    code, said = calibrate("-o", "full.toml", "--overwrite")
    assert (code, "No space left on device" in said) == (2, True)
    assert Path("/dev/full").exists()


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "\0", "x" * 300, ".", "nowhere.log"])
def test_a_log_that_is_not_a_file_is_refused(capsys, name):
    assert main(["calibrate", name]) == 2
    assert "give a readable log" in capsys.readouterr().err
