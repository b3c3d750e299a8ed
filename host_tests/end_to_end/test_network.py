"""The firmware with a scripted radio, and what goes over the network besides page and MQTT."""

import json
import re
import shutil
import socket

import pytest

from boards.host import RESTART_STATUS
from host_tests.end_to_end.chain import Firmware
from host_tests.end_to_end.finger import HELD_MS, LONG_MS, SHORT_MS, press
from host_tests.end_to_end.process import PATIENCE_S, until
from host_tests.end_to_end.web import LOOPBACK
from tools.build.tree import build

HOME = {"ssid": "Home", "password": "correct horse"}
WIRELESS = {"wifi": {"networks": [HOME, {"ssid": "Work", "password": "battery staple"}]}}


def in_the_air(firmware: Firmware, networks: dict):
    """From now on there are these networks."""
    new = firmware.data / "air.json.new"
    new.write_text(json.dumps(networks))
    new.replace(firmware.data / "air.json")


def network_of(firmware: Firmware) -> dict:
    return firmware.status()["device"]["network"]


def test_everything_works_without_a_network_and_joins_it_when_it_comes(tmp_path, tree):
    firmware = Firmware(tmp_path / "wireless", "nowhere", config=WIRELESS, tree=tree)
    in_the_air(firmware, {})
    with firmware, firmware.events() as stream:
        assert network_of(firmware)["state"] in ("waiting", "connecting")
        firmware.wait_for_line('"Home" is not in reach')
        in_the_air(firmware, {"Work": "battery staple", "Home": "another"})
        until(lambda: network_of(firmware)["state"] == "connected", "connected")
        assert network_of(firmware) == {"state": "connected", "ssid": "Work", "address": "192.168.1.7"}
        assert firmware.status()["device"]["wifi_rssi"] == -60
        in_the_air(firmware, {})
        firmware.wait_for_line('lost "Work"')
        posted = stream.events.wait(lambda event: event[1].get("value") == "lost", "the event")
        assert posted[0] == "alarm" and posted[1]["type"] == "network"
        assert network_of(firmware)["address"] is None
        assert firmware.get("/healthz").json()["restarts"]["wifi"] == 0
    assert firmware.log().count("the radio takes its memory") == 1
    assert "horse" not in firmware.log() and "staple" not in firmware.log()


def test_power_is_saved_as_configured(tmp_path):
    config = {"wifi": {"networks": [HOME], "power_save": "max"}, "power": {"cpu_mhz": 80}}
    air = tmp_path / "air.json"
    air.write_text(json.dumps({"Home": "correct horse"}))
    with Firmware(tmp_path / "saving", "nowhere", config=config, radio={"air": str(air)}) as firmware:
        firmware.wait_for_line("power.cpu_mhz: a computer's speed is its own matter; not used")
        until(lambda: network_of(firmware)["state"] == "connected", "connected")
        assert json.loads((firmware.data / "radio").read_text()) == {"power_save": "max"}


def test_the_displays_menu_switches_the_radio_off_and_on(tmp_path, tree):
    """Holding on (4 s) closes the menu, and does not make the next start delete the configuration."""
    firmware = Firmware(tmp_path / "wireless", "nowhere", config=WIRELESS, tree=tree)
    in_the_air(firmware, {"Home": "correct horse"})
    with firmware:
        for told in ("switched off in the display's menu", "the radio takes its memory"):
            firmware.wait_for_line("line silent")  # its tasks run
            press(firmware, HELD_MS, *[SHORT_MS] * 5, LONG_MS, 2 * HELD_MS + 1_000)
            assert firmware.wait() == RESTART_STATUS
            firmware.start()
            firmware.wait_for_line(told)
            assert not (firmware.data / "boots").exists()  # an owner's restart is no early end


@pytest.mark.parametrize("config", [{}, {**WIRELESS, "profile": "display"}], ids=["no network", "display"])
def test_a_radio_that_is_not_configured_is_not_loaded(tmp_path, tree, config):
    (tree / "evencell/net/station.mpy").unlink()
    (tree / "evencell/forward/syslog.mpy").unlink()
    serves = "profile" not in config
    with Firmware(tmp_path / "wireless", "nowhere", config=config, tree=tree, http=serves) as firmware:
        firmware.wait_for_line("link offline")
        assert "the radio takes its memory" not in firmware.log()
        assert "is not in this build" not in firmware.log()
        if serves:
            assert "config.json names none" in firmware.log()
            assert network_of(firmware) is None


def test_a_computer_has_no_radio_whatever_the_configuration_says(tmp_path):
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    (tree / "evencell/net/station.mpy").unlink()
    with Firmware(tmp_path / "host", "nowhere", config=WIRELESS, tree=tree) as firmware:
        assert network_of(firmware) is None
        assert firmware.status()["device"]["wifi_rssi"] is None
        assert "is not in this build" not in firmware.log()


def test_every_line_of_the_log_reaches_a_syslog_server(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((LOOPBACK, 0))
        server.settimeout(PATIENCE_S)
        config = {"log": {"syslog": LOOPBACK, "syslog_port": server.getsockname()[1]}}
        with Firmware(tmp_path, "nowhere", config=config) as firmware:
            firmware.wait_for_line("link offline")
            logged = [line.split(" ", 2)[2] for line in firmware.log().splitlines()]
            received = [server.recv(2048).decode() for _ in logged]
    head = r"<13[0-5]>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ evencell-[0-9a-f]{6} evencell - - "
    form = re.compile(head + r'\[meta sequenceId="(\d+)" sysUpTime="\d+"\] (.*)')
    matches = [form.fullmatch(line.replace("\ufeff", "")) for line in received]
    assert [match[2] for match in matches] == logged
    assert [int(match[1]) for match in matches] == list(range(1, len(logged) + 1))
