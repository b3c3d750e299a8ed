"""Stations for tests: the computer's simulated radio with a clock of the test, and a cable."""

from boards.host_radio import Station


class ScriptedStation(Station):
    """A radio. `air` has for each network in reach the password that it wants, or None; "silent" gives no address.

    `calls` records what it was told.
    """

    def __init__(self, clock, air: dict):
        super().__init__(lambda: self.air, clock.uptime_ms)
        self.air = air
        self.calls = []

    def start(self, hostname, country, txpower):
        super().start(hostname, country, txpower)
        self.calls.append(("start", hostname, country, txpower))

    def connect(self, ssid, password):
        super().connect(ssid, password)
        self.calls.append(("connect", ssid))

    def restart(self):
        self.calls.append(("restart",))
        super().restart()

    def networks_tried(self) -> list:
        """Names in the order in which they were tried."""
        return [call[1] for call in self.calls if call[0] == "connect"]


class Cable(ScriptedStation):
    """The same on a cable, which is up before there is an address. `air` has None where a cable is plugged in."""

    wired = True

    def is_connected(self) -> bool:
        return self._wanted is not None and None in self.air

    def status(self) -> str:
        if self.is_connected():
            return "connected"
        return "connecting" if None in self.air else "failed"

    def rssi(self):
        return None

    def address(self):
        return super().address() if self.is_connected() and self.air[None] != "silent" else None
