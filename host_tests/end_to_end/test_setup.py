"""Setup by phone with the firmware on MicroPython: its access point is this computer, its radio is simulated."""

import json
import socket

import pytest

from boards.host import RESTART_STATUS
from host_tests.end_to_end import web
from host_tests.end_to_end.chain import Firmware
from host_tests.end_to_end.door import Client
from host_tests.end_to_end.finger import press
from host_tests.end_to_end.process import PATIENCE_S, until
from host_tests.setup.device import PASSWORD, WANTED

AIR = {"Home": "correct horse", "Camping": None, "Hidden": {"password": "battery staple", "hidden": True}}
QUERY = b"\xbe\xef\1\0\0\1\0\0\0\0\0\0\7connect\7example\0\0\1\0\1"
HOLD_MS = 1_500  # by a display's clock; without one the button is polled once a second, and 100 ms count each time


class SetUp(Firmware):
    """A device with a radio and without a display, in setup mode unless `config` says more."""

    def __init__(self, folder, config=None, **options):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((web.LOOPBACK, 0))
            self.dns_port = probe.getsockname()[1]
        air = folder / "air.json"
        air.parent.mkdir(exist_ok=True)
        air.write_text(json.dumps(AIR))
        radio = {"air": str(air), "dns_port": self.dns_port}
        super().__init__(folder / "device", "nowhere", config=config, radio=radio, **options)
        self.overrides["display"] = {"driver": "none"}

    def state(self) -> dict:
        return self.get("/api/v1/setup").json()

    def try_out(self, wanted: dict) -> dict:
        """Send the settings, and wait for what comes of them."""
        assert Client(self.http_port).send("POST", "/api/v1/setup", wanted).status == 202
        return until(lambda: (state := self.state())["state"] != "trying" and state, "a result")

    def config(self) -> dict | None:
        path = self.data / "config.json"
        return json.loads(path.read_text()) if path.exists() else None

    def access_point(self) -> dict | None:
        path = self.data / "access_point"
        return json.loads(path.read_text()) if path.exists() else None


@pytest.mark.parametrize("heap_kib", [None, 200], ids=["plenty", "200 KiB"])
def test_from_the_bare_device_to_the_page_with_nothing_but_a_phone(tmp_path, heap_kib):
    with SetUp(tmp_path, heap_kib=heap_kib) as device:
        assert device.access_point() == {"ssid": f"evencell-{device.id[-6:]}", "password": None}
        assert device.get("/api/v1/session").json()["setup"] is True
        assert [network["ssid"] for network in device.get("/api/v1/networks").json()["networks"]] == ["Home", "Camping"]
        assert name_leads_to(device.dns_port) == web.LOOPBACK
        probe = web.request(device.http_port, "/generate_204", headers={"Host": "connectivitycheck.example"})
        assert (probe.status, probe.headers["Location"]) == (302, device.url)
        page = web.request(device.http_port, "/whatever")
        assert page.status == 200 and page.headers["Content-Type"] == "text/html"
        assert device.get("/api/v1/status").status == 404

        failed = device.try_out(WANTED | {"network": {"ssid": "Home", "password": "wrong horse"}})
        assert (failed["state"], failed["field"], failed["address"]) == ("failed", "network.password", None)
        assert device.config() is None and not list(device.data.glob("config.json*"))

        done = device.try_out(WANTED)
        assert (done["state"], done["address"], done["ssid"]) == ("done", "192.168.1.7", "Home")
        assert done["hostname"] == device.access_point()["ssid"] and done["seconds_left"] > 250
        assert Client(device.http_port).send("POST", "/api/v1/setup/finish", {}).status == 202
        assert device.wait() == RESTART_STATUS

        device.start()
        until(lambda: device.status()["device"]["network"]["state"] == "connected", "in the network")
        assert device.status()["device"]["name"] == "Scooter" and device.access_point() is None
        assert device.get("/").status == 200 and device.get("/api/v1/setup").status == 404
        client = Client(device.http_port)
        assert client.log_in("another password").status == 401 and client.log_in(PASSWORD).status == 204
        assert client.send("GET", "/api/v1/networks").json()["networks"][0]["ssid"] == "Home"
        assert device.get("/api/v1/networks").status == 401
        text = "".join(path.read_text(errors="replace") for path in device.data.iterdir() if path.is_file())
        assert PASSWORD not in text + device.log() and "horse" not in device.log()


def name_leads_to(port: int) -> str:
    """The address in the answer of the device's DNS server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE_S)
        client.sendto(b"\xff" * 20, (web.LOOPBACK, port))  # ignored
        client.sendto(QUERY, (web.LOOPBACK, port))
        answer = client.recv(512)
    assert answer[:2] == QUERY[:2] and answer[6:8] == b"\0\1"
    return socket.inet_ntoa(answer[-4:])


def test_held_button_opens_setup_and_a_kill_meanwhile_leaves_everything_as_it_was(tmp_path):
    old = {"wifi": {"networks": [{"ssid": "Home", "password": "correct horse"}]}, "name": "Old"}
    with SetUp(tmp_path, old) as device:
        until(lambda: device.status()["device"]["network"]["state"] == "connected", "in the network")
        press(device, HOLD_MS)
        assert device.wait() == RESTART_STATUS
        device.start()
        device.wait_for_line("setup: access point")
        Client(device.http_port).send("POST", "/api/v1/setup", WANTED | {"network": {"ssid": "Nowhere"}})
        device.kill()
        assert device.config() == old
        device.start()
        until(lambda: device.status()["device"]["network"]["state"] == "connected", "in the network again")
        assert device.status()["device"]["name"] == "Old"
