"""A board as a deploy sees it: real MicroPython behind a serial port, with a folder for its flash.

As a script it gives one by hand: `python -m host_tests.deploy.board_on_a_pty FOLDER`.
"""

import contextlib
import fcntl
import os
import pty
import queue
import re
import select
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

from host_tests.end_to_end.process import PATIENCE_S
from tools.dev.device import micropython

_READ_BYTES = 4096
_MOST_UNSENT_BYTES = 65536
_RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n"
_FRIENDLY_PROMPT = b'Type "help()" for more information.\r\n'

# What a board does at its start. In raw mode main.py does not run, and after a failed boot.py neither. The sign says
# that it runs: before that, Ctrl-C would end the process instead of the program.
_SIGN = b"\x06"
_START = """
import sys
sys.stdout.write("\\x06")
def _start(name):
    try:
        file = open(name)
    except OSError:
        return True
    try:
        exec(compile(file.read(), name, "exec"), globals())
    except Exception as error:
        sys.print_exception(error)
        return False
    return True
_start("boot.py") and (%s or _start("main.py"))
"""


class BoardOnAPty:
    """`path` is its serial port while it is plugged in, `flash` the folder, `said` all that MicroPython printed,
    `received` how many bytes came over the cable. The heap is small, so that a deploy can't take what no chip has."""

    def __init__(self, flash: Path, environment: dict | None = None, heap: str = "64k"):
        self.flash = flash
        self.path = ""
        self.said = bytearray()
        self.received = 0
        self._heap = heap
        self._environment = {**os.environ, "MICROPYPATH": ".frozen", **(environment or {})}
        self._process: subprocess.Popen | None = None
        self._inside = self._outside = self._near = -1  # MicroPython's terminal, the cable, and its end for others
        self._unsent = bytearray()  # to the cable
        self._raw = self._runs = self._ending = False
        self._held: bytes | None = None  # what waits for the prompt
        self._cut_at: int | None = None
        self._cut = self._unplug
        self.garbles = (b"", b"")  # what the cable takes for something else
        self._changed = threading.Condition()
        self._requests: queue.SimpleQueue = queue.SimpleQueue()
        self._waker, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.plug_in()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ask(self._end)
        self._thread.join()
        os.close(self._waker)
        os.close(self._wake)

    def plug_in(self):
        """The cable, and with it the power if there was none."""
        self._ask(self._plug_in)

    def unplug(self):
        """Pull the cable; the board has another supply."""
        self._ask(self._unplug)

    def cut_power(self):
        """Pull the cable, and with it the power: nothing is written any more."""
        self._ask(self._cut_power)

    def cut_after(self, count: int, what: str):
        """As soon as `count` more bytes came: pull the `cable`, with it the `power`, or let the `board` die alone."""
        self._cut = {"cable": self._unplug, "power": self._cut_power, "board": self._power_off}[what]
        self._cut_at = self.received + count

    def wait_for(self, pattern: str, since: int = 0) -> re.Match:
        """Wait until MicroPython has printed what matches `pattern`, after its first `since` bytes."""
        with self._changed:
            found = self._changed.wait_for(lambda: re.search(pattern, self.text(since)), PATIENCE_S)
        assert found, f"never: {pattern!r}; there was\n{self.text(since)}"
        return found

    def text(self, since: int = 0) -> str:
        """What MicroPython has printed, after its first `since` bytes."""
        return self.said[since:].decode(errors="replace")

    def _ask(self, function: Callable[[], None]):
        """Let the thread that owns the descriptors do it; returns when it is done."""
        done = threading.Event()
        self._requests.put((function, done))
        os.write(self._wake, b"x")
        assert done.wait(PATIENCE_S)

    def _serve(self):
        """Carry bytes both ways, until the end."""
        while not self._ending:
            listens = self._runs or self._process is None
            open_ones = [fd for fd in (self._inside, self._outside if listens else -1, self._waker) if fd >= 0]
            readable, writable, _ = select.select(open_ones, [self._outside] if self._unsent else [], [])
            if writable:
                del self._unsent[: os.write(self._outside, self._unsent)]
            if self._waker in readable:
                self._obey()
            elif self._inside in readable:
                self._carry_out()
            elif self._outside in readable:
                self._carry_in()

    def _obey(self):
        os.read(self._waker, 1)
        function, done = self._requests.get()
        function()
        done.set()

    def _end(self):
        self._cut_power()
        self._ending = True

    def _plug_in(self):
        if self._process is None:
            self._power_on(raw=False)
        self._outside, self._near = pty.openpty()  # without anybody at the near end a pty reports a hang-up
        os.set_blocking(self._outside, False)  # the other end may not be read
        tty.setraw(self._near)
        self.path = os.ttyname(self._near)

    def _unplug(self):
        for descriptor in (self._outside, self._near):
            if descriptor >= 0:
                os.close(descriptor)
        self._outside = self._near = -1
        self._unsent.clear()
        self._cut_at = None

    def _cut_power(self):
        self._power_off()
        self._unplug()

    def _power_on(self, raw: bool):
        self._runs, self._raw, self._held = False, raw, None
        self._inside, far = pty.openpty()
        as_micropython_wants_it(far)
        self._process = subprocess.Popen(
            [micropython(), "-X", f"heapsize={self._heap}", "-i", "-c", _START % raw],
            cwd=self.flash,
            env=self._environment,
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(far)

    def _power_off(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            os.close(self._inside)
            self._inside = -1

    def _carry_out(self):
        data = read(self._inside)
        if not data:  # MicroPython ended, by Ctrl-D: it starts again, in the mode it was in
            self._power_off()
            self._say(b"MPY: soft reboot\r\n")
            self._power_on(self._raw)
        elif not self._runs and _SIGN in data:
            self._runs = True
            self._held = b"\x01" if self._raw else None
            self._say(data.replace(_SIGN, b"", 1))
        else:
            self._say(data)

    def _say(self, data: bytes):
        with self._changed:
            self.said += data
            self._changed.notify_all()
        tail = bytes(self.said[-200:])
        if tail.rfind(_RAW_PROMPT) != tail.rfind(_FRIENDLY_PROMPT):
            self._raw = tail.rfind(_RAW_PROMPT) > tail.rfind(_FRIENDLY_PROMPT)
        if self._outside >= 0:
            self._unsent += data
            del self._unsent[:-_MOST_UNSENT_BYTES]
        if self._held is not None and self._prompts():
            self._held, held = None, self._held
            os.write(self._inside, held)

    def _carry_in(self):
        data = read(self._outside).replace(*self.garbles)
        if self._cut_at is None or self.received + len(data) < self._cut_at:
            self.received += len(data)
            self._write(data)
            return
        self._write(data[: self._cut_at - self.received])
        self.received, self._cut_at = self._cut_at, None
        self._cut()

    def _write(self, data: bytes):
        """Hand on what came. What follows a Ctrl-C waits for the prompt: Linux would flush it with the terminal."""
        if self._held is not None:
            self._held += data
        elif self._process is not None and self._prompts():
            os.write(self._inside, data)
        elif self._process is not None:
            now, interrupt, later = data.partition(b"\x03")
            os.write(self._inside, now + interrupt)
            self._held = later if interrupt else None

    def _prompts(self) -> bool:
        return self.said.endswith((b">>> ", b"\x04>", b"B to exit\r\n>"))


def as_micropython_wants_it(descriptor: int):
    """Bytes pass as they are, but Ctrl-C interrupts a running program, and swallows no byte beside it."""
    tty.setraw(descriptor)
    attributes = termios.tcgetattr(descriptor)
    attributes[tty.LFLAG] |= termios.ISIG | termios.NOFLSH
    for key in (termios.VQUIT, termios.VSUSP):
        attributes[tty.CC][key] = b"\0"
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)


def read(descriptor: int) -> bytes:
    """What is there; nothing at the end."""
    try:
        return os.read(descriptor, _READ_BYTES)
    except OSError:
        return b""


if __name__ == "__main__":
    with BoardOnAPty(Path(sys.argv[1])) as board, contextlib.suppress(KeyboardInterrupt):
        print(board.path, flush=True)
        while True:
            time.sleep(3600)
