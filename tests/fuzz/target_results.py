"""Damaged results: ``report``, ``compare`` and ``plan`` say what is wrong or go on, and never end in a traceback."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson

from harness.capacity.answer import CapacityAnswer, CapacityPoint
from harness.capacity.bottleneck import Bottleneck
from harness.capacity.critical_rate import CriticalRate, Crossing
from harness.results.store import write
from scenarios.commands.cli import main

sys.path += [str(Path(__file__).parents[1] / "calibration")]
from finished_runs import a_run

FORECAST = """
[orders]
rate = "900/min"
"""
OBJECTIVE = "page response_time p95 < 100ms"
ODD = (
    *(None, True, False, 0, -1, 1, 2**63, 2**64 - 1, 1e300, -0.0, 0.5, 1e-320, "", "x", "inf", "nan", "9" * 5000),
    *([], {}, [[]], {"": 1}, "9998-12-31T23:59:59+00:00", "\x1b[2J", "passed", "failed", 10**18),
)
ALIKE = {
    int: (0, 1, 5, 10**6, 10**12, 2**53 + 1, 2**63, 2**64 - 1),
    float: (0.0, -0.0, 5e-324, 1e-9, 1.0, 1e6, 1e18, 1e300, 1.7e308, -1.0, -1e300),
    str: ("", "x", "x" * 10_000, "\x1b[2J\x00\n\r", "<script>]]>&", "\ud7ff\U0001f600", "passed", "ok", "inf"),
    bool: (True, False),
    list: ([],),
    dict: ({},),
}
WELL = {0, 2, 3, 4, 5}


def places(value, path=()):
    """Every place in a document, each as the keys that lead to it."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def mutated(random, document, spots):
    """The document with one to three changes at places of it."""
    made = orjson.loads(orjson.dumps(document))
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        # The parts at the top weigh as much as the thousands of figures below them.
        top = random.choice(sorted(document))
        path = random.choice(spots[top])
        holder = made
        with contextlib.suppress(KeyError, IndexError, TypeError):
            for key in path[:-1]:
                holder = holder[key]
            change(random, holder, path[-1])
    return made


def change(random, holder, key):
    value = holder[key]
    if random.random() < 0.5:  # of the same kind: what a schema lets through
        for kind, odd in ALIKE.items():
            if type(value) is kind:
                holder[key] = random.choice(odd)
        return
    match random.randrange(7):
        case 0:
            del holder[key]
        case 1 | 2:
            holder[key] = random.choice(ODD)
        case 3 if isinstance(value, int | float) and not isinstance(value, bool):
            holder[key] = random.choice((-value, value + 1, value * 10 ** random.randrange(1, 17), value / 3))
        case 4 if isinstance(holder, dict):
            holder[random.choice(("", "x", "9" * 30, "-1", key + "x"))] = value
        case 5 if isinstance(holder, list):
            holder.insert(key, value)
        case _:
            holder[key] = random.choice((value, [value], {"x": value}, str(value)))


def raw(random, content):
    """The file with bytes changed, cut or nested."""
    match random.randrange(4):
        case 0:
            return content[: random.randrange(len(content))]
        case 1:
            at = random.randrange(len(content))
            return content[:at] + random.randbytes(random.randrange(1, 9)) + content[at + 1 :]
        case 2:
            depth = random.choice((10, 500, 1_000, 100_000))
            return content.replace(b'"scenario":{', b'"scenario":{"x":' + b"[" * depth + b"]" * depth + b",", 1)
        case _:
            return content.replace(b'"seed":1', b'"seed":' + b"9" * random.choice((18, 20, 400, 5_000)), 1)


def a_search():
    """A run that searched for the capacity and found it."""
    points = tuple(
        CapacityPoint(
            purpose=purpose, rate=60.0 * rate, seconds=5.0, settled=5.0 * number, end=5.0 * number + 5, p50=0.05, p95=0.09,
            p99=None, orders=50.0 * rate, excess=0.9, objective=OBJECTIVE, broken=rate > 11, verdict="", trouble="",
        )
        for number, (purpose, rate) in enumerate((("widen", 8), ("widen", 20), ("track", 12), ("track", 11), ("confirm", 10)))
    )  # fmt: skip
    crossings = (Crossing(0.1, 640.0, at_least=False),)
    answer = CapacityAnswer(
        journeys=600.0, orders=480.0, orders_low=450.0, orders_high=510.0, boundary=640.0, low=610.0, high=670.0, at_least=False,
        why="", gave_way=Bottleneck(OBJECTIVE, "IndexPage", ""), critical=CriticalRate(OBJECTIVE, crossings, 640.0, at_least=False),
        points=points,
    )  # fmt: skip
    return replace(a_run(rate=3.0, length=20), capacity=answer)


@contextmanager
def opened():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = folder / "sound"
        write(a_run(rate=3.0, length=20), sound)
        write(a_search(), folder / "search")
        contents = [(folder / name / "result.json").read_bytes() for name in ("sound", "search")]
        documents = [json.loads(content) for content in contents]
        spots = [{top: [(top, *path) for path in places(one[top])] for top in one} for one in documents]
        hostile, forecast = folder / "result.json", folder / "forecast.toml"
        forecast.write_text(FORECAST)
        commands = (
            ["report", str(hostile)],
            ["report", str(hostile), "--exit-code"],
            ["report", str(hostile), "--format", "summary"],
            ["report", str(hostile), "--format", "junit"],
            ["compare", str(sound), str(hostile)],
            ["compare", str(hostile), str(sound), "--json", str(folder / "compared.json")],
            ["plan", str(hostile), "--forecast", str(forecast), "--html", str(folder / "plan.html")],
        )

        hostile.write_bytes(contents[0])
        for command in commands:  # what is read only when it is needed is read now
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                main(command)

        def one(random):
            which = random.randrange(2)
            if random.random() < 0.1:
                made = raw(random, contents[which])
            else:
                made = json.dumps(mutated(random, documents[which], spots[which])).encode()
            hostile.write_bytes(made)
            command = random.choice(commands)
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(command)
            crashed = code == 1 and orjson.loads(made)["exit_code"] == 1
            assert code in WELL or crashed, (command, code)
            if code == 2:
                assert str(hostile) in err.getvalue() or str(forecast) in err.getvalue(), err.getvalue()
                assert len(err.getvalue()) < 3_000, err.getvalue()[:3_000]
                return f"{command[0]} refused it"
            return f"{command[0]} ended with {code}"

        yield one
