"""Errors do not show values that may be secret, or values of another kind of file."""

import json
import os
from textwrap import dedent

import pytest

from harness.errors import UsageError
from harness.run.workload import Choices
from scenarios.runtime.scenario_folder import ScenarioFolder
from users.population.accounts import COLUMNS

SOUND = """
    objectives = ["journey failures < 1%"]
    [arrivals]
    rate = "10/s"
    duration = "1m"
"""


@pytest.fixture
def message(tmp_path):
    """The errors for this text as a scenario, from reading it or from reading its accounts."""

    def tell(text, **choices):
        path = tmp_path / "own.toml"
        path.write_text(dedent(text), encoding="utf-8")
        with pytest.raises(UsageError) as usage_error:
            ScenarioFolder().choose(Choices(scenario=str(path), **choices)).population.worker_context(0, 1)
        return str(usage_error.value)

    return tell


@pytest.mark.parametrize(
    "foreign",
    [
        "root:$6$hunter2$x:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
        "API_TOKEN=hunter2\n",
        "export PASSWORD='hunter2'\n",
        'token = "hunter2"\n',
        'hunter2 = "x"\nhunter2 = "y"\n',
        '[default]\nkey = "hunter2"\n[other]\npin = 4711\n',
        "[hunter2]\n[hunter2]\n",
        "machine shop.example login ada password hunter2\n",
        "a = {hunter2 = 1, hunter2 = 2}\n",
        '{"password": "hunter2"}\n',
    ],
)
def test_values_of_another_file_are_not_shown(message, foreign):
    text = message(foreign)
    assert "hunter2" not in text
    assert "4711" not in text


@pytest.mark.parametrize(
    "sms",
    [
        'code = "hunter2',
        "code = hunter2",
        "code = 'hunter2\"",
        'cod = "hunter2"',
        "code = 4711",
        'code = ["hunter2"]',
        'code = {is = "hunter2"}',
        'code = "hunter2"\ncode = "hunter2"',
        'right = {code = "hunter2"}',
        '"code"."of" = "hunter2"',
    ],
)
def test_a_mistyped_code_is_not_shown(message, sms):
    text = message(f"{dedent(SOUND)}\n[sms]\n{sms}\n")
    assert "hunter2" not in text
    assert "4711" not in text
    assert "sms" in text or "line " in text or "the end of the file" in text


@pytest.mark.parametrize(
    "sms", ['sms = "hunter2"', 'sms = ["hunter2"]', 'sms = [{code = "hunter2"}]', 'shop = {sms = "hunter2"}',
            'shop = {sms = {fixed_code = ["hunter2"]}}']
)  # fmt: skip
def test_a_value_in_place_of_a_table_is_not_shown(message, sms):
    assert "hunter2" not in message(f"{sms}\n{dedent(SOUND)}")


@pytest.mark.parametrize("shift", range(len(COLUMNS)))
@pytest.mark.parametrize("password", ["hunter2", "hunter2@home", "4711"])
def test_no_cell_of_an_accounts_file_is_shown(message, tmp_path, shift, password):
    row = ["ada@shop.example", password, "Ada", "L", "", "1"]
    rows = [row[shift:] + row[:shift]] * 2
    (tmp_path / "people.csv").write_text("\n".join([",".join(COLUMNS), *map(",".join, [*rows, row[:5], row])]) + "\n")
    text = message(f'{dedent(SOUND)}\n[accounts]\nfile = "people.csv"\n')
    assert "line 2" in text or "line 3" in text
    assert password not in text.replace(str(tmp_path), "")


@pytest.mark.parametrize("trace", ["root:$6$hunter2$x:1\n", "email,password\nada,hunter2\n", "time\nhunter2\n",
                                   "time,journey\n1,hunter2\n", "0\n1,hunter2\n", 'time\n"hunter2\n'])  # fmt: skip
def test_no_cell_of_a_trace_is_shown(message, tmp_path, trace):
    (tmp_path / "trace.csv").write_text(trace)
    text = message('objectives = ["journey failures < 1%"]\n[arrivals]\ntrace = "trace.csv"\n')
    assert "trace.csv" in text
    assert "hunter2" not in text


def test_control_characters_in_keys_are_replaced(message):
    text = message(f"{json.dumps(chr(27) + '[2J' + 'x' * 200)} = 1\n{dedent(SOUND)}")
    assert chr(27) not in text
    assert max(map(len, text.splitlines()[2:3])) < 100


@pytest.mark.parametrize("name", ["fifo", "x" * 300, "\\u0000", ".", "/dev/zero", "nowhere.csv"])
@pytest.mark.parametrize("key", ["accounts.file", "shop.accounts_file"])
def test_a_missing_accounts_file_is_refused_early(message, tmp_path, monkeypatch, key, name):
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)
    table, _, last = key.partition(".")
    assert key in message(f'{dedent(SOUND)}\n[{table}]\n{last} = "{name}"\n')


def test_a_fifo_as_the_access_log_of_the_shop_is_refused(message, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)
    assert "shop.access_log" in message(f'{dedent(SOUND)}\n[shop]\naccess_log = "fifo"\n')
