"""A balancer on a pty which answers at once what a script says: for runs of many wakes, where a model would be slow."""

import os
import pty
import threading
import time
import tty
from array import array

from evencell.protocol.jk_balancer import CELL_COUNT_BIT, CELL_SLOTS, READ, REQUEST_BYTES, U16, number
from evencell.protocol.jk_settings import SETTINGS
from tools.sim.answers import encode_status, encode_written
from tools.sim.balancer import Reading
from tools.sim.supply import WLine


class ScriptedBalancer:
    """`with ScriptedBalancer() as balancer:` answers at `port` with `cells_mv`, unless it `is_silent`.

    `settings` are what commands set, `written` has each of these in turn. `answered`: how many readings it gave.
    `asked_s`, `answered_s`: when the last request came and its answer was given, by `time.monotonic`. An answer comes
    `delay_s` after its request.
    `w`: its pin W, without which it has its supply; with it, it is deaf to the first `deaf_requests` after it was
    switched on. `supplied`: how often it was.
    """

    def __init__(self, cells_mv=(3301, 3302, 3299, 3300), delay_s: float = 0):
        self._delay_s = delay_s
        self.cells_mv = tuple(cells_mv)
        self.temperature_raw = 215
        self.settings = {
            "cell_count": len(self.cells_mv),
            "trigger_mv": 10,
            "max_balance_ma": 1000,
            "balancing_enabled": 1,
        }
        self.written: list[tuple[str, int]] = []
        self.is_silent = False
        self.w: WLine | None = None
        self.deaf_requests = self.supplied = self._asked = 0
        self.answered = 0
        self.asked_s = self.answered_s = 0.0
        self._fd, self._near_fd = pty.openpty()
        tty.setraw(self._near_fd)
        self.port = os.ttyname(self._near_fd)

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        os.close(self._near_fd)  # ends the thread's read
        os.close(self._fd)

    def _serve(self):
        request = b""
        while True:
            try:
                request += os.read(self._fd, REQUEST_BYTES - len(request))
            except OSError:
                return
            if len(request) < REQUEST_BYTES:
                continue
            self.asked_s = time.monotonic()
            if self.has_supply() and not self.is_silent and self._has_started():
                time.sleep(self._delay_s)
                os.write(self._fd, self._answer(request))
                self.answered_s = time.monotonic()
            request = b""

    def has_supply(self) -> bool:
        """Whether it is supplied now; it starts anew where it was not."""
        is_on = self.w is None or self.w.is_on()
        if not is_on:
            self._asked = 0
        return is_on

    def _has_started(self) -> bool:
        """Whether it has its supply for long enough."""
        self.supplied += self._asked == 0
        self._asked += 1
        return self._asked > self.deaf_requests

    def _answer(self, request: bytes) -> bytes:
        address, command = request[2], request[3]
        if command == READ:
            self.answered += 1
            return encode_status(address, self._reading())
        setting = next(name for name, code in SETTINGS.items() if code == command)
        self.settings[setting] = number(request, 4, U16)
        self.written.append((setting, self.settings[setting]))
        return encode_written(address, command, self.settings[setting])

    def _reading(self) -> Reading:
        cells_mv = self.cells_mv
        connected = [voltage_mv for voltage_mv in cells_mv if voltage_mv]
        highest, lowest = cells_mv.index(max(connected)), cells_mv.index(min(connected))
        return Reading(
            pack_mv=sum(connected) // 10 * 10,
            frame_average_mv=sum(connected) // len(connected),
            cells_detected=len(connected),
            frame_highest_index=highest,
            frame_lowest_index=lowest,
            balance_raw=0,
            alarms_raw=0 if len(connected) == self.settings["cell_count"] else CELL_COUNT_BIT,
            frame_delta_mv=cells_mv[highest] - cells_mv[lowest],
            balance_ma=0,
            trigger_mv=self.settings["trigger_mv"],
            max_balance_ma=self.settings["max_balance_ma"],
            balancing_raw=self.settings["balancing_enabled"],
            cells_configured=self.settings["cell_count"],
            temperature_raw=self.temperature_raw,
            cells_mv=array("H", [*cells_mv, *[0] * (CELL_SLOTS - len(cells_mv))]),
        )
