"""Configurations with faults, torn ones, and the command line that wins over them."""

import http.server
import json
import shutil
import threading

import psutil
import pytest

from host_tests.broker import Broker, free_port
from host_tests.end_to_end import web
from host_tests.end_to_end.chain import EVENCELL, FIXED, FIXED_MV, Firmware, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import Process
from host_tests.end_to_end.web import has
from host_tests.needs import need_broker, need_micropython
from tools.build.tree import build

SECRET = "gE7h3im"  # in all places where one belongs, or is put by mistake
FAULTY = {
    "name": 7,
    "profil": "full",
    SECRET: True,
    "packs": [{"interval_ms": SECRET, "model": "jk_b2a4"}],
    "display": {"brightness": 101, "driver": f"{SECRET}!", "pasword": SECRET},
    "mqtt": {"publish_s": 1, "user": "me", "password": SECRET, "prefix": f"{SECRET}/#"},
    "wifi": {
        "networks": [{"ssid": "home", "password": SECRET, SECRET: 1}, {"ssid": "work", "password": "configuration"}]
    },
    "log": {"syslog": f"http://host?token={SECRET}"},
    "pins": {"tx": 17},  # this computer has none
}
FAULTS = (
    "name",
    "profil",
    "…",
    "packs[0].interval_ms",
    "packs[0].model",
    "display.brightness",
    "display.driver",
    "display.p…",
    "mqtt.prefix",
    "wifi.networks[0]",
    "wifi.networks[0].password",
    "wifi.networks[0].…",
    "log.syslog",
    "pins",
)


class Echo(http.server.BaseHTTPRequestHandler):
    """A store that refuses everything, and repeats what it was asked."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500)
        self.end_headers()
        self.wfile.write(f"{self.headers['Authorization']} may not write".encode())

    def log_message(self, *_):
        """Nothing on the console."""


@pytest.fixture(scope="module")
def echo():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory):
    with Simulator(tmp_path_factory.mktemp("balancer"), *FIXED) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def broker():
    need_broker()
    with Broker() as broker:
        yield broker


@pytest.fixture(scope="module")
def faulty(tmp_path_factory, simulator, broker, echo):
    """The firmware with many faults in its configuration, and what a listener hears of it."""
    config = {**FAULTY, "influx": {"url": f"http://127.0.0.1:{echo}/write", "token": SECRET, "batch_s": 1}}
    folder = tmp_path_factory.mktemp("faulty")
    with (
        Listener(broker.port) as listener,
        Firmware(folder, simulator.link, config=config, mqtt=broker.port) as firmware,
    ):
        listener.wait(f"evencell/{firmware.id}/pack1/state")
        yield firmware, listener


def test_every_fault_is_named_in_the_log_and_on_http(faulty):
    firmware, _ = faulty
    status = firmware.status()
    faults = status["device"]["config_faults"]
    assert sorted(fault.split(": ")[0] for fault in faults) == sorted(FAULTS)
    assert 'did you mean "profile"' in " ".join(faults)
    for fault in faults:
        assert f"configuration: {fault}" in firmware.log()
    assert has(status["device"], {"name": "evencell", "profile": "full"})
    assert has(status["packs"][0], {"cells_mv": FIXED_MV, "model": "jk_b2a4s"})


def test_every_fault_is_published_over_mqtt(faulty):
    firmware, listener = faulty
    events = [json.loads(text) for text in listener.payloads(f"evencell/{firmware.id}/event")]
    faults = [event for event in events if event["type"] == "config"]
    assert [fault["value"] for fault in faults] == firmware.status()["device"]["config_faults"]
    assert sorted(fault["name"] for fault in faults) == sorted(FAULTS)


def test_no_secret_leaves_the_device(faulty):
    """Wherever it stands in the configuration, and though the store repeats it."""
    firmware, listener = faulty
    firmware.wait_for_line("(not shown: it repeats the password or token)")
    with firmware.events() as stream:
        stream.wait_for({"cells_mv": FIXED_MV})
        said = {"events": str(list(stream.events)), "log": firmware.log()}
    for path in ("/", "/metrics", "/api/v1/status", "/api/v1/crashes", "/api/v1/history", "/healthz"):
        said[path] = str(firmware.get(path).body)
    said["mqtt"] = "\n".join(message.topic + message.payload for message in listener.messages)
    for path in firmware.data.iterdir():  # all but the configuration itself
        if path.is_file() and path.name != "config.json":
            said[path.name] = path.read_text("latin-1")
    assert [place for place, text in said.items() if SECRET in text] == []


def test_a_torn_file_falls_back_to_the_one_before(tmp_path, simulator):
    firmware = Firmware(tmp_path, simulator.link, config='{"name": "Scoo')
    (firmware.data / "config.json.old").write_text('{"name": "Scooter"}')
    with firmware:
        described = firmware.status()["device"]
        assert described["name"] == "Scooter"
        first, second = described["config_faults"]
        assert "config.json: line 1, column 10: this text has no closing quote" in first
        assert "config.json.old: used instead" in second


def test_an_empty_file_is_a_warning_and_no_fault(tmp_path, simulator):
    with Firmware(tmp_path, simulator.link, config="") as firmware:
        firmware.wait_for_line("config.json is empty: every key has its default")
        assert has(firmware.status()["device"], {"name": "evencell", "config_faults": []})


def test_a_file_of_another_encoding_is_a_fault_and_a_byte_order_mark_is_none(tmp_path, simulator):
    firmware = Firmware(tmp_path, simulator.link)
    path = firmware.data / "config.json"
    path.write_text('{"name": "Röller"}', "latin-1")
    with firmware:
        assert "line 1 is not UTF-8; save the file as UTF-8" in firmware.log()
    path.write_text('{"name": "Röller \\ud83d\\udd0b"}', "utf-8-sig")
    with firmware:
        described = firmware.status()["device"]
        assert has(described, {"name": "Röller \N{BATTERY}", "config_faults": []})
        assert 'name="Röller \N{BATTERY}"' in firmware.get("/metrics").body.decode()


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
        assert process.stop() == 0
        assert "Traceback" not in process.text()


def test_a_switched_off_part_is_not_there(tmp_path, simulator):
    with Firmware(tmp_path, simulator.link, config={"display": {"driver": "none"}}) as firmware:
        answer = firmware.get("/api/v1/display")
        assert answer.status == 404
        assert "error" in answer.json()


# What each profile does without: folders and files of the built tree that can be missing.
NOT_LOADED = {
    "display": ("evencell/forward",),
    "telemetry": (
        "evencell/display",
        *(f"evencell/forward/http/{name}.mpy" for name in ("routes", "server", "event_stream")),
    ),
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
    (tree / "evencell/forward/http/server.mpy").unlink()
    need_micropython()
    firmware = Firmware(tmp_path, simulator.link, tree=tree)
    with pytest.raises(AssertionError, match=r"no module named 'evencell\.forward\.http\.server'"):
        firmware.start()
    assert "ImportError" in firmware.stop()
