"""The access point beside normal operation: when it opens and closes."""

import json

from boards.host_radio import AccessPoint
from evencell.config.check import check
from evencell.setup.fallback import Fallback
from host_tests.fakes import FakeClock, FakeLog

PASSWORD = "battery staple"


class Network:
    state = "waiting"


class Device:
    """A context with a network that is away, and its board; `after` sets the clock forward, a tick each 5 s."""

    hostname = "evencell-3d49aa"

    def __init__(self, folder):
        self.clock = FakeClock()
        self.log = FakeLog()
        self.network = Network()
        self.board = self
        self.config = {"wifi": {"ap_password": PASSWORD}}
        self._path = folder / "access_point"
        self.radio = AccessPoint(dict, str(self._path))
        self.fallback = Fallback(self)

    def access_point(self):
        return self.radio

    def after(self, seconds: int, state: str = "waiting"):
        """What is open then."""
        self.network.state = state
        for _ in range(seconds // 5):
            self.clock.now_ms += 5_000
            self.fallback.tick()
        return json.loads(self._path.read_text()) if self._path.exists() else None


def test_it_opens_after_ten_minutes_and_closes_when_the_network_is_back(tmp_path):
    device = Device(tmp_path)
    assert device.after(595) is None
    assert device.after(10) == {"ssid": "evencell-3d49aa", "password": PASSWORD}
    assert device.after(3_600, "connecting")
    assert device.after(5, "connected") is None
    assert device.after(595) is None
    assert device.after(10)
    assert [line.split(";")[0] for line in device.log.warnings] == 2 * ["network: no known network for 10 minutes"]
    assert PASSWORD not in str(device.log.lines)


def test_a_short_gap_does_not_open_it(tmp_path):
    device = Device(tmp_path)
    for _ in range(10):
        assert device.after(500, "connecting") is None
        assert device.after(5, "connected") is None


def test_a_radio_that_fails_is_tried_again_with_backoff(tmp_path):
    device = Device(tmp_path)
    really, tries = device.radio.start, []

    def start(ssid, password):
        tries.append(device.clock.now_ms)
        if len(tries) < 9:
            raise OSError("Wifi Out of Memory")
        really(ssid, password)

    device.radio.start = start
    assert device.after(900)
    assert len(tries) == 9 and len(device.log.warnings) == 2
    assert tries[-1] - tries[-2] >= 60_000


def test_it_is_never_opened_without_a_password():
    for password in (None, "", "short", 64 * "0", 32 * "ä"):
        config, faults = check({"wifi": {"fallback_ap": True, "ap_password": password}})
        assert not config["wifi"]["fallback_ap"], password
        assert any("wifi.fallback_ap" in fault for fault in faults)
    config, faults = check({"wifi": {"fallback_ap": True, "ap_password": PASSWORD}})
    assert config["wifi"]["fallback_ap"] and not faults
