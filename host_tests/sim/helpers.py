"""The simulator from outside: a line in this process, and `evencell sim` in one of its own."""

import os
import select
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import serial

from evencell.pack.status import Status
from evencell.protocol.jk_balancer import ANSWER_BYTES, decode_status, read_request
from tools.sim.line import Line

ROOT = Path(__file__).parents[2]
CAPTURES = ROOT / "host_tests" / "captures" / "captures.json"
LATENCY_S = 0.02
PATIENCE_S = 60


class Master:
    """The other end of the wire."""

    def __init__(self, fd):
        self.fd = fd

    def write(self, data):
        os.write(self.fd, data)

    def read(self, count, seen=None):
        """The next `count` bytes; `seen` gets (time, bytes so far) after every piece."""
        data = b""
        while len(data) < count:
            readable, _, _ = select.select([self.fd], [], [], PATIENCE_S)
            assert readable, f"only {len(data)} of {count} bytes came"
            data += os.read(self.fd, count - len(data))
            if seen is not None:
                seen.append((time.monotonic(), len(data)))
        return data

    def nothing_is_left(self):
        return not select.select([self.fd], [], [], 0)[0]


@contextmanager
def serving(device, latency_s=LATENCY_S, faults=None, packet_s=0):
    """A line with `device` behind it, and its master."""
    stop_read, stop_write = os.pipe()
    with closing(Line(device, latency_s, faults, packet_s)) as line:
        thread = threading.Thread(target=line.serve, args=[stop_read])
        thread.start()
        fd = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        try:
            yield Master(fd)
        finally:
            os.write(stop_write, b"!")
            thread.join(PATIENCE_S)
            for each in (fd, stop_read, stop_write):
                os.close(each)


@contextmanager
def running(link, *options, prefix=(), stdin=subprocess.DEVNULL):
    """The process, once it said `ready`."""
    command = [*prefix, sys.executable, "-m", "tools.sim.command", "--link", str(link), *options]
    pythonpath = f"{ROOT}{os.pathsep}{ROOT / 'firmware'}"
    options = {"env": os.environ | {"PYTHONPATH": pythonpath}, "cwd": link.parent, "text": True}
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, **options) as process:
        try:
            assert next_line(process) == f"ready {link}"
            yield process
        finally:
            process.kill()


def next_line(process) -> str:
    assert select.select([process.stdout], [], [], PATIENCE_S)[0]
    return process.stdout.readline().rstrip("\n")


def read_status(link, address: int = 1) -> Status:
    with serial.Serial(str(link), 9600, timeout=PATIENCE_S) as port:
        port.write(read_request(address))
        return decoded(port.read(ANSWER_BYTES))


def decoded(frame) -> Status:
    status = Status()
    decode_status(frame, 0, status)
    return status
