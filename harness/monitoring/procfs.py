"""Reads the files in which Linux reports about a process and its machine, and parses their texts.

The kernel documents them in proc(5), accounting/psi and scheduler/sched-stats. If a file is missing or has an unexpected
form, the value is None: not measured.
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
_IDLE, _IO_WAIT = 3, 4
_STEAL = 7  # the eighth number of the first line; the first two already contain the two after it


def stolen_ticks(stat: str | None) -> tuple[float, float] | None:
    """From ``/proc/stat``: the time that the host took from this virtual machine, and all time, in ticks since the boot."""
    words = (stat or "").partition("\n")[0].split()
    if len(words) <= _STEAL + 1 or words[0] != "cpu" or not all(word.isdigit() for word in words[1:]):
        return None
    ticks = [int(word) for word in words[1 : _STEAL + 2]]
    return float(ticks[_STEAL]), float(sum(ticks))


def idle_ticks(stat: str | None) -> tuple[float, float] | None:
    """From ``/proc/stat``: the time in which the processors of this machine did nothing, and all time, in ticks since the boot."""
    words = (stat or "").partition("\n")[0].split()
    if len(words) <= _STEAL + 1 or words[0] != "cpu" or not all(word.isdigit() for word in words[1:]):
        return None
    ticks = [int(word) for word in words[1 : _STEAL + 2]]
    return float(ticks[_IDLE] + ticks[_IO_WAIT]), float(sum(ticks))


def cpu_pressure(text: str | None) -> float | None:
    """From ``/proc/pressure/cpu``: seconds since the boot in which a program was ready to run and had no processor."""
    found = _STALLED.search(text or "")
    return int(found[1]) / 1e6 if found else None


def run_queue_wait(schedstat: str | None) -> float | None:
    """From ``/proc/self/schedstat``: seconds in which the main thread was ready to run and had no processor."""
    words = (schedstat or "").split()
    return int(words[1]) / 1e9 if len(words) == 3 and words[1].isdigit() else None  # noqa: PLR2004


def port_range(text: str | None) -> tuple[int, int] | None:
    """From ``ip_local_port_range``: the first and the last port for outgoing connections."""
    words = (text or "").split()
    return (int(words[0]), int(words[1])) if len(words) == 2 and all(word.isdigit() for word in words) else None  # noqa: PLR2004


def ports_in_use(sockstat: str | None, descriptors: int | None) -> int | None:
    """From ``/proc/net/sockstat`` and ``sockstat6``: an upper bound of the local ports that this process holds.

    An open connection has a descriptor. A connection in TIME_WAIT has none, but keeps its port. The table of all sockets
    would be exact, but reading it takes 10 ms even on an idle machine, because the kernel walks its empty slots, too.
    """
    ending = _ENDING.search(sockstat or "")
    if ending is None:
        return None
    open_now = sum(map(int, _IN_USE.findall(sockstat or "")))
    return int(ending[1]) + (open_now if descriptors is None else min(open_now, descriptors))


def resident_bytes(statm: str | None) -> int | None:
    """From ``/proc/self/statm``: the resident memory of this process, in bytes."""
    words = (statm or "").split()
    return int(words[1]) * resource.getpagesize() if len(words) > 1 and words[1].isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineProbes:
    """The functions that take the readings; each reads anew at every call and returns None if it cannot know.

    ``processor`` is the processor time of all threads of this process, in seconds. ``steal``, ``pressure``, ``queued``,
    ``ports`` and ``memory`` are as the functions above. ``port_supply`` is the number of local ports. ``descriptors`` are
    the open files and sockets of this process, ``descriptor_limit`` is their limit.
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
    """The probes of this process; without ``/proc`` most of them return None."""
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
        # Since Linux 6.2, the size of the folder is the number of its files; to list thousands takes milliseconds.
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
