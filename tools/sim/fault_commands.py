"""Faults switched while the simulator runs: lines on its standard input, each answered by one line."""

import io
import os
import sys
from collections.abc import Callable

from tools.sim.faults import FaultError, Faults

_READ_BYTES = 4096
_LONGEST_BYTES = 1000


class FaultCommands:
    """Reads lines from `fd` when told that there is something, and answers with `say`.

    `+NAME[:ARG]` switches on, `-NAME` off, `?` only asks. The answer is what is on then, or a sentence that says what
    is wrong with the line. `fds` is what to wait for: empty from the end of the input on, or without any.
    """

    def __init__(self, faults: Faults, fd: int | None = None, say: Callable[[str], object] = print):
        self._faults = faults
        self._say = say
        self._unfinished = b""
        self.fds = [] if fd is None else [fd]

    def read(self):
        """Take what there is, and obey every line of it that is whole. Only called when there is something."""
        try:
            chunk = os.read(self.fds[0], _READ_BYTES)
        except BlockingIOError:  # somebody else on the same terminal or pipe was quicker
            return
        except OSError:  # a terminal that hung up, or that another program has in front
            chunk = b""
        if not chunk:
            self.fds = []
            chunk = b"\n"
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for line in lines:
            self._obey(line.decode(errors="replace").strip())
        if len(self._unfinished) > _LONGEST_BYTES:
            self._unfinished = b""
            self._say("the line is too long for a command")

    def _obey(self, line: str):
        if line:
            try:
                self._switch(line)
                self._say(str(self._faults))
            except FaultError as error:
                self._say(str(error))

    def _switch(self, line: str):
        if line[0] == "+":
            self._faults.switch_on(line[1:])
        elif line[0] == "-":
            self._faults.switch_off(line[1:])
        elif line != "?":
            raise FaultError(f"{line!r} is no command: +NAME[:ARG] switches a fault on, -NAME off, ? says what is on")


def standard_input() -> int | None:
    """Its descriptor, or None where it is closed or no file."""
    try:
        return sys.stdin.fileno() if sys.stdin else None
    except (io.UnsupportedOperation, ValueError):
        return None
