"""Notes a request to end that comes before Locust is ready, and ends forked workers together with their parent.

Locust forks the workers of ``--processes`` before it tells anybody that it is ready, and until then a signal kills the
process where it stands: a run that was asked for would leave no result.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from types import FrameType
from typing import Any

SIGNAL_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}
_DEFAULTS: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
_PR_SET_PDEATHSIG = 1  # of Linux's prctl: the signal that this process gets when its parent dies

_TERMINALS = tuple(each for each in (1, 2) if os.isatty(each))  # once it is closed, it cannot be told from a file

_deferred: list[int] = []
_hooked: list[int] = []


def defer() -> None:
    """From now on, note a request to end instead of following it; one that somebody else handles is left alone."""
    for number, default in _DEFAULTS.items():
        if signal.getsignal(number) == default:
            signal.signal(number, _defer)


def first_deferred() -> str:
    """The name of the first signal that was noted; empty: none was."""
    return SIGNAL_NAMES[signal.Signals(_deferred[0])] if _deferred else ""


def deliver_deferred() -> None:
    """Note nothing any more: signals do again what they do by default, those that were noted as well."""
    for number, default in _DEFAULTS.items():
        if signal.getsignal(number) is _defer:
            signal.signal(number, default)
    if _deferred:
        signal.signal(_deferred[0], signal.SIG_DFL)  # no traceback of an import
        os.kill(os.getpid(), _deferred[0])


def detach_terminal() -> None:
    """Send what is still written to a terminal that was closed to nowhere, where it raises no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in _TERMINALS:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def ignored(number: signal.Signals) -> bool:
    """Whether this process was started to ignore a signal, as nohup has it."""
    return signal.getsignal(number) is signal.SIG_IGN


def die_with_parent() -> None:
    """Have every process that this one forks get SIGTERM when this one dies, however it dies; on Linux alone."""
    if _hooked:
        return
    _hooked.append(os.getpid())
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
    forking: list[int] = []

    def in_parent() -> None:
        forking[:] = [os.getpid()]

    def in_child() -> None:
        _deferred.clear()
        deliver_deferred()
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
            if forking and os.getppid() != forking[0]:  # it died in between
                os._exit(1)

    os.register_at_fork(before=in_parent, after_in_child=in_child)


def _defer(number: int, _frame: FrameType | None) -> None:
    _deferred.append(number)
