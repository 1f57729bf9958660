"""Runs a scenario as its user does, and shows the memory of each process after 10, 30 and 60 minutes.

python tests/end_to_end/soak_memory.py [--at 10,30,60] [--results DIR] [options of locust]

Without options of locust it runs ``locust --headless --scenario soak --processes 2``: an hour, on loopback only. The table is
printed as Markdown. The exit code is 1 if a process has grown by more than 5 % from the first moment to the last.
"""

import argparse
import signal
import subprocess
import sys
import time
from pathlib import Path

from scraping import a_free_port

ROOT = Path(__file__).parents[2]
SOAK = ("--headless", "--scenario", "soak", "--processes", "2", "--metrics-port", "0")
MOST_GROWTH = 0.05
BETWEEN = 5.0  # seconds between two readings
READINGS = 7  # the median of so many is the value of a moment


def descendants(pid):
    """A process and all processes that it started, in the order of their start."""
    found = [pid]
    for each in found:
        try:
            found += [int(child) for child in Path(f"/proc/{each}/task/{each}/children").read_text().split()]
        except OSError:
            continue
    return found


def roles(pid):
    """The processes of a run by their role."""
    found, workers = {}, 0
    for each in descendants(pid):
        try:
            words = Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"shop" in words:
            found["shop"] = each
        elif each != pid and b"locust" in words:
            workers += 1
            found[f"worker {workers}"] = each
        elif each == pid:
            found["generator"] = each
    return {"master" if workers and role == "generator" else role: each for role, each in found.items()}


def resident(pid):
    """The memory of a process in megabytes, without the pages of files: the kernel takes these back when it likes. None if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")), None)


def watch(pid, moments, ended):
    """The memory of each role at these minutes: the median of the readings around each moment."""
    started, history = time.monotonic(), []
    while not ended() and (minute := (time.monotonic() - started) / 60) < moments[-1] + BETWEEN * READINGS / 120:
        history.append((minute, {role: resident(each) for role, each in roles(pid).items()}))
        time.sleep(BETWEEN)
    return {moment: _median_around(history, moment) for moment in moments if history and history[-1][0] >= moment}


def _median_around(history, moment):
    near = sorted(history, key=lambda reading: abs(reading[0] - moment))[:READINGS]
    named = sorted({role for _, memory in near for role in memory})
    read = {role: sorted(memory[role] for _, memory in near if memory.get(role)) for role in named}
    return {role: values[len(values) // 2] for role, values in read.items() if values}


def table(seen):
    """The table as Markdown, and whether each process stayed within the growth that is allowed."""
    moments = sorted(seen)
    lines = [f"| process | {' | '.join(f'{moment:g} min' for moment in moments)} | growth |"]
    lines.append("|---|" + "---:|" * (len(moments) + 1))
    flat = True
    for role in seen[moments[0]]:
        values = [seen[moment].get(role) for moment in moments]
        growth = None if None in values else values[-1] / values[0] - 1
        flat &= growth is not None and growth <= MOST_GROWTH
        shown = ["gone" if value is None else f"{value:.0f} MB" for value in values]
        lines.append(f"| {role} | {' | '.join(shown)} | {'?' if growth is None else f'{growth:+.1%}'} |")
    return "\n".join(lines), flat


def asked_for(words):
    """The options of this program, and those of Locust."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at", default="10,30,60", help="minutes at which the memory is read")
    parser.add_argument("--results", default="results/soak-memory", help="folder for the results")
    chosen, options = parser.parse_known_args(words)
    return chosen, options or SOAK


def main():
    chosen, options = asked_for(sys.argv[1:])
    moments = sorted(float(each) for each in chosen.at.split(","))
    port = str(a_free_port())  # with Locust's own port, the workers might find the master of another run
    if "--processes" in options and "--master-bind-port" not in options:
        options = (*options, "--master-bind-port", port, "--master-port", port)
    command = [sys.executable, "-m", "locust", *options, "--results", chosen.results]
    process = subprocess.Popen(command, cwd=ROOT)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # what was read until then is still shown
    try:
        seen = watch(process.pid, moments, lambda: process.poll() is not None)
        print(*(table(seen) if seen else ("The run ended before the first moment.", False))[:1], flush=True)
        code = process.wait()
    finally:
        process.terminate()
        process.wait()
    size = sum(file.stat().st_size for file in Path(chosen.results).rglob("*") if file.is_file())
    print(f"The run ended with exit code {code}; its results have {size / 1e6:.1f} MB.")
    return 0 if seen and table(seen)[1] else 1


if __name__ == "__main__":
    sys.exit(main())
