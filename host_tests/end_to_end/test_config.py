"""Configurations with faults, torn ones, and the command line that wins over them."""

import json
import shutil

import psutil
import pytest

from host_tests.broker import Broker, free_port
from host_tests.end_to_end import web
from host_tests.end_to_end.chain import EVENCELL, FIXED, FIXED_MV, Firmware, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import Process
from host_tests.end_to_end.web import has
from host_tests.needs import need_broker, need_micropython
from tools.build import build

SECRET = "gE7h3im"
FAULTY = {
    "name": 7,
    "profil": "full",
    "packs": [{"interval_ms": "often", "model": "jk_b2a4"}],
    "display": {"brightness": 101},
    "mqtt": {"publish_s": 0, "password": [SECRET], "pasword": SECRET},
    "wifi": {"networks": {"ssid": "home", "password": SECRET}},
    "pins": {"tx": 17},  # this computer has none
}
FAULTS = (
    "name",
    "profil",
    "packs[0].interval_ms",
    "packs[0].model",
    "display.brightness",
    "mqtt.publish_s",
    "mqtt.password",
    "mqtt.pasword",
    "wifi.networks",
    "pins",
)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with Simulator(tmp_path_factory.mktemp("balancer"), *FIXED) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def broker():
    need_broker()
    with Broker() as broker:
        yield broker


def test_every_fault_is_named_in_the_log_and_on_http(tmp_path, simulator):
    with Firmware(tmp_path, simulator.link, config=FAULTY) as firmware:
        firmware.wait_for_line("link online")
        status = firmware.status()
        faults = status["device"]["config_faults"]
        assert sorted(fault.split(":")[0] for fault in faults) == sorted(FAULTS)
        assert 'did you mean "profile"' in " ".join(faults)
        for fault in faults:
            assert f"configuration: {fault}" in firmware.log()
        assert has(status["device"], {"name": "evencell", "profile": "full"})
        assert has(status["packs"][0], {"cells_mv": FIXED_MV, "model": "jk_b2a4s"})


def test_every_fault_is_told_on_mqtt(tmp_path, simulator, broker):
    with (
        Listener(broker.port) as listener,
        Firmware(tmp_path, simulator.link, config=FAULTY, mqtt=broker.port) as firmware,
    ):
        listener.wait(f"evencell/{firmware.id}/pack1/state")
        faults = firmware.status()["device"]["config_faults"]
        events = [json.loads(text) for text in listener.payloads(f"evencell/{firmware.id}/event")]
    assert [event["value"] for event in events if event["type"] == "config"] == faults
    assert sorted(event["name"] for event in events) == sorted(FAULTS)


# Secrets where people put them by mistake.
MISPLACED = {"mqtt": f"mqtt://me:{SECRET}@127.0.0.1", "wifi": {"networks": [f"home:{SECRET}", {"ssid": [SECRET]}]}}


@pytest.mark.parametrize("config", [FAULTY, MISPLACED], ids=["wrong", "misplaced"])
def test_no_secret_is_told(tmp_path, simulator, broker, config):
    with (
        Listener(broker.port) as listener,
        Firmware(tmp_path, simulator.link, config=config, mqtt=broker.port) as firmware,
    ):
        listener.wait(f"evencell/{firmware.id}/pack1/state")
        with firmware.events() as stream:
            stream.wait_for({"cells_mv": FIXED_MV})
            streamed = str(list(stream.events))
        answered = firmware.get("/api/v1/status").body.decode()
        assert firmware.status()["device"]["config_faults"]
    heard = "\n".join(message.payload for message in listener.messages)
    for place, text in (("log", firmware.log()), ("events", streamed), ("http", answered), ("mqtt", heard)):
        assert SECRET not in text, place


@pytest.mark.parametrize("torn", ["", '{"name": "Scoo', "[]", "\0\0\0\0", '"text"'])
def test_a_torn_file_falls_back_to_the_one_before(tmp_path, simulator, torn):
    firmware = Firmware(tmp_path, simulator.link, config=torn)
    (firmware.data / "config.json.old").write_text('{"name": "Scooter"}')
    with firmware:
        described = firmware.status()["device"]
        assert described["name"] == "Scooter"
        first, second = described["config_faults"]
        assert "config.json: " in first
        assert "config.json.old: used instead" in second


def test_no_file_and_an_empty_file_are_no_faults(tmp_path, simulator):
    for number, config in enumerate((None, "", "{}")):
        with Firmware(tmp_path / str(number), simulator.link, config=config) as firmware:
            assert has(firmware.status()["device"], {"name": "evencell", "config_faults": []})


def test_bytes_that_are_no_text_are_a_fault(tmp_path, simulator):
    firmware = Firmware(tmp_path, simulator.link)
    (firmware.data / "config.json").write_bytes(bytes(range(128, 256)))
    with firmware:
        assert firmware.status()["device"]["config_faults"]


def test_the_command_line_wins_over_the_file(tmp_path, simulator, broker):
    need_micropython()
    http_port = free_port()
    config = tmp_path / "mine.json"
    sections = {"http": {"enabled": False, "port": 1}, "mqtt": {"enabled": False, "host": "nowhere", "prefix": "mine"}}
    config.write_text(json.dumps({"name": "Scooter", "profile": "display", **sections}))
    command = [EVENCELL, "run", "--port", simulator.link, "--config", config, "--data", tmp_path / "flash"]
    command += ["--http", f"127.0.0.1:{http_port}", "--mqtt", f"127.0.0.1:{broker.port}", "--profile", "full"]
    with Process(command) as process:
        process.lines.wait(lambda line: "page at" in line, "the page")
        process.lines.wait(lambda line: f"mqtt: connected to 127.0.0.1:{broker.port}" in line, "MQTT")
        described = web.request(http_port, "/api/v1/status").json()["device"]
        assert has(described, {"name": "Scooter", "profile": "full", "config_faults": []})
        assert process.stop() != 0
        assert "Traceback" not in process.text()


def test_a_switched_off_part_is_not_there(tmp_path, simulator):
    with Firmware(tmp_path, simulator.link, config={"display": {"driver": "none"}}) as firmware:
        answer = firmware.get("/api/v1/display")
        assert answer.status == 404
        assert "error" in answer.json()


# What each profile does without: folders and files of the built tree that can be missing.
NOT_LOADED = {
    "display": ("evencell/forward",),
    "telemetry": ("evencell/display", *(f"evencell/forward/{name}.mpy" for name in ("http", "server", "event_stream"))),
}


@pytest.mark.parametrize("profile", NOT_LOADED)
def test_a_profile_loads_only_its_parts(tmp_path, simulator, broker, profile):
    """It runs in a tree without the others, and has no more connections than it should."""
    tree = tmp_path / "tree"
    shutil.copytree(build("host"), tree)
    for name in NOT_LOADED[profile]:
        path = tree / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    config = {"profile": profile, "http": {"port": free_port()}, "mqtt": {"enabled": True, "host": "127.0.0.1"}}
    config["mqtt"]["port"] = broker.port
    with (
        Listener(broker.port) as listener,
        Firmware(tmp_path, simulator.link, config=config, http=False, tree=tree) as firmware,
    ):
        firmware.wait_for_line("link online")
        if profile == "telemetry":
            listener.wait(f"evencell/{firmware.id}/pack1/state")
            with Listener(broker.port) as newcomer:
                assert newcomer.wait(f"evencell/{firmware.id}/pack1/state").retained
        connections = [connection.raddr.port for connection in psutil.Process(firmware.pid).net_connections("inet")]
        assert connections == ([broker.port] if profile == "telemetry" else [])


def test_the_full_profile_does_load_them(tmp_path, simulator):
    """What the test above rests on: without its parts, the firmware can't start."""
    tree = tmp_path / "tree"
    shutil.copytree(build("host"), tree)
    (tree / "evencell/forward/server.mpy").unlink()
    need_micropython()
    firmware = Firmware(tmp_path, simulator.link, tree=tree)
    with pytest.raises(AssertionError, match=r"no module named 'evencell\.forward\.server'"):
        firmware.start()
    assert "ImportError" in firmware.stop()
