"""A low pack on a device that stays awake, whose time jumps: polls, balancing and radio, at a real broker."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from host_tests.broker import Broker
from host_tests.end_to_end.chain import Firmware
from host_tests.end_to_end.finger import SHORT_MS, press
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import until
from host_tests.needs import need_broker
from host_tests.portable import ROOT
from tools.build.tree import build
from tools.dev.scripted_balancer import ScriptedBalancer

GOOD_MV, LOW_MV, EMPTY_MV = (3301, 3302, 3299, 3300), (2950, 2951, 2949, 2950), (2600, 2601, 2599, 2600)
HOME = {"ssid": "Home", "password": "correct horse"}


@contextlib.contextmanager
def _device(tmp_path, cells_mv) -> Iterator[tuple]:
    need_broker()
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end/fast_board.py", tree / "board.py")
    air = tmp_path / "air.json"
    air.write_text(json.dumps({HOME["ssid"]: HOME["password"]}))
    pack = {"interval_ms": 5000, "timeout_ms": 2000, "writable": True}
    config = {"packs": [pack], "wifi": {"networks": [HOME]}, "display": {"driver": "none"}, "time": {"servers": []}}
    with ScriptedBalancer(cells_mv) as balancer, Broker() as broker, Listener(broker.port) as listener:
        firmware = Firmware(
            tmp_path / "device", balancer.port, config=config, mqtt=broker.port, tree=tree, radio={"air": str(air)}
        )
        with firmware:
            yield balancer, listener, firmware


def _levels(listener: Listener) -> list[int]:
    """The level in each event."""
    events = [json.loads(payload) for payload in listener.payloads("/event")]
    return [event["value"] for event in events if (event["type"], event["name"]) == ("power", "low_pack")]


def _is_on(firmware: Firmware) -> bool:
    return (firmware.data / "radio").exists()


def test_each_level_does_its_part_and_the_radio_comes_back(tmp_path):
    with _device(tmp_path, GOOD_MV) as (balancer, listener, firmware):
        until(lambda: _is_on(firmware), "a radio that is on")
        assert firmware.status()["device"]["low_pack"] == 0
        balancer.cells_mv = LOW_MV
        until(lambda: _levels(listener) == [1], "the first level")
        balancer.cells_mv = EMPTY_MV
        until(lambda: _levels(listener) == [1, 2, 3], "the last level")
        until(lambda: balancer.settings["balancing_enabled"] == 0, "a balancer that is switched off")
        until(lambda: not _is_on(firmware), "a radio that is off")
        device = firmware.status()["device"]
        assert (device["low_pack"], device["network"]["state"]) == (3, "off")
        until(lambda: listener.payloads("/low_pack")[-1:] == ["3"], "the retained level")
        press(firmware, SHORT_MS)  # polled each second, which is a jump
        firmware.wait_for_line("low pack: the radio is on")
        until(lambda: firmware.log().count("low pack: the radio is off") >= 2, "a radio that is off again")
        balancer.cells_mv = GOOD_MV
        until(lambda: _levels(listener)[-3:] == [2, 1, 0], "a pack that is not low")
        until(lambda: firmware.status()["device"]["network"]["state"] == "connected", "the network")
        assert balancer.settings["balancing_enabled"] == 0  # switching on is the owner's matter
        assert balancer.written == [("balancing_enabled", 0)]
        until(lambda: listener.payloads("/low_pack")[-1] == "0", "the level")


def test_a_low_pack_is_polled_less_often(tmp_path):
    with _device(tmp_path, LOW_MV) as (balancer, _, firmware):
        firmware.wait_for_line("low pack: level 1")
        polled_s = []
        for _ in range(2):
            answered = balancer.answered
            until(lambda: balancer.answered > answered, "a poll")  # noqa: B023 - it is called here
            before_s, answered = firmware.status()["device"]["uptime_s"], balancer.answered
            until(lambda: balancer.answered >= answered + 5, "polls")  # noqa: B023
            polled_s.append(firmware.status()["device"]["uptime_s"] - before_s)
        assert max(polled_s) >= 5 * 25
