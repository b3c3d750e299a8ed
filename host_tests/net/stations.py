"""A station for tests, which behaves as MicroPython's on an ESP32 does (ports/esp32/network_wlan.c)."""

from evencell.compat import const

_ANSWER_MS = const(2_000)  # a scan of all channels, or a handshake; an address takes as long again


class ScriptedStation:
    """A radio. `air` has for each network in reach the password that it wants, or None; "silent" gives no address.

    `connect` while connecting raises OSError. `disconnect` takes effect later than it returns. `status` keeps the last
    failure until the next event. `calls` records what it was told.
    """

    wired = False
    static = None

    def __init__(self, clock, air: dict):
        self.air = air
        self.calls = []
        self._clock = clock
        self._wanted = None
        self._asked_ms = 0
        self._left_ms = -1
        self._reason = "idle"

    def start(self, hostname, country, txpower):
        self.calls.append(("start", hostname, country, txpower))

    def connect(self, ssid, password):
        assert self.calls[0][0] == "start", "connect before start"
        if self._wanted is not None or self._left_ms == self._clock.uptime_ms():
            raise OSError("Wifi Internal State Error")
        self.calls.append(("connect", ssid))
        self._wanted = ssid, password
        self._asked_ms = self._clock.uptime_ms()

    def disconnect(self):
        if self.is_connected():
            self._reason = "idle"
        if self._wanted is not None:
            self._left_ms = self._clock.uptime_ms()
        self._wanted = None

    def is_connected(self) -> bool:
        return self._answer() == "connected"

    def status(self) -> str:
        answer = self._answer()
        if answer == "connected":
            self._reason = "connecting"
        elif answer != "connecting":
            self._reason = answer
        return "connected" if answer == "connected" else self._reason

    def rssi(self):
        return -60 if self.is_connected() else None

    def address(self):
        return (self.static or ("192.168.1.7",))[0] if self.is_connected() else None

    def gateway(self):
        return "192.168.1.1" if self.is_connected() else None

    def restart(self):
        self.calls.append(("restart",))
        self.disconnect()

    def networks_tried(self) -> list:
        """Names in the order in which they were tried."""
        return [call[1] for call in self.calls if call[0] == "connect"]

    def _answer(self) -> str:
        """What the air says by now."""
        if self._wanted is None:
            return self._reason
        ssid, password = self._wanted
        waited_ms = self._clock.uptime_ms() - self._asked_ms
        if waited_ms < _ANSWER_MS:
            return "connecting"
        if ssid not in self.air:
            return "no such network"
        if self.air[ssid] == "silent":
            return "connecting"
        if self.air[ssid] != password:
            return "wrong password"
        return "connected" if waited_ms >= 2 * _ANSWER_MS else "connecting"


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
