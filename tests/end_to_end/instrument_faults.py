"""Ways to break the instrument, each with the cause that the verdict must name; used by the tests and by the table."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from running import QUICK

FAULTY = Path(__file__).with_name("faulty_locustfile.py")
LONG = QUICK.replace('duration = "6s"', 'duration = "30s"')
SHORT = QUICK.replace('duration = "6s"', 'duration = "8s"')
SLOW = QUICK + '[shop.service]\ndefault = "500ms"\n'
FEW_ACCOUNTS = SHORT + '[accounts]\nreturning = 1\nfirst_time = 1\n[shop.service]\ndefault = "60ms"\n'
SPIN = "import os\nos.sched_setaffinity(0, {0})\nwhile os.getppid() == PARENT: pass"


def workers_of(pid):
    """The process ids of a master's workers; the embedded shop is a child, too."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"locust" in Path(f"/proc/{child}/cmdline").read_bytes()]


@contextmanager
def nothing(_locust):
    """The fault is inside, or in the scenario."""
    yield


@contextmanager
def hog(locust):
    """A program that computes without a break, on the same core as the worker."""
    locust.until("All users spawned")
    (worker,) = workers_of(locust.process.pid)
    for thread in Path(f"/proc/{worker}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {0})
    spin = [sys.executable, "-c", SPIN.replace("PARENT", str(os.getpid()))]
    hogs = [subprocess.Popen(spin) for _ in range(2)]
    try:
        yield
    finally:
        for each in hogs:
            each.kill()
            each.wait()


@contextmanager
def killed(locust):
    """A worker that is killed."""
    locust.until("steady,")
    os.kill(workers_of(locust.process.pid)[0], signal.SIGKILL)
    yield


@contextmanager
def stopped(locust):
    """A worker that is stopped by SIGSTOP and never goes on."""
    locust.until("steady,")
    os.kill(workers_of(locust.process.pid)[0], signal.SIGSTOP)
    yield  # it stays stopped: the run must end without it


@dataclass(frozen=True)
class Fault:
    """One fault of the instrument: how to cause it, and what the verdict must say of it.

    ``check`` is the finding that must be invalid, ``said`` what its message must match. ``inside`` names the fault that
    ``faulty_locustfile.py`` causes within the process, ``outside`` causes it from here for as long as the context lasts.
    ``measures`` says that another load on the machine could change the finding.
    """

    name: str
    check: str
    said: str
    remedy: str
    scenario: str = SHORT
    inside: str = ""
    arguments: tuple[str, ...] = ()
    outside: Callable = nothing
    measures: bool = False

    def __str__(self):
        return self.name

    def run(self, locust, scenario):
        """Run it: ``locust`` starts a process, ``scenario`` is the path of this fault's scenario file."""
        arguments = ["--headless", "--scenario", scenario, *self.arguments]
        environment = {}
        if self.inside:
            arguments += ["-f", str(FAULTY)]
            environment["CHECKLOAD_TEST_FAULT"] = self.inside
        process = locust(*arguments, environment=environment)
        with self.outside(process):
            return process.wait(timeout=60)

    def found(self, result):
        """The finding that names the fault, or ``None``."""
        findings = result["judgement"]["findings"]
        return next(
            (
                one
                for one in findings
                if (one["check"], one["level"]) == (self.check, "invalid")
                and re.search(self.said, one["message"])
                and re.search(self.remedy, one["remedy"])
            ),
            None,
        )


TWO = ("--processes", "2")
FAULTS = (
    Fault(
        "a CPU hog on the core of a worker",
        "crowded",
        r"worker 0 waited for a processor for \d+",
        "a machine of its own",
        scenario=SHORT.replace("25/s", "60/s"),
        arguments=("--processes", "1"),
        outside=hog,
        measures=True,
    ),
    Fault(
        "200 ms blocks of the event loop",
        "loop",
        r"99 % of the probes of the event loop were less than [12]\d\d ms late; 50 ms is allowed",
        "worker",
        inside="block",
        measures=True,
    ),
    Fault(
        "SIGSTOP of a worker",
        "workers",
        r"worker \d was lost .* in the steady part",
        "look at what this worker printed",
        scenario=LONG,
        arguments=TWO,
        outside=stopped,
    ),
    Fault(
        "SIGKILL of a worker",
        "workers",
        r"worker \d was lost .* in the steady part",
        "look at what this worker printed",
        scenario=LONG,
        arguments=TWO,
        outside=killed,
    ),
    Fault(
        "64 descriptors",
        "sockets",
        r"checkload could not open connections .*\(EMFILE [\d,]+ times",
        r"ulimit -n",
        scenario=SLOW,
        inside="few files",
    ),
    Fault(
        "200 local ports",
        "sockets",
        r"checkload could not open connections .*\(EADDRNOTAVAIL [\d,]+ times",
        "ip_local_port_range",
        scenario=SLOW.replace("25/s", "60/s").replace("8s", "5s"),
        inside="few ports",
        arguments=("-u", "600"),
    ),
    Fault(
        "a clock that is set by 5 s",
        "clocks",
        r"the wall clock of worker \d was set by \+5 s",
        "NTP or chrony",
        inside="clock step",
        arguments=TWO,
    ),
    Fault(
        "a worker whose clock is 2 s ahead",
        "apart",
        r"the clock of worker \d is 2 s ahead of the master's",
        "NTP or chrony",
        inside="clock ahead",
        arguments=TWO,
    ),
    Fault(
        "exhausted accounts",
        "accounts",
        r"[\d,]+ journeys found no free account",
        "more accounts",
        scenario=FEW_ACCOUNTS,
    ),
)
