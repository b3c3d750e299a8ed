"""Power saving of a device that stays awake: of an ESP32 with stand-ins for its own modules, and of this computer."""

import importlib
import json
import sys
from types import SimpleNamespace

import pytest

from boards import host

TLS = {"enabled": True, "tls": True}


class Wlan:
    """MicroPython's, as far as boards/ asks it; `calls` is what its radio was told since it was switched on."""

    PM_NONE, PM_PERFORMANCE, PM_POWERSAVE = range(3)

    def __init__(self, _interface):
        self.calls = []

    def active(self, wanted=None):
        if wanted is not None:
            self.calls = []
        return bool(wanted)

    def disconnect(self):
        pass

    def config(self, **settings):
        self.calls.append(settings)


def config(power_save=None, cpu_mhz=None, mqtt=None, driver="auto") -> dict:
    return {
        "wifi": {"power_save": power_save},
        "power": {"cpu_mhz": cpu_mhz},
        "mqtt": mqtt or {"enabled": False, "tls": False},
        "display": {"driver": driver},
    }


@pytest.fixture
def chip(monkeypatch):
    """`save` of an ESP32, `board` of it, and `speeds_hz` that were set."""
    words = ("STAT_IDLE", "STAT_CONNECTING", "STAT_GOT_IP", "STAT_WRONG_PASSWORD", "STAT_NO_AP_FOUND")
    network = SimpleNamespace(WLAN=Wlan, STA_IF=0, **{word: number for number, word in enumerate(words)})
    speeds_hz = []
    monkeypatch.setitem(sys.modules, "network", network)
    monkeypatch.setitem(sys.modules, "machine", SimpleNamespace(freq=speeds_hz.append))
    for name in ("boards.esp32_saving", "boards.esp32_wifi", "boards.esp32_network"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    save = importlib.import_module("boards.esp32_saving").save
    board = SimpleNamespace(wired=False, chip="esp32", data={"txpower": 8.5}, own_station=None)
    yield SimpleNamespace(save=save, board=board, speeds_hz=speeds_hz, network=network)
    for name in ("boards.esp32_saving", "boards.esp32_wifi", "boards.esp32_network"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("word", "mode"), [("none", 0), ("min", 1), ("max", 2)])
def test_the_mode_is_set_each_time_the_radio_is_switched_on(chip, word, mode):
    assert chip.save(chip.board, config(word)) == []
    station = chip.board.own_station
    station.start(None, None, None)
    assert station.interface.calls == [{"txpower": 8.5}, {"pm": mode}]
    station.restart()
    assert station.interface.calls == [{"txpower": 8.5}, {"pm": mode}]
    assert chip.speeds_hz == []


def test_what_can_not_save_is_not_used_and_says_so(chip):
    chip.board.wired = True
    assert chip.save(chip.board, config("min")) == ["wifi.power_save: this board is on a cable; not used"]
    chip.board.wired, chip.network.WLAN = False, object
    assert chip.save(chip.board, config("min")) == [
        "wifi.power_save: this MicroPython has no power save modes; not used"
    ]
    assert chip.board.own_station is None


@pytest.mark.parametrize(
    ("name", "mhz", "is_set"),
    [
        ("esp32", 80, True),
        ("esp32s3", 240, True),
        ("esp32c3", 160, True),
        ("esp32c3", 240, False),
        ("esp32", 100, False),
    ],
)
def test_the_processor_runs_at_what_its_chip_can(chip, name, mhz, is_set):
    chip.board.chip = name
    warnings = chip.save(chip.board, config(cpu_mhz=mhz))
    assert chip.speeds_hz == ([mhz * 1_000_000] if is_set else [])
    assert [f"not at {mhz}; not used" in warning for warning in warnings] == ([] if is_set else [True])


def test_loads_that_80_mhz_makes_slow_are_said(chip):
    def words(**settings) -> list:
        return [warning.split(" MHz ")[1].split()[:3] for warning in chip.save(chip.board, config(**settings))]

    assert words(cpu_mhz=80) == []
    assert words(cpu_mhz=80, mqtt=TLS) == [["a", "connection", "by"]]
    assert words(cpu_mhz=80, driver="st7789") == [["a", "colour", "display"]]
    chip.board.data["display"] = {"driver": "ili9341"}
    assert words(cpu_mhz=80) == [["a", "colour", "display"]]
    assert words(cpu_mhz=80, driver="none") == words(cpu_mhz=160, mqtt=TLS) == []


def test_the_simulated_radio_shows_the_mode(tmp_path):
    board = host.Board({"data": str(tmp_path), "air": str(tmp_path / "air.json")})
    assert board.save_power(config("max")) == []
    board.station().start(None, None, None)
    assert json.loads((tmp_path / "radio").read_text()) == {"power_save": "max"}


def test_a_computer_without_a_radio_saves_nothing(tmp_path):
    board = host.Board({"data": str(tmp_path)})
    assert board.save_power(config("max", 80)) == [
        "wifi.power_save: this computer has no radio of its own; not used",
        "power.cpu_mhz: a computer's speed is its own matter; not used",
    ]
