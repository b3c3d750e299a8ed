"""Simulator, broker and firmware whose clocks run faster than life, under Debian's `faketime`. None of them knows.
At the speed of life, 1, there is no `faketime`: it knows no programs of 32 bits.

What the machine's own scheduling costs is made larger as well: at 20 times, 2 ms are 40. So the simulator hands over
whole answers, where a pause between two bytes would end one, and `chrt --rr 5` before a command keeps others from
holding it up.
"""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path

import click

from tools.build.common import tool
from tools.dev import device
from tools.dev.demo import free_port, start, start_broker_at, stop, wait_until

TRUTH_MV = (3301, 3302, 3299, 3300)


class Fast:
    """What runs `speed` times as fast, in `folder`, until `running` ends. `http_port` is free for a page."""

    def __init__(self, folder: Path, running: contextlib.ExitStack, speed: int):
        self._faketime = "" if speed == 1 else needed_faketime()
        self._speed = speed
        self._began_s = time.monotonic()
        self._folder = folder
        self._running = running
        self._simulator = self._broker = None
        self.http_port = free_port(0)  # others may measure at the same time

    def ahead_s(self) -> float:
        """By how much the fast clocks are ahead of ours by now."""
        return (time.monotonic() - self._began_s) * (self._speed - 1)

    def _prefix(self, later_s: float = 0) -> list[str]:
        """What is started later lives as much later."""
        if not self._faketime:
            return []
        return [self._faketime, "-f", f"+{self.ahead_s() + later_s:.3f}s x{self._speed}"]

    def simulator(self, *options: str) -> Path:
        """A simulated balancer at cells that stay as they are, or with `--capture`; returns its port."""
        link = self._folder / "balancer"
        cells = () if "--capture" in options else ("--cells", ",".join(map(str, TRUTH_MV)))
        command = [str(tool("evencell")), "sim", "--link", str(link), *cells, "--packet-ms", "100"]
        command = [*self._prefix(), *command, *options]
        self._simulator = start(self._running, command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        wait_until(link.exists, "the simulated balancer")
        return link

    def send_to_simulator(self, command: str):
        """Switch a fault on or off: `+noise:0.3`, `-noise`."""
        assert self._simulator and self._simulator.stdin
        self._simulator.stdin.write(command.encode() + b"\n")
        self._simulator.stdin.flush()

    def broker(self) -> int:
        """An MQTT broker; returns its port."""
        self.broker_port = free_port(0)  # the usual one may go to another who starts one just now
        self._broker = start_broker_at(self.broker_port, self._running, self._folder, self._prefix())
        return self.broker_port

    def interrupt_broker(self, seconds: float):
        """Stop the broker, and start it again after so many seconds of real time."""
        assert self._broker
        stop(self._broker)
        time.sleep(seconds)
        self._broker = start_broker_at(self.broker_port, self._running, self._folder, self._prefix())

    def firmware(
        self, port: Path, overrides: dict, heap: str, log: Path, later_s: float = 0, command=device.command
    ) -> subprocess.Popen:
        """The firmware in a heap of this size, its clock ahead of the others' by so much; its log goes to a file.

        `command(heap)`: how it is started.
        """
        environment = device.environment(str(port), self._folder / "data", overrides=overrides)
        with open(log, "w") as output:
            whole = [*self._prefix(later_s), *command(heap)]
            return start(self._running, whole, env=environment, stdout=output, stderr=subprocess.STDOUT)


def needed_faketime() -> str:
    """Its path; a sentence where it is missing."""
    path = shutil.which("faketime")
    if not path:
        raise click.ClickException("faketime is missing: apt-get install faketime")
    remove_stale_files()
    return path


def remove_stale_files():
    """Remove what faketime keeps in memory for processes that were killed: a later one of the same number would wait
    for them without end."""
    for left in Path("/dev/shm").glob("*faketime_s*_*"):
        if not Path("/proc", left.name.rpartition("_")[2]).exists():
            left.unlink(missing_ok=True)
