"""Processes of the tests, and waiting for what they say or do."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

PATIENCE_S = 60  # how long anything may take on a busy machine before it counts as never
_LOOK_EVERY_S = 0.02
_DEFAULTS = {
    "stdin": subprocess.DEVNULL,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.STDOUT,
    "process_group": 0,
}


def until(probe: Callable[[], Any], what: str) -> Any:
    """The first true result of `probe()`. One that can't connect (OSError) has none."""
    deadline = time.monotonic() + PATIENCE_S
    result = None
    while time.monotonic() < deadline:
        try:
            result = probe()
        except OSError as error:
            result = None
            what = f"{what.split(' (')[0]} ({error})"
        if result:
            return result
        time.sleep(_LOOK_EVERY_S)
    raise AssertionError(f"never: {what}")


class Collected:
    """Things that another thread adds, in their order, for a test to wait for."""

    def __init__(self):
        self._items = []
        self._changed = threading.Condition()
        self._ended = False

    def __iter__(self) -> Iterator:
        with self._changed:
            return iter(list(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item):
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def end(self):
        """Nothing more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def ended(self) -> bool:
        """Whether nothing more will come; waits for it."""
        with self._changed:
            return self._changed.wait_for(lambda: self._ended, PATIENCE_S)

    def wait(self, wanted: Callable[[Any], bool], what: str, since: int = 0) -> Any:
        """The first wanted one from number `since` on, as soon as it is there."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or any(map(wanted, self._items[since:])), PATIENCE_S)
            for item in self._items[since:]:
                if wanted(item):
                    return item
            raise AssertionError(f"never: {what}; there was\n" + "\n".join(map(str, self._items[since:])))


class Process:
    """A process in a group of its own; `lines` is what it prints, on both ways out."""

    def __init__(self, command: list, environment: dict | None = None, **options):
        self.lines = Collected()
        self._process = subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            encoding="utf-8",
            errors="replace",
            **(_DEFAULTS | options),
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def wait_until_ready(self, is_ready: Callable[[str], bool]):
        """Wait for the line that says so; what never says so is killed."""
        try:
            self.lines.wait(is_ready, "ready")
        except AssertionError:
            self.kill()
            raise

    def say(self, text: str):
        """A line on its standard input, where it was started with one."""
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def kill(self) -> int:
        """`kill -9`; returns the exit status."""
        return self.stop(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit status. All it said is in `lines` then."""
        if self._process.poll() is None:
            os.kill(self.pid, number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end; returns the exit status."""
        try:
            status = self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        self._reader.join(PATIENCE_S)
        return status

    def text(self) -> str:
        """What it has printed so far."""
        return "\n".join(self.lines)

    def _collect(self):
        for line in self._process.stdout or ():
            self.lines.add(line.rstrip("\n"))
        self.lines.end()
