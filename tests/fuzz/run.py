"""Throw seeded hostile inputs at checkload: ``python tests/fuzz/run.py [--seconds N | --inputs N] [--seed S] [target ...]``.

Each file ``target_<name>.py`` in this folder is a target: its ``opened()`` is a context manager that yields a function,
which takes a ``random.Random``, makes one input of it, tries it, and returns a word for how that ended. It raises
if that end is wrong. The random numbers of an input come from the seed, the target's name and the input's number alone,
so ``--only NUMBER`` repeats one input. Each target runs in a process of its own: an input that hangs it, or kills it, is
found too.
"""

from __future__ import annotations

import argparse
import collections
import importlib
import itertools
import json
import os
import random
import selectors
import subprocess
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).parent
HANG = 5.0  # seconds of processor time that one input may take
STUCK = 30.0  # seconds that it may take on a machine where much else runs
START = 60.0  # seconds that a target may take to start
TARGETS = sorted(path.stem.removeprefix("target_") for path in HERE.glob("target_*.py"))


def try_inputs(name: str, seed: int, numbers: collections.abc.Iterable[int], seconds: float) -> None:
    """In the target's process: write a line before each input, and how they ended after the last one."""
    ended: collections.Counter[str] = collections.Counter()
    with importlib.import_module(f"target_{name}").opened() as try_one:
        until = time.monotonic() + seconds
        for number in numbers:
            os.write(1, b"%d\n" % number)
            ended[str(try_one(random.Random(f"{seed} {name} {number}")))] += 1
            if time.monotonic() > until:
                break
    os.write(1, json.dumps(ended).encode() + b"\n")


def watch(name: str, arguments: list[str]) -> str:
    """In the runner: run one target in a process of its own; returns what is wrong, or nothing."""
    began = time.monotonic()
    child = subprocess.Popen([sys.executable, __file__, "--child", name, *arguments], stdout=subprocess.PIPE)
    line, wrong = _follow(child)
    child.kill()
    child.wait()
    if wrong:
        return f"{name}: {wrong} (--only {line or 'none was tried'})"
    ended = json.loads(line)
    ways = ", ".join(f"{word} {count:,}" for word, count in sorted(ended.items(), key=lambda item: -item[1]))
    print(f"{name}: {sum(ended.values()):,} inputs tried in {time.monotonic() - began:.1f} s: {ways}", flush=True)
    return ""


def _follow(child: subprocess.Popen[bytes]) -> tuple[str, str]:
    """The last line that the child wrote, and what is wrong."""
    assert child.stdout is not None
    held, last = b"", ""
    since, used = time.monotonic(), 0.0  # the last line
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(min(HANG, 1.0)):
                silent, busy = time.monotonic() - since, _used(child) - used
                if silent > (STUCK if last else START) or (last and busy > HANG):
                    return last, f"was silent for {silent:.1f} s, {busy:.1f} of it at work"
                continue
            piece = os.read(child.stdout.fileno(), 65536)
            if not piece:
                code = child.wait(START)
                return last, f"ended with {code}" if code or not last.startswith("{") else ""
            *lines, held = (held + piece).split(b"\n")
            if lines:
                last, since, used = lines[-1].decode(), time.monotonic(), _used(child)


def _used(child: subprocess.Popen[bytes]) -> float:
    """Seconds of processor time that a process has used; 0 where the system does not tell."""
    try:
        fields = (
            Path(f"/proc/{child.pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}; all if none is named")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each target (default: 20)")
    parser.add_argument("--inputs", type=int, help="for each target, instead of a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="try this one input again")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    reported = parser.parse_args()
    if unknown := set(reported.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if reported.child:
        seconds = float("inf") if reported.only is not None or reported.inputs is not None else reported.seconds
        numbers = [reported.only] if reported.only is not None else itertools.islice(itertools.count(), reported.inputs)
        try:
            try_inputs(reported.targets[0], reported.seed, numbers, seconds)
        except BaseException:  # noqa: BLE001 - any exception is a finding
            traceback.print_exc()
            return 1
        return 0
    limits = ["--seconds", str(reported.seconds), "--seed", str(reported.seed)]
    limits += [] if reported.inputs is None else ["--inputs", str(reported.inputs)]
    limits += [] if reported.only is None else ["--only", str(reported.only)]
    found = [wrong for name in reported.targets or TARGETS if (wrong := watch(name, limits))]
    for wrong in found:
        print(f"{wrong}, seed {reported.seed}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
