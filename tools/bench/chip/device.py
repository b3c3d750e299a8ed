"""A device of the model: a file system with its slot, boot.py and main.py, run on the port with a chip's two heaps.

boards/host.py is its board. Its radio and TLS are claims (port/network.py, port/tls.py): no packet takes longer for
them, and nothing is encrypted. Its clock, and that of its peers, runs SPEED times as fast as the computer's.
"""

import contextlib
import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from boards.host import SETTINGS_VARIABLE
from tools.bench.chip.figures import SharedFigures
from tools.bench.fast import Fast
from tools.build import slots
from tools.build.common import FIRMWARE
from tools.build.tree import board_data, fill_slot
from tools.dev.demo import start

SPEED = 20
FIRST_AREA_BYTES = 57_344  # MICROPY_GC_INITIAL_HEAP_SIZE of the esp32 port
_DRIVERS_BYTES = 3_500  # UART and I2C: "UART, sockets and web server 3–4 KB" of docs/memory.md
_RESTART_STATUS = 75  # of boards/host.py
_FROM_FILES = "execfile('boot.py')\nexecfile('main.py')\n"
_FROZEN = "import boot\nimport main\n"


@dataclass
class Delivery:
    """How the firmware comes onto the chip: the interpreter, what its first GC area takes, and its environment."""

    name: str
    interpreter: Path
    tree: Path | None  # of the slot; None where all is frozen
    first_area_bytes: int = FIRST_AREA_BYTES
    environment: dict[str, str] = field(default_factory=dict)


class ChipDevice:
    """A device in `folder`, with a configuration; it restarts as a chip does. Ends with `running`.

    `plan`: the text of its memory plan. `board`: further settings of boards/host.py.
    """

    def __init__(
        self,
        delivery: Delivery,
        config: dict,
        plan: str,
        folder: Path,
        running: contextlib.ExitStack,
        fast: Fast,
        board: dict | None = None,
    ):
        folder.mkdir()
        self._delivery = delivery
        self._folder = folder
        self._running = running
        self._fast = fast
        self._board = board or {}
        self._radio = folder / "radio"
        self.root = folder / "flash"
        self.log = folder / "log"
        self.trace = folder / "trace"
        self.figures = SharedFigures(folder / "figures")
        self.starts = 0
        self._process: subprocess.Popen | None = None
        lay_out(self.root, delivery.tree, config, plan)

    def start(self, port: Path):
        """Switch it on, with the balancer at this serial port."""
        self._port = port
        self._start("power")

    def _start(self, reset_cause: str):
        self.starts += 1
        began_s = time.time() + self._fast.ahead_s()
        settings = {"ports": [str(self._port)], "data": str(self.root), "reset_cause": reset_cause, **self._board}
        environment = {
            **os.environ,
            "MICROPYPATH": ":.frozen",
            SETTINGS_VARIABLE: json.dumps(settings),
            "EVENCELL_CHIP_DRIVERS": str(_DRIVERS_BYTES),
            "EVENCELL_CHIP_SPEED": str(SPEED),
            "EVENCELL_CHIP_START": f"{began_s:.3f}",
            "EVENCELL_CHIP_FIGURES": str(self._folder / "figures"),
            "EVENCELL_CHIP_TRACE": str(self.trace),
            "EVENCELL_CHIP_RADIO": str(self._radio),
            "EVENCELL_CHIP_RESET": reset_cause,
            **self._delivery.environment,
        }
        heap = f"heapsize={self._delivery.first_area_bytes}"
        starter = _FROM_FILES if self._delivery.tree else _FROZEN
        command = [str(self._delivery.interpreter), "-X", heap, "-c", starter]
        with open(self.log, "a") as output:
            self._process = start(
                self._running, command, cwd=self.root, env=environment, stdout=output, stderr=subprocess.STDOUT
            )

    def is_running(self) -> bool:
        """Whether it runs; one that restarted by itself is started again, as the chip's reset does."""
        assert self._process
        status = self._process.poll()
        if status == _RESTART_STATUS:
            self._start("reset")
            return True
        return status is None

    def access_point(self, is_there: bool):
        """Switch the access point on or off."""
        self._radio.write_text("" if is_there else "gone", "ascii")

    def leak(self):
        """From now on the radio's driver takes more and more memory, until it is switched off."""
        self._radio.write_text("leak", "ascii")

    def text(self) -> str:
        """The log so far."""
        return self.log.read_text(errors="replace")

    def trace_text(self) -> str:
        """A line for each GC area and each refused claim: ms, what, bytes, then free bytes and largest block."""
        return self.trace.read_text() if self.trace.exists() else ""


def lay_out(root: Path, tree: Path | None, config: dict, plan: str):
    """Files as on a chip's flash: boot.py, main.py, the slot with its manifest, the configuration."""
    root.mkdir(parents=True)
    if tree is not None:
        fill_slot(root / slots.FIRST, tree, {**board_data("host"), "small": True})
        (root / slots.FIRST / "plan").write_text(plan, "ascii")
        slots.lay_out(root, {"name": "host", "chip": "host"}, FIRMWARE)
    (root / slots.CONFIG).write_text(json.dumps(config), "utf-8")
