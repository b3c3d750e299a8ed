"""Ports for tests of the link, which keep the contract that the boards keep."""

import asyncio

from evencell.compat import ticks_diff, ticks_ms


class ScriptedPort:
    """A port whose far end answers each request with what the script says: `(delay_ms, bytes)` each, or nothing.

    A request beyond the script sets `exhausted`.
    """

    direction = None

    def __init__(self, *script):
        self._script = list(script)
        self._pending = []
        self.written = []
        self.exhausted = asyncio.Event()

    def write(self, data):
        self.written.append(bytes(data))
        if not self._script:
            self.exhausted.set()
            return
        for delay_ms, answer in self._script.pop(0):
            self.arrive(delay_ms, answer)

    def arrive(self, delay_ms: int, data: bytes):
        self._pending.append((ticks_ms(), delay_ms, data))

    def readinto(self, buffer):
        """One piece at most; None for nothing, as MicroPython's UART."""
        for entry in self._pending:
            since, delay_ms, data = entry
            if ticks_diff(ticks_ms(), since) >= delay_ms:
                self._pending.remove(entry)
                buffer[: len(data)] = data
                return len(data)
        return None


class TurningPort(ScriptedPort):
    """One with a direction pin; the last bit is out after three looks."""

    def __init__(self, *script):
        super().__init__(*script)
        self.turns = []
        self._looks = 0

    def direction(self, sending: bool):
        self.turns.append((sending, len(self.written)))

    def txdone(self) -> bool:
        self._looks += 1
        return self._looks >= 3
