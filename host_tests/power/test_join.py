"""The network of a report: as the last time, else by trying all, within the deadline of its caller."""

import asyncio
from types import SimpleNamespace

import pytest

from boards import esp32_rejoin
from evencell.compat import ticks_ms
from evencell.power import join
from host_tests.fakes import FakeLog
from host_tests.net.stations import ScriptedStation
from host_tests.power.packs import ReadPack, state_of

HOME = {"ssid": "Home", "password": "secret99"}
AWAY = {"ssid": "Away", "password": "secret88"}
ADDRESSES = ("192.168.1.7", "255.255.255.0", "192.168.1.1", "192.168.1.1")
BSSID = bytes((2, 4, 6, 8, 10, 12))
HOUR_S = 3600


class Clock:
    """Real time, 1,000 times as fast."""

    def uptime_ms(self) -> int:
        return 1000 * ticks_ms()


class Rejoin:
    """What a board knows about its last connection. With `works` the station is connected at once."""

    def __init__(self, station, works: bool):
        self.station, self.works = station, works
        self.asked = []
        self.scanned = []
        self.given_up = 0
        self.channel = 11

    def learned(self) -> tuple:
        return self.channel, ADDRESSES

    def bssid(self, ssid, channel):
        self.scanned.append((ssid, channel))
        return BSSID

    def connect(self, *about):
        self.asked.append(about)
        if self.works:
            self.station.is_connected = lambda: True

    def give_up(self):
        self.given_up += 1


class Device:
    """A device that joined before, if `joined_s` says so."""

    def __init__(self, monkeypatch, air: dict, networks, works: bool = True):
        monkeypatch.setattr(join, "_FAST_MS", 100)
        monkeypatch.setattr(join, "_POLL_MS", 1)
        self.clock = Clock()
        self.station = ScriptedStation(self.clock, air)
        self.station.static = None
        self.static = {"address": None}
        self.rejoin = Rejoin(self.station, works)
        self.state = state_of(ReadPack())
        self.now_s = 10 * HOUR_S
        wifi = {"networks": networks, "country": None, "txpower": None}
        self.context = SimpleNamespace(
            board=SimpleNamespace(station=lambda: self.station, txpower=None),
            clock=self.clock,
            config={"wifi": wifi},  # with `static` for each join: the network takes that out
            heap=SimpleNamespace(shortage=lambda: ""),
            hostname="evencell-1",
            hub=SimpleNamespace(post=lambda *_: None),
            log=FakeLog(),
            network=None,
            reached_ms=0,
        )

    def join(self, limit_s: float = 20):
        self.context.config["wifi"]["static"] = self.static
        sleeper = SimpleNamespace(rejoin=lambda _station: self.rejoin)
        wake = SimpleNamespace(state=self.state, now_s=lambda: self.now_s, sleeper=sleeper)
        session = SimpleNamespace(context=self.context, wake=wake)
        asyncio.run(asyncio.wait_for(join.join(session), limit_s))
        return self.context.network


def test_first_join_tries_the_networks_and_notes_what_the_next_needs(monkeypatch):
    device = Device(monkeypatch, {"Home": "secret99"}, [AWAY, HOME])
    network = device.join()
    assert (network.state, network.ssid) == ("connected", "Home")
    assert device.rejoin.asked == []
    addresses = bytes((192, 168, 1, 7, 255, 255, 255, 0, 192, 168, 1, 1, 192, 168, 1, 1))
    assert device.state.joined == bytes((1, 11)) + addresses + BSSID
    assert device.rejoin.scanned == [("Home", 11)]
    assert device.state.joined_s == device.now_s


def test_next_join_asks_neither_for_other_networks_nor_for_an_address(monkeypatch):
    device = Device(monkeypatch, {"Home": "secret99"}, [AWAY, HOME])
    device.join()
    device.station.disconnect()
    tried = len(device.station.networks_tried())
    device.now_s += 6 * HOUR_S
    network = device.join()
    assert device.rejoin.asked == [(11, ADDRESSES, "Home", "secret99", BSSID)]
    assert (network.state, network.ssid) == ("connected", "Home")
    assert len(device.station.networks_tried()) == tried


@pytest.mark.parametrize("why", ["it fails", "the lease is old", "the network is gone from the configuration"])
def test_otherwise_all_networks_are_tried_again(monkeypatch, why):
    device = Device(monkeypatch, {"Away": "secret88"}, [HOME, AWAY], works=why != "it fails")
    device.state.joined = bytes((9 if "gone" in why else 0, 11)) + bytes(22)
    device.state.joined_s = device.now_s - (12 * HOUR_S if "old" in why else 60)
    network = device.join()
    assert network.ssid == "Away"
    assert device.rejoin.given_up == (why == "it fails")
    assert device.state.joined[0] == 1


@pytest.mark.parametrize(
    ("why", "scans"),
    [("the lease is old", 0), ("another channel", 1), ("another network", 1), ("it fails", 1)],
)
def test_access_point_is_searched_again_only_where_it_may_be_another(monkeypatch, why, scans):
    device = Device(monkeypatch, {"Home": "secret99"}, [HOME, AWAY])
    device.join()
    device.station.disconnect()
    device.rejoin.scanned.clear()
    if why == "it fails":
        device.rejoin.works = False
    else:
        device.now_s += 13 * HOUR_S
    if why == "another channel":
        device.rejoin.channel = 6
    if why == "another network":
        device.state.joined = bytes((1,)) + device.state.joined[1:]
    device.join()
    assert len(device.rejoin.scanned) == scans
    assert device.state.joined[18:] == BSSID


def test_static_address_of_the_configuration_is_used(monkeypatch):
    device = Device(monkeypatch, {"Home": "secret99"}, [HOME])
    device.static = {"address": "10.0.0.2", "netmask": "255.0.0.0", "gateway": "10.0.0.1", "dns": None}
    device.join()
    assert device.station.static == ("10.0.0.2", "255.0.0.0", "10.0.0.1", "10.0.0.1")


def test_a_network_that_never_comes_ends_with_the_callers_deadline(monkeypatch):
    device = Device(monkeypatch, {}, [HOME])
    with pytest.raises(asyncio.TimeoutError):
        device.join(limit_s=0.2)


class Interface:
    """MicroPython's WLAN: `scan` has what is in reach, or an OSError; `calls` are those that begin a connection."""

    def __init__(self, found=()):
        self.found, self.calls = found, []

    def scan(self):
        if isinstance(self.found, OSError):
            raise self.found
        return self.found

    def connect(self, *about, **more):
        self.calls.append(("connect", *about, *more.values()))

    def disconnect(self):
        self.calls.append(("disconnect",))

    def config(self, channel):
        self.calls.append(("channel", channel))


def rejoin_of(interface, wired=False):
    def connect(*about):
        interface.connect(*about)

    return esp32_rejoin.Rejoin(SimpleNamespace(interface=interface, wired=wired, static=None, connect=connect))


@pytest.mark.parametrize(
    ("found", "bssid"),
    [
        ([(b"Home", b"aaaaaa", 11, -70, 3, False), (b"Home", b"bbbbbb", 11, -50, 3, False)], b"bbbbbb"),
        ([(b"Home", b"aaaaaa", 6, -40, 3, False), (b"Away", b"bbbbbb", 11, -50, 3, False)], bytes(6)),
        ([(b"", b"aaaaaa", 11, -40, 3, False)], bytes(6)),  # a hidden network
        (OSError("Wifi Internal Error"), bytes(6)),
    ],
)
def test_access_point_is_the_strongest_of_the_network_on_its_channel(found, bssid):
    assert rejoin_of(Interface(found)).bssid("Home", 11) == bssid


def test_search_begins_at_the_channel_and_is_for_that_access_point_alone():
    interface = Interface()
    rejoin_of(interface).connect(11, ADDRESSES, "Home", "secret99", BSSID)
    assert interface.calls[1:] == [
        ("disconnect",),
        ("connect", "Home", "secret99", BSSID),
        ("disconnect",),
        ("channel", 11),
        ("connect",),
    ]
    interface.calls.clear()
    rejoin_of(interface).connect(11, ADDRESSES, "Home", "secret99", bytes(6))
    assert interface.calls[1:] == [("disconnect",), ("channel", 11), ("connect",)]
