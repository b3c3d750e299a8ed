"""Commands that switch faults at run time: lines on standard input, each answered by one line."""

import io
import os
import sys
from collections.abc import Callable

from tools.sim.faults import FaultError, Faults

_READ_BYTES = 4096
_MAX_BYTES = 1000


class FaultCommands:
    """Reads lines from `fd` and answers with `reply`.

    `+NAME[:ARG]` switches on, `-NAME` off, `?` changes nothing. The answer lists the active faults, or is a sentence
    about an error in the line. `fds` has the descriptor to wait for; it is empty after the end of the input.
    """

    def __init__(self, faults: Faults, fd: int | None = None, reply: Callable[[str], object] = print):
        self._faults = faults
        self._reply = reply
        self._unfinished = b""
        self.fds = [] if fd is None else [fd]

    def read(self):
        """Read what is available, and execute each whole line. Call it only when `fd` is readable."""
        try:
            chunk = os.read(self.fds[0], _READ_BYTES)
        except BlockingIOError:  # another reader of the same terminal or pipe was faster
            return
        except OSError:  # a terminal that hung up, or that another program has in the foreground
            chunk = b""
        if not chunk:
            self.fds = []
            chunk = b"\n"
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for line in lines:
            self._execute(line.decode(errors="replace").strip())
        if len(self._unfinished) > _MAX_BYTES:
            self._unfinished = b""
            self._reply("the line is too long for a command")

    def _execute(self, line: str):
        if line:
            try:
                self._switch(line)
                self._reply(str(self._faults))
            except FaultError as error:
                self._reply(str(error))

    def _switch(self, line: str):
        if line[0] == "+":
            self._faults.switch_on(line[1:])
        elif line[0] == "-":
            self._faults.switch_off(line[1:])
        elif line != "?":
            raise FaultError(f"{line!r} is no command: +NAME[:ARG] switches a fault on, -NAME off, ? lists them")


def standard_input() -> int | None:
    """The descriptor of standard input, or None if it is closed or no file."""
    try:
        return sys.stdin.fileno() if sys.stdin else None
    except (io.UnsupportedOperation, ValueError):
        return None
