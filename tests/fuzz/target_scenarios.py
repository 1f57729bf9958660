"""Scenario files, forecasts and choices are read, or refused with a message that shows no secret; none takes for ever."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

from harness.errors import UsageError
from harness.run.workload import Choices
from scenarios.loading import forecast
from scenarios.loading.files import SCENARIO_FOLDER
from scenarios.runtime.scenario_folder import ScenarioFolder
from scenarios.schema.problems import ScenarioError

SECRET = "918273"
KEYED = f"""
description = "x"
seed = 3
objectives = ["journey failures < 1%", "page.BinNumberPage response_time p95 < 300ms", "orders rate > 1/s", "dropped < 1%"]
[arrivals]
stages = [{{ duration = "10s", from = 1, to = "5/s" }}, {{ duration = "1m", rate = 5 }}]
warm_up = "2s"
users = 20
[journeys]
guest = 2
returning = 1
[payments]
credit_card = 3
gpay = 1
minimum = {{ gpay = 2 }}
[sms]
right = 3
share = "50%"
code = "{SECRET}"
[think]
median = "1s"
sigma = 0.5
pages = {{ BinNumberPage = "2s" }}
[accounts]
returning = 30
[target]
allowed = ["shop.example"]
highest_rate = 50
[shop]
sms = {{ fixed_code = "{SECRET}" }}
faults = []
[stop]
rules = ["failures > 50% for 10s"]
"""
SEARCH = """
objectives = ["page response_time p95 < 300ms"]
[arrivals]
[capacity]
start = "1/s"
most = "50/s"
budget = "15m"
"""
CLOSED = """
objectives = ["journey failures < 1%"]
[closed]
users = 10
duration = "1m"
spawn_rate = "5/s"
"""
NUMBERS = ("0", "-1", "1e300", "1e-300", "5e-324", "inf", "-nan", "0x" + "f" * 60, "0x" + "f" * 5_000, "9" * 60, "9" * 5_000,
           "1_0", "0.1", "true", "9223372036854775807", "1979-05-27T07:32:00Z", "00:00:00")  # fmt: skip
TEXTS = ('""', '"1e300s"', '"100000h"', f'"{"9" * 400}h"', '"1h1m"', '"5 %"', '"-1/s"', '"1/ms"', '"999999999/ms"', "'\\'", '"\\u0000"',
         '"\\U0001f600"', f'"{"x" * 5_000}"', '"page response_time p99 < 1e400ms"', '"p95"', '"failures > 1e9% for 1e9h"',
         '"../../etc/shadow"', '"/proc/self/environ"', '"."', f'"{"n" * 300}.csv"', '"fifo"')  # fmt: skip
SHAPES = (
    "[]",
    "{}",
    "[[]]",
    "[" * 40 + "]" * 40,
    "[" * 3_000 + "]" * 3_000,
    "{a=" * 40 + "1" + "}" * 40,
    "[1, 'a', {}]",
)
LINES = ("[[arrivals]]", "[arrivals]", "[arrivals.stages]", "a.b.c = 1", ".".join(["a"] * 60) + " = 1", ".".join(["a"] * 20_000) + " = 1",
         'trace = "fifo"',
        *(f'{key} = "{name}"' for key in ("file", "trace", "accounts_file", "access_log") for name in ("fifo", "n" * 300, "\\u0000", ".", "own.toml")), "cover = true", "[closed]", "[capacity]", "= 1", '"""', "'''", "\x00",
         "\x1b[2J", "#" * 9_000, "[", "]", f'code = "{SECRET}', f"code = {SECRET}", "time_scale = 1000", "rate_scale = 1000")  # fmt: skip
CHOICES = {
    "payment_mix": (
        "gpay=1",
        "gpay=1e308,credit_card=1e308",
        "gpay=-1",
        "x",
        "=",
        "gpay=" + "9" * 5_000,
        ",,,",
        "gpay=nan",
    ),
    "sms_share": ("0.5", "1e400", "-1", "x", "50%"),
    "arrival_rate": ("5/s", "1e300/s", "0/s", "9" * 400 + "/h", "1/ms", "x"),
    "seed": ("1", "9" * 30, "9" * 6_000, "-1", "1.5", "x", "\u0663"),
    "think_scale": ("0", "1e300", "x", "nan", "inf"),
    "budget": ("10m", "100000h", "1e300", "x"),
    "users": (1, 0, -1, 10**30, 10**400),
    "duration": (60.0, 0.0, -1.0, 1e300, 3.6e8, float("inf"), float("nan")),
    "allowed": (("shop.example",), ("x y",), ("b\u00fccher.example",), ("[::1]",), ("",), ("a" * 300,)),
}
VALUE = re.compile(r"=\s*[^\n=]+$", re.MULTILINE)


def mutated(random, text):
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        match random.randrange(8):
            case 0 | 1 | 2:
                spots = list(VALUE.finditer(text))
                spot = random.choice(spots) if spots else None
                value = random.choice(random.choice((NUMBERS, TEXTS, SHAPES)))
                text = f"{text[: spot.start()]}= {value}{text[spot.end() :]}" if spot else text
            case 3 | 4:
                lines = text.splitlines()
                lines.insert(random.randrange(len(lines) + 1), random.choice(LINES))
                text = "\n".join(lines)
            case 5:
                lines = text.splitlines()
                if lines:
                    del lines[random.randrange(len(lines))]
                text = "\n".join(lines)
            case 6:
                at = random.randrange(len(text) + 1)
                text = (
                    text[:at]
                    + chr(random.choice((0, 9, 10, 13, 34, 39, 61, 91, 92, 93, 123, 0x7F, 0xFF, 0x1F600)))
                    + text[at + 1 :]
                )
            case _:
                text = text[: random.randrange(len(text) + 1)]
    return text


@contextmanager
def opened():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.mkfifo(folder / "fifo")
        path = folder / "own.toml"
        shipped = [file.read_text() for file in sorted(SCENARIO_FOLDER.glob("*.toml"))]
        forecasts = [file.read_text() for file in sorted((SCENARIO_FOLDER / "forecasts").glob("*.toml"))]
        program = ScenarioFolder()

        def one(random):
            planned = random.random() < 0.2
            text = mutated(random, random.choice(forecasts if planned else (*shipped, *[KEYED] * 4, SEARCH, CLOSED)))
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
            chosen = {}
            if not planned and random.random() < 0.5:
                chosen = {
                    key: random.choice(CHOICES[key]) for key in random.sample(sorted(CHOICES), random.choice((1, 1, 2)))
                }
            try:
                if planned:
                    forecast.read_forecast(path, ["results/a"])
                    return "a forecast"
                workload = program.choose(Choices(scenario=str(path), **chosen))
                workload.population.worker_context(0, 1)
                workload.population.users, workload.schedule.constant_rate, workload.schedule.rate(1.0)
                if (schedule := workload.schedule.due_times()) is not None:
                    next(iter(schedule), None)
                    workload.population.kind_of(0)
                assert SECRET not in json.dumps(workload.as_asked()["scenario"].get("sms", {}))
                workload.fingerprint  # noqa: B018 - it goes through all of the scenario
            except (UsageError, ScenarioError) as refused:
                said = str(refused)
                assert said.strip()
                assert len(said) < 60_000, len(said)
                assert SECRET not in said, said
                return "refused"
            return "read"

        yield one
