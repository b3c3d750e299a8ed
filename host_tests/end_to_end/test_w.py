"""The W switch on the firmware: the simulator has its pin as a named pipe, and a resistor decides while it floats."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from host_tests.broker import Broker
from host_tests.end_to_end.chain import EVENCELL, FIXED, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, Client
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import until
from host_tests.end_to_end.web import request
from host_tests.needs import need_broker
from host_tests.portable import ROOT
from tools.build.tree import build

_PATH = "/api/v1/packs/pack1/control"
_UNSAFE = ("--cells", "3301,2400,3299,3300")  # a cell below the limits of its chemistry
_LEARNED = {"w:pack1": [1, 0, 0]}  # the last reading had nothing against switching on


@contextlib.contextmanager
def _device(tmp_path, cells: tuple, resistor: str, policy: dict | None = None, learned=_LEARNED) -> Iterator[tuple]:
    """Simulator and firmware, joined by W as well."""
    data = tmp_path / "device" / "flash"
    simulator = Simulator(tmp_path, *cells, "--w", str(data / "w"), "--w-resistor", resistor)
    control = {"w": {"enabled": True, "resistor": resistor}}
    if policy:
        control["policy"] = {"by": "w", **policy}
    firmware = Firmware(tmp_path / "device", simulator.link, config={**CONFIG, "packs": [{}], "control": control})
    (data / "learned.json").write_text(json.dumps(learned))
    with simulator, firmware:
        yield simulator, firmware


def _control(firmware: Firmware) -> dict:
    return request(firmware.http_port, _PATH).json()


def _answers(simulator: Simulator) -> bool:
    """Whether the balancer has its supply; its port must be free."""
    read = [EVENCELL, "read", "--json", "--port", simulator.link]
    return subprocess.run(read, check=False, capture_output=True, timeout=60).returncode == 0


def test_killed_while_it_keeps_the_balancer_on_the_resistor_switches_it_off_at_once(tmp_path):
    with _device(tmp_path, FIXED, "off", {"preset": "always"}) as (simulator, firmware):
        found = _control(firmware)
        assert found["w"]["level"] is None, "driven before there is a reason to"
        assert firmware.pack()["link"] == "asleep"
        until(lambda: _control(firmware)["w"]["level"] == "on", "a balancer that is switched on")
        until(lambda: firmware.pack()["link"] == "online", "a reading")
        assert firmware.pack()["diagnosis"]["verdict"] == "ok"
        assert _control(firmware)["w"]["saves"] == "unverified"
        assert "switches the balancer off at once" in _control(firmware)["policy"]["when_dead"]
        firmware.kill()
        until(lambda: not _answers(simulator), "a balancer without a supply")


def test_killed_while_it_keeps_the_balancer_off_the_resistor_switches_it_on_at_once(tmp_path):
    with _device(tmp_path, _UNSAFE, "on", {"preset": "always"}) as (simulator, firmware):
        until(lambda: _control(firmware)["w"]["level"] == "off", "a balancer that is switched off")
        found = firmware.pack()
        assert found["link"] == "asleep"
        assert found["diagnosis"]["verdict"] == "ok"
        assert "cell 2 has 240" in _control(firmware)["w"]["reason"]
        firmware.kill()
        until(lambda: _answers(simulator), "a balancer with a supply")


def test_an_owner_has_a_balancer_read_that_never_was_and_the_end_leaves_it_to_the_resistor(tmp_path):
    with _device(tmp_path, FIXED, "off", learned={}) as (simulator, firmware):
        client = Client.logged_in(firmware.http_port)
        until(lambda: "no reading says" in _control(firmware)["w"]["reason"], "the reason")
        assert client.send("POST", "/api/v1/packs/pack1/w", {"read": 1.5}).status == 400
        assert client.send("POST", "/api/v1/packs/other/w", {"read": True}).status == 404
        assert client.send("POST", "/api/v1/packs/pack1/w", {"read": True}).status == 200
        until(lambda: firmware.pack()["link"] == "online", "a reading")
        until(lambda: "no policy" in _control(firmware)["w"]["reason"], "the reason")
        assert client.send("POST", "/api/v1/packs/pack1/w", {"read": True}).status == 409
        assert [advice["setting"] for advice in _control(firmware)["advice"] if advice["warning"]] == []
        firmware.stop()
        until(lambda: not _answers(simulator), "a balancer without a supply")


def test_the_storage_guard_reads_a_stored_pack_for_a_minute_and_switches_it_off_again(tmp_path):
    """On the firmware whose time jumps: the pack is even, so balancing is not worth it. Asleep is no alarm."""
    need_broker()
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end/fast_board.py", tree / "board.py")
    data = tmp_path / "device" / "flash"
    w = {"enabled": True, "resistor": "off"}
    control = {"w": w, "policy": {"preset": "storage", "by": "w"}, "builtin_rules": True}
    config = {"packs": [{"interval_ms": 5000, "timeout_ms": 2000}], "control": control, "display": {"driver": "none"}}
    simulator = Simulator(tmp_path, *FIXED, "--w", str(data / "w"), "--w-resistor", "off")
    with Broker() as broker, Listener(broker.port) as listener:
        firmware = Firmware(tmp_path / "device", simulator.link, config=config, mqtt=broker.port, tree=tree)
        (data / "learned.json").write_text(json.dumps(_LEARNED))
        with simulator, firmware:
            found, pack = until(lambda: _while_off(firmware), "a balancer that was read and is off")
            assert 0 < found["w"]["next_reading_s"] <= 3540
            assert "not worth it" in found["w"]["reason"] and found["policy"]["state"] == "off"
            assert (pack["link"], pack["alarms"], pack["diagnosis"]["verdict"]) == ("asleep", [], "ok")
            until(lambda: _levels(listener).count("off") >= 2, "the second minute, after an hour")
        assert {"off", "on"} <= set(_levels(listener)) <= {"released", "off", "on"}
        assert not [event for event in listener.payloads("/pack1/event") if '"rule"' in event or '"alarm"' in event]
        assert {"asleep", "online"} <= set(listener.payloads("/pack1/link")) <= {"asleep", "online"}


def _while_off(firmware: Firmware) -> tuple[dict, dict] | None:
    """What the page says while the balancer is off between two readings. A request may come too late: time jumps."""
    with contextlib.suppress(KeyError, TypeError):
        found, pack = _control(firmware), firmware.pack()
        if found["w"]["level"] == "off" and found["w"]["next_reading_s"] and pack["link"] == "asleep":
            return found, pack
    return None


def _levels(listener: Listener) -> list[str]:
    """Each level that came over MQTT, once."""
    levels = [json.loads(payload)["level"] for payload in listener.payloads("/pack1/w")]
    return [level for i, level in enumerate(levels) if levels[i - 1 : i] != [level]]
