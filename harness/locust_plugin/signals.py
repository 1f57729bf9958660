"""Defers signals that arrive before Locust is ready, and ends forked workers together with their parent.

Until Locust is ready a signal kills the process at once, and the run would leave no result. Locust forks the workers of
``--processes`` before its first event.
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
_PR_SET_PDEATHSIG = 1  # prctl of Linux: choose the signal that this process gets when its parent dies

_TERMINALS = tuple(each for each in (1, 2) if os.isatty(each))  # a closed terminal can no longer be told from a file

_deferred: list[int] = []
_hooked: list[int] = []


def defer() -> None:
    """From now on, record signals to end instead of obeying them; leaves signals with another handler alone."""
    for number, default in _DEFAULTS.items():
        if signal.getsignal(number) == default:
            signal.signal(number, _defer)


def first_deferred() -> str:
    """The name of the first deferred signal; empty: there was none."""
    return SIGNAL_NAMES[signal.Signals(_deferred[0])] if _deferred else ""


def deliver_deferred() -> None:
    """Restore the default handlers, and deliver the first deferred signal."""
    for number, default in _DEFAULTS.items():
        if signal.getsignal(number) is _defer:
            signal.signal(number, default)
    if _deferred:
        signal.signal(_deferred[0], signal.SIG_DFL)  # no traceback of an import
        os.kill(os.getpid(), _deferred[0])


def detach_terminal() -> None:
    """Redirect output from a closed terminal to /dev/null, where writing raises no error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in _TERMINALS:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def ignored(number: signal.Signals) -> bool:
    """Whether this process ignores the signal, for example under nohup."""
    return signal.getsignal(number) is signal.SIG_IGN


def die_with_parent() -> None:
    """Make each forked process get SIGTERM when this process dies, however it dies; on Linux only."""
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
            if forking and os.getppid() != forking[0]:  # the parent died in between
                os._exit(1)

    os.register_at_fork(before=in_parent, after_in_child=in_child)


def _defer(number: int, _frame: FrameType | None) -> None:
    _deferred.append(number)
