"""One run of a device in the model: idle, then under full load, with broker and access point away for a while.

Times are simulated ones; they pass SPEED times as fast.
"""

import contextlib
import socket
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.chip.device import SPEED, ChipDevice, Delivery
from tools.bench.chip.figures import Figures
from tools.bench.chip.sets import STREAMS, FeatureSet
from tools.bench.fast import Fast
from tools.bench.watchers import Stream

SHORT_MINUTES = 3
LONG_MINUTES = 20
PATHS = ("/", "/api/v1/status", "/api/v1/history?span=24h", "/metrics", "/api/v1/crashes", "/api/v1/display")
_ROUND_S = 15
_START_WITHIN_S = 60
_SETTLED_S = 20
_IDLE_S = 10
_AWAY_S = 20
_ANSWER_WITHIN_S = 60
_POLL_S = 0.02


@dataclass
class Life:
    """Result of a run. `problems`: a sentence for each failure."""

    idle: Figures | None = None
    load: Figures | None = None
    answered: int = 0
    problems: list[str] = field(default_factory=list)
    log: str = ""
    trace: str = ""

    @property
    def lives(self) -> bool:
        """Whether there were no failures."""
        return not self.problems


def live(delivery: Delivery, wanted: FeatureSet, minutes: float, plan: str = "") -> Life:
    """Run the set for so many simulated minutes of use, on a device that starts with this memory plan."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        return _Run(delivery, wanted, minutes, plan, Path(folder), running).life


class _Run:
    """A run in progress."""

    def __init__(self, delivery, wanted, minutes, plan, folder: Path, running: contextlib.ExitStack):
        self.life = Life()
        self._wanted = wanted
        self._running = running
        self._fast = Fast(folder, running, SPEED)
        broker_port = self._fast.broker() if "mqtt" in wanted.features else None
        config = wanted.config(self._fast.http_port, broker_port)
        self._device = ChipDevice(delivery, config, plan, folder / "device", running, self._fast)
        self._device.start(self._fast.simulator())
        self._streams: list[Stream] = []
        try:
            if self._started():
                self._idle()
                self._use(minutes * 60)
                self._judge()
        finally:
            self.life.log = self._device.text()
            self.life.trace = self._device.trace_text()

    def _pass(self, seconds: float):
        """Let simulated time pass."""
        time.sleep(seconds / SPEED)

    def _started(self) -> bool:
        """Wait for the first reading, and for the network where there is one."""
        end_s = time.monotonic() + _START_WITHIN_S / SPEED
        while time.monotonic() < end_s:
            joined = self._device.figures.read().joined or not self._wanted.has_network
            if joined and "link online" in self._device.text() and self._device.is_running():
                return True
            time.sleep(_POLL_S)
        self.life.problems.append("it did not start: no reading, or no network")
        return False

    def _idle(self):
        self._pass(_SETTLED_S)
        self._device.figures.reset()
        self._pass(_IDLE_S)
        self.life.idle = self._device.figures.read()

    def _use(self, seconds: float):
        """Streams, pages and everything else, round by round; broker and access point are away once each."""
        figures = self._device.figures
        figures.reset()
        begin_s = time.monotonic()
        self._open_streams()
        events = [(seconds * 0.4, self._broker_away), (seconds * 0.7, self._access_point_away)]
        round_s = 0.0
        while (now_s := (time.monotonic() - begin_s) * SPEED) < seconds:
            if events and now_s >= events[0][0]:
                events.pop(0)[1]()
            elif now_s >= round_s:
                round_s = now_s + _ROUND_S
                for path in PATHS if "page" in self._wanted.features else ():
                    self._ask(path)
            time.sleep(_POLL_S)
        self.life.load = figures.read()

    def _open_streams(self):
        """Open the event streams, as a page does when its stream has ended."""
        if "page" in self._wanted.features:
            self._streams = [Stream(self._fast.http_port, self._running) for _ in range(STREAMS)]
            if not all(stream.opened for stream in self._streams):
                self.life.problems.append("an event stream was refused")

    def _broker_away(self):
        if "mqtt" in self._wanted.features:
            self._fast.interrupt_broker(_AWAY_S / SPEED)

    def _access_point_away(self):
        if self._wanted.has_network:
            self._device.access_point(False)
            self._pass(_AWAY_S)
            self._device.access_point(True)
            end_s = time.monotonic() + _START_WITHIN_S / SPEED
            while not self._device.figures.read().joined and time.monotonic() < end_s:
                time.sleep(_POLL_S)
            self._open_streams()  # the device has dropped the old ones

    def _ask(self, path: str):
        """Fetch a path; no response, or a refusal for lack of memory, is a problem."""
        try:
            status = answer_of(self._fast.http_port, path, _ANSWER_WITHIN_S / SPEED)
        except OSError as error:
            self.life.problems.append(f"{path}: {error}")
            return
        self.life.answered += 1
        if status not in (200, 404):
            self.life.problems.append(f"{path}: status {status}")

    def _judge(self):
        """Find failures at the end of a run."""
        device, life = self._device, self.life
        assert life.load
        if not device.is_running() or device.starts > 1:
            life.problems.append(f"it started {device.starts} times, or ended")
        if life.load.refused:
            life.problems.append(f"{life.load.refused} claims found no room")
        if any(word in life.log + device.text() for word in ("Traceback", "MemoryError")):
            life.problems.append("its log has a traceback or a MemoryError")
        before = [stream.received_bytes for stream in self._streams]
        self._pass(5)
        for number, stream in enumerate(self._streams):
            if stream.received_bytes == before[number]:
                life.problems.append(f"event stream {number + 1} stands still")
        if self._wanted.has_network and not device.figures.read().joined:
            life.problems.append("it is not in the network at the end")


def answer_of(port: int, path: str, within_s: float) -> int:
    """Status of the response, which is read to its end; raises OSError if there is none."""
    with socket.create_connection(("127.0.0.1", port), within_s) as connection:
        connection.settimeout(within_s)
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        received = b""
        while piece := connection.recv(4096):
            received = (received + piece)[:64] if len(received) < 64 else received
    if not received.startswith(b"HTTP/1.0 "):
        raise OSError("no answer")
    return int(received.split(b" ")[1])
