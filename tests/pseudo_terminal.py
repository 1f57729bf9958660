"""A terminal for tests: it reads a real pty, and shows the few control sequences that checkload may send."""

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

CONTROL = re.compile(r"\x1b\[([\d;]*)([A-Za-z])")


class PseudoTerminal:
    """A pty; ``slave`` is the end for a program, ``lines`` what a person sees, scrolled lines included."""

    def __init__(self, columns=80, rows=24):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.columns = columns
        self.raw = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()  # a character may come in two reads
        self.former_modes = termios.tcgetattr(self.slave)

    @property
    def modes_restored(self):
        """Whether the terminal is in the modes of the beginning."""
        return termios.tcgetattr(self.slave) == self.former_modes

    def read(self, seconds=0.0):
        """Read what has been written, for at least so many seconds."""
        until = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self.master], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return
            try:
                self.raw += self._decoder.decode(os.read(self.master, 65536))
            except OSError:
                return

    def until(self, text, timeout=5.0):
        """Read until this text is on the screen."""
        end = time.monotonic() + timeout
        while text not in "\n".join(self.lines):
            assert time.monotonic() < end, f"{text!r} did not appear:\n" + "\n".join(self.lines)
            self.read(0.02)

    @property
    def lines(self):
        """The screen; a control sequence that this terminal does not know is an error."""
        screen, row, column, place = [""], 0, 0, 0
        text = self.raw
        while place < len(text):
            if match := CONTROL.match(text, place):
                letter, place = match[2], match.end()
                if letter == "A":
                    row = max(0, row - int(match[1]))
                elif letter == "J":
                    screen[row:] = [screen[row][:column]]
                else:
                    assert letter == "m", f"unknown sequence {match[0]!r}"
                continue
            character = text[place]
            place += 1
            if character == "\r":
                column = 0
            elif character == "\n":
                row += 1
            else:
                assert character.isprintable(), repr(character)
                if column == self.columns:
                    row, column = row + 1, 0
                self._extend(screen, row)
                screen[row] = f"{screen[row]:{column}}"[:column] + character + screen[row][column + 1 :]
                column += 1
            self._extend(screen, row)
        return [line.rstrip() for line in screen]

    @staticmethod
    def _extend(screen, row):
        screen.extend([""] * (row + 1 - len(screen)))

    def close(self):
        """Close both ends."""
        os.close(self.master)
        os.close(self.slave)
