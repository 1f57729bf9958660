"""Reads what Linux tells about a process and its machine: pure parsing of small texts, and where to find them.

The kernel's own descriptions are proc(5), accounting/psi and scheduler/sched-stats. A text that is not there, or not as
expected, is None: not measured.
"""

from __future__ import annotations

import os
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_STALLED = re.compile(r"^some .*\btotal=(\d+)", re.MULTILINE)
_IN_USE = re.compile(r"^TCP6?: inuse (\d+)", re.MULTILINE)
_ENDING = re.compile(r"^TCP: .*\btw (\d+)", re.MULTILINE)
_STEAL = 7  # the eighth number of the first line; the two behind it are part of the first two


def stolen_ticks(stat: str | None) -> tuple[float, float] | None:
    """Of ``/proc/stat``: time taken away by the host of a virtual machine, and all time, in ticks since the boot."""
    words = (stat or "").partition("\n")[0].split()
    if len(words) <= _STEAL + 1 or words[0] != "cpu" or not all(word.isdigit() for word in words[1:]):
        return None
    ticks = [int(word) for word in words[1 : _STEAL + 2]]
    return float(ticks[_STEAL]), float(sum(ticks))


def cpu_pressure(text: str | None) -> float | None:
    """Of ``/proc/pressure/cpu``: seconds since the boot in which something was ready to run and had no processor."""
    found = _STALLED.search(text or "")
    return int(found[1]) / 1e6 if found else None


def run_queue_wait(schedstat: str | None) -> float | None:
    """Of ``/proc/self/schedstat``: seconds in which our main thread was ready to run and had no processor."""
    words = (schedstat or "").split()
    return int(words[1]) / 1e9 if len(words) == 3 and words[1].isdigit() else None  # noqa: PLR2004


def port_range(text: str | None) -> tuple[int, int] | None:
    """Of ``ip_local_port_range``: the first and the last port that a connection of ours may get."""
    words = (text or "").split()
    return (int(words[0]), int(words[1])) if len(words) == 2 and all(word.isdigit() for word in words) else None  # noqa: PLR2004


def ports_in_use(sockstat: str | None, descriptors: int | None) -> int | None:
    """Of ``/proc/net/sockstat`` and ``sockstat6``: how many local ports we hold at most.

    A connection of ours has a descriptor, and one that only waits for its end has none but keeps its port. The table of
    all sockets would tell exactly, but reading it takes 10 ms on a quiet machine, as its empty places are walked, too.
    """
    ending = _ENDING.search(sockstat or "")
    if ending is None:
        return None
    open_now = sum(map(int, _IN_USE.findall(sockstat or "")))
    return int(ending[1]) + (open_now if descriptors is None else min(open_now, descriptors))


def resident_bytes(statm: str | None) -> int | None:
    """Of ``/proc/self/statm``: the memory of this process that is not swapped out, in bytes."""
    words = (statm or "").split()
    return int(words[1]) * resource.getpagesize() if len(words) > 1 and words[1].isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineProbes:
    """Where the readings come from; each is asked anew every time, and None means: cannot be known here.

    ``processor``: seconds that all threads of this process have used. ``steal`` and the others as the functions above.
    ``ports``: local ports in use, as ``ports_in_use``; ``port_supply`` how many there are. ``descriptors``: open files and sockets of this process, ``descriptor_limit`` how many it may have.
    """

    processor: Callable[[], float | None]
    steal: Callable[[], tuple[float, float] | None]
    pressure: Callable[[], float | None]
    queued: Callable[[], float | None]
    descriptors: Callable[[], int | None]
    descriptor_limit: Callable[[], int | None]
    ports: Callable[[], int | None]
    port_supply: Callable[[], int | None]
    memory: Callable[[], int | None]
    cores: Callable[[], int | None]


def machine_probes(root: Path = Path("/proc")) -> MachineProbes:
    """The sources of this process; where there is no ``/proc`` most of them know nothing."""
    return MachineProbes(
        processor=time.process_time,
        steal=lambda: stolen_ticks(_text(root / "stat")),
        pressure=lambda: cpu_pressure(_text(root / "pressure/cpu")),
        queued=lambda: run_queue_wait(_text(root / "self/schedstat")),
        descriptors=lambda: _descriptors(root / "self/fd"),
        descriptor_limit=_descriptor_limit,
        ports=lambda: _ports(root),
        port_supply=lambda: _port_supply(root),
        memory=lambda: resident_bytes(_text(root / "self/statm")),
        cores=_cores,
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return None


def _descriptors(folder: Path) -> int | None:
    try:
        # Since Linux 6.2 the folder's size is their number; listing thousands takes milliseconds.
        return folder.stat().st_size or len(os.listdir(folder))  # noqa: PTH208  twice as quick as iterdir
    except OSError:
        return None


def _descriptor_limit() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _ports(root: Path) -> int | None:
    both = [_text(root / "net" / name) or "" for name in ("sockstat", "sockstat6")]
    return ports_in_use("\n".join(both), _descriptors(root / "self/fd"))


def _port_supply(root: Path) -> int | None:
    supply = port_range(_text(root / "sys/net/ipv4/ip_local_port_range"))
    return None if supply is None else supply[1] - supply[0] + 1


def _cores() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
