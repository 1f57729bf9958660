"""Keeps a panel at the bottom of a terminal, below all other output of the run's processes.

Log lines of this process and of its forked workers go through a pipe. A thread copies them to the terminal, above the panel. So no
line tears the panel, and a terminal that stops reading (Ctrl-S, a broken connection) never stops the load. Nothing about the terminal is
changed that would have to be restored: the cursor stays visible, and there is no mode to leave.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Sequence

from gevent.monkey import get_original

_start_thread = get_original("_thread", "start_new_thread")  # a real thread: it may block
_poll = get_original("select", "poll")

READABLE = 0x0001  # POLLIN
PIPE_SIZE = 1 << 20  # bytes of log lines that wait while the terminal does not read
CHUNK = 1 << 16
PATIENCE = 1.0
"""Seconds to wait at the end for a terminal that does not read."""
CLEAR = "\x1b[J"


class Screen:
    """The terminal of a process; ``descriptors`` are those of its output, the first is the one to draw on."""

    def __init__(self, descriptors: Sequence[int] = (1, 2)) -> None:
        self._terminal = os.dup(descriptors[0])
        self._captured = [each for each in descriptors if os.isatty(each)]
        self._former = [os.dup(each) for each in self._captured]
        self._reader, writer = os.pipe()
        self._waker, self._wake = os.pipe()
        with contextlib.suppress(OSError, AttributeError):  # it is smaller elsewhere, or the limit of this user is
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        os.set_blocking(self._reader, False)
        os.set_blocking(self._wake, False)
        _flush()
        for each in self._captured:
            os.dup2(writer, each)
        os.close(writer)
        self._process = os.getpid()
        self._lines: tuple[str, ...] = ()
        self._rows_drawn = 0
        self._unfinished = b""
        self._frames = self._drawn = 0  # how many panels were shown, and which one the thread has drawn
        self._running = self._closing = False
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    @property
    def size(self) -> os.terminal_size:
        """The columns and rows of the terminal."""
        try:
            found = os.get_terminal_size(self._terminal)
        except OSError:
            found = os.terminal_size((0, 0))
        return os.terminal_size((found.columns or 80, found.lines or 24))

    def show(self, lines: Sequence[str]) -> None:
        """Draw these lines in place of the last ones; returns at once. No line may be wider than the terminal."""
        if not self._running and not self._closing:
            self._running = True
            _start_thread(self._relay, ())
        self._lines = tuple(lines)
        self._frames += 1
        with contextlib.suppress(OSError):  # full: the thread has enough reasons to wake up
            os.write(self._wake, b".")

    def release(self) -> None:
        """Remove the panel, and give this process its output back; forked workers still write above."""
        if self._process != os.getpid() or not self._captured:
            return
        _flush()
        for each, former in zip(self._captured, self._former, strict=True):
            os.dup2(former, each)
        self._captured = []
        if self._running:
            self.show(())
            self._wait()
        else:
            self._copy()

    def close(self) -> None:
        """Remove the panel, copy what is left, and end the thread: the process ends."""
        if self._process != os.getpid() or self._closing:
            return
        self.release()
        self._closing = True
        if self._running:
            self.show(())
            self._wait()
        else:
            self._copy()

    def _wait(self) -> None:
        until = time.monotonic() + PATIENCE
        while self._running and self._drawn != self._frames and time.monotonic() < until:
            time.sleep(0.005)

    def _forget(self) -> None:
        """In a forked worker: its output goes to the pipe, which must break when the parent is gone."""
        for each in (self._reader, self._waker, self._wake):
            with contextlib.suppress(OSError):
                os.close(each)

    # -- in the thread --------------------------------------------------------------------------------------------

    def _relay(self) -> None:
        poll = _poll()
        poll.register(self._reader, READABLE)
        poll.register(self._waker, READABLE)
        while self._running:
            ready = dict(poll.poll())
            if self._waker in ready:
                os.read(self._waker, CHUNK)
            closing, frame = self._closing, self._frames
            if not self._copy() and self._reader in ready:
                poll.unregister(self._reader)  # all writers are gone
            self._drawn = frame
            self._running = not closing

    def _copy(self) -> bool:
        """Copy what waits in the pipe, and draw the panel below it; returns whether more may come."""
        text, more = b"", True
        while len(text) < PIPE_SIZE:
            try:
                part = os.read(self._reader, CHUNK)
            except BlockingIOError:
                break
            if not part:
                more = False
                break
            text += part
        whole, newline, self._unfinished = (self._unfinished + text).rpartition(b"\n")
        if self._closing:
            whole, newline, self._unfinished = whole + newline + self._unfinished, b"", b""
        lines = self._lines
        erase = f"\r\x1b[{self._rows_drawn - 1}A" if self._rows_drawn > 1 else "\r"
        head = (erase + CLEAR if self._rows_drawn else "").encode()
        self._rows_drawn = len(lines)
        self._write(head + whole + newline + "\n".join(lines).encode())
        return more

    def _write(self, content: bytes) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone: nothing can be shown, and the run goes on
            while content:
                content = content[os.write(self._terminal, content) :]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
