"""Ptys whose far end is no balancer, and terminals for commands that draw."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import threading
import time
import tty

from host_tests.end_to_end.process import PATIENCE_S, Process

# A process that leads a session gets the first terminal it opens for its own, and with it the signals of its keys.
_ON_TERMINAL = "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execv(sys.argv[1], sys.argv[1:])"

HANG_UP = "hang up"


class FaultyLine:
    """`path` is a serial port. `talk(send, heard)` is its far end, called again and again until the end.

    `send(bytes)` loses what is not taken, as a wire does; `heard` is what came since the last call. Where it returns
    HANG_UP the port vanishes, as that of an unplugged adapter.
    """

    def __init__(self, talk):
        self._talk = talk
        self._fd, self._near_fd = pty.openpty()
        self.path = os.ttyname(self._near_fd)
        tty.setraw(self._near_fd)
        os.set_blocking(self._fd, False)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
        os.close(self._near_fd)

    def _run(self):
        answer = None
        while answer != HANG_UP and not self._ending.is_set():
            heard = b""
            if select.select([self._fd], [], [], 0.01)[0]:
                heard = os.read(self._fd, 256)
            answer = self._talk(self._send, heard)
        os.close(self._fd)

    def _send(self, data: bytes):
        with contextlib.suppress(BlockingIOError):
            os.write(self._fd, data)


class Terminal(Process):
    """A process in a terminal of 100 × 40 characters; `screen()` is all that it has written there."""

    def __init__(self, command: list):
        self._fd, near_fd = pty.openpty()
        fcntl.ioctl(near_fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.settings = termios.tcgetattr(near_fd)
        self._near_fd = near_fd
        self._written = b""
        environment = {**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"}
        command = [sys.executable, "-c", _ON_TERMINAL, *command]
        ways = {"stdin": near_fd, "stdout": near_fd, "stderr": near_fd}
        super().__init__(command, environment, process_group=-1, start_new_session=True, **ways)

    def __exit__(self, *error):
        super().__exit__(*error)
        os.close(self._fd)
        os.close(self._near_fd)

    def press(self, keys: bytes):
        os.write(self._fd, keys)

    def screen(self) -> str:
        return self._written.decode(errors="replace")

    def wait_for(self, text: str):
        """Until this text was written."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.screen():
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"never: {text!r} in\n{self.screen()}"
            if select.select([self._fd], [], [], left_s)[0]:
                self._written += os.read(self._fd, 4096)

    def settings_now(self) -> list:
        return termios.tcgetattr(self._near_fd)
