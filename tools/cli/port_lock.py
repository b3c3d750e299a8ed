"""Locks serial ports for MicroPython, which opens them without a lock.

A separate process holds the locks. It ends with the program, and closes a port that vanishes, so that the adapter gets
its old name when it is back.
"""

import contextlib
import fcntl
import os
import select
import signal
from collections.abc import Iterable

from tools.cli.serial_port import is_url, open_port

_RETRY_MS = 200


def hold(paths: Iterable[str]):
    """Lock the ports until this process ends, whatever program it becomes; raises PortError."""
    paths = [path for path in paths if not is_url(path)]
    for path in paths:
        open_port(path).close()
    held = {path: _locked(path) for path in paths}
    ending, alive = os.pipe()
    os.set_inheritable(alive, True)
    if not os.fork():
        os.close(alive)
        with contextlib.suppress(BaseException):
            _hold_locks(held, ending)
        os._exit(0)
    os.close(ending)
    for fd in held.values():
        if fd is not None:
            os.close(fd)  # the lock stays: it is the other process's now


def _locked(path: str) -> int | None:
    """Open the port with pyserial's lock alone, since MicroPython opens it too (serial_port.claim); None on failure."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


def _hold_locks(held: dict[str, int | None], ending: int):
    """Hold the locks until `ending` is closed; lock a port again when it is back."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    while True:
        watched = select.poll()
        watched.register(ending, 0)  # hang-ups are always reported
        for fd in held.values():
            if fd is not None:
                watched.register(fd, 0)
        gone = {fd for fd, _ in watched.poll(_RETRY_MS if None in held.values() else None)}
        if ending in gone:
            return
        for path, fd in held.items():
            if fd is None:
                held[path] = _locked(path)
            elif fd in gone:
                os.close(fd)
                held[path] = None
