"""A small form of ``make fuzz``: the same inputs each time, a fixed number for each target."""

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run.py")
TARGETS = sorted(path.stem.removeprefix("target_") for path in RUN.parent.glob("target_*.py"))
INPUTS = 300
FEWER = {"http_replies": 120}  # for each of its inputs two clients connect a few times


def run(*arguments, script=RUN, inputs=INPUTS):
    command = [sys.executable, str(script), "--inputs", str(inputs), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.end_to_end
@pytest.mark.parametrize("target", TARGETS)
def test_no_hostile_input_is_accepted(target):
    inputs = FEWER.get(target, INPUTS)
    done = run(target, inputs=inputs)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.startswith(f"{target}: {inputs} inputs tried")


TRIED = """
import os, time
from contextlib import contextmanager

def one(random):
    number = random.randrange(20)
    if number == 7:
        {}
    return "even" if number % 2 == 0 else "odd"

@contextmanager
def opened():
    yield one
"""


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("raise AssertionError('taken wrongly')", "ended with 1"),
        ("os._exit(0)", "ended with 0"),
        ("os.abort()", "ended with -6"),
        ("time.sleep(60)", " of it at work"),
        ("while True: pass", " of it at work"),
        ("pass", ""),
    ],
)
def test_an_input_that_crashes_hangs_or_kills_its_target_is_named(tmp_path, does, said):
    script = tmp_path / "run.py"
    script.write_text(RUN.read_text().replace("HANG = 5.0", "HANG = 0.2").replace("STUCK = 30.0", "STUCK = 1.0"))
    (tmp_path / "target_numbers.py").write_text(TRIED.format(does))
    done = run("--seed", "3", script=script)
    assert (done.returncode, said in done.stderr) == (1 if said else 0, True)
    if said:
        number = done.stderr.rpartition("--only ")[2].partition(")")[0]
        assert run("--seed", "3", "--only", number, script=script).returncode == 1
        assert run("--seed", "3", "--only", str(int(number) - 1), script=script).returncode == 0
    else:
        assert done.stdout.startswith("numbers: 300 inputs tried in ")
