"""What evencell's own firmware freezes, in MicroPython's unix port for 32 bits with the firmware's fixed heap."""

import json

import pytest

from host_tests.broker import Broker
from host_tests.build.device_folder import OnFlash
from host_tests.end_to_end.chain import FIXED, FIXED_MV, Simulator
from host_tests.end_to_end.listener import Listener
from host_tests.end_to_end.process import Process
from host_tests.needs import need_broker, need_gcc_for_32_bits
from tools.bench.chip import deliveries
from tools.build.page import built as built_page
from tools.dev import device


@pytest.fixture(scope="module")
def own_firmware():
    """All of evencell in its MicroPython, with the firmware's fixed heap."""
    need_gcc_for_32_bits()
    return deliveries.own("full")


class Frozen(OnFlash):
    """The firmware out of an interpreter; its folder is empty but for the configuration."""

    def __init__(self, delivery, flash, port, **options):
        super().__init__(flash, port, **options)
        self.overrides["wifi"] = {"networks": [{"ssid": "model", "password": "a simulated network"}]}
        self._delivery = delivery

    def start(self):
        """As MicroPython does: boot.py, then main.py, both frozen."""
        delivery = self._delivery
        environment = device.environment(self._port, self.data, overrides=self.overrides) | delivery.environment
        command = [delivery.interpreter, "-X", f"heapsize={delivery.first_area_bytes}"]
        self._process = Process([*command, "-c", "import boot\nimport main"], environment, cwd=self.data)
        self._process.wait_until_ready(lambda line: self._ready in line)


def test_page_reading_display_and_history_come_with_nothing_on_the_flash(own_firmware, tmp_path):
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Frozen(own_firmware, tmp_path / "flash", simulator.link) as firmware,
    ):
        firmware.wait_for_line("link online")
        assert firmware.pack()["cells_mv"] == FIXED_MV
        page = firmware.get("/")
        assert page.body == built_page()["evencell/forward/http/page/index.html.gz"]
        assert firmware.get("/page/icon.png").body == built_page()["evencell/forward/http/page/icon.png"]
        assert firmware.get("/api/v1/display").body.startswith(b"P4\n128 64\n")
        assert firmware.get("/api/v1/history?span=24h").status == 200
        assert b"evencell_" in firmware.get("/metrics").body
        assert (tmp_path / "flash/boots").read_text() == "1 1"
        device_status = json.loads(firmware.get("/api/v1/status").body)["device"]
        assert device_status["config_faults"] == []  # a display without fonts would be one


def test_home_assistant_discovery_comes_from_the_frozen_template(own_firmware, tmp_path):
    need_broker()
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Broker() as broker,
        Listener(broker.port, "homeassistant/#") as listener,
        Frozen(own_firmware, tmp_path / "flash", simulator.link, mqtt=broker.port),
    ):
        components = listener.wait("/config").json()["cmps"]
        assert components["0_cell_4"]["name"] == "Cell 4 voltage"


def test_a_folder_on_the_flash_does_not_come_before_what_is_frozen(own_firmware, tmp_path):
    (tmp_path / "flash/evencell").mkdir(parents=True)
    (tmp_path / "flash/evencell/__init__.py").write_text("raise ImportError('an old firmware')")
    (tmp_path / "flash/board.py").write_text("raise ImportError('an old board')")
    with Simulator(tmp_path, *FIXED) as simulator, Frozen(own_firmware, tmp_path / "flash", simulator.link) as firmware:
        firmware.wait_for_line("link online")
