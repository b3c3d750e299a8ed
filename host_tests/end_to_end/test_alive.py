"""Failures of the real firmware: kept across restarts, shown, and led to safe mode where they don't end."""

import json
import random
import signal
import time

import pytest
from playwright.sync_api import expect, sync_playwright

from boards.host import RESTART_STATUS
from host_tests.boot_flash import Flash, damaged
from host_tests.end_to_end import web
from host_tests.end_to_end.flash_device import FlashDevice
from host_tests.end_to_end.process import PATIENCE_S, Process, until
from host_tests.needs import need_browser

PASSWORD = "s3cret-w0rd"
# A display that can't be drawn on: a bug in one part.
BROKEN_DISPLAY = """from boards.host import Board
from evencell.display.drivers.picture import Picture

async def show(self, canvas):
    raise ValueError("no display")

Picture.show = show
board = Board()
"""
# A port that can't be made: no part is at fault, so nothing starts.
BROKEN_PORT = """from boards.host import Board

class BrokenBoard(Board):
    def port(self, uart):
        raise RuntimeError("no port")

board = BrokenBoard()
"""
WATCHDOG = """from boards.host import Board

class ResetBoard(Board):
    def reset_cause(self):
        return "watchdog"

board = ResetBoard()
"""
NO_PSRAM = """from boards.host import Board

class PoorBoard(Board):
    def __init__(self):
        super().__init__()
        self.name = "esp32_wrover"

    def lacks_psram(self):
        return True

board = PoorBoard()
"""
BUTTON = """import time

from boards.host import Board

class ButtonBoard(Board):
    def button(self):
        return lambda: True

board = ButtonBoard()
"""


class Device(FlashDevice):
    """With a board of its own, where one is given."""

    def __init__(self, folder, board: str | None = None):
        super().__init__(Flash(folder / "flash", board))

    def start(self, said: str = "page at", cause: str = "reset"):
        """Returns once the log says this."""
        self.run(self.flash.command(), self.flash.options(cause, overrides=self.http), said)

    def device(self) -> dict:
        return self.status()["device"]

    def kept(self) -> list[dict]:
        """What the flash holds."""
        return json.loads(self.flash.read("crashes.json"))

    def events(self) -> web.EventStream:
        return web.EventStream(self.http_port)

    def crashes(self) -> list[dict]:
        return self.get("/api/v1/crashes")["crashes"]


def test_a_part_that_fails_is_shown_and_remembered(tmp_path):
    with Device(tmp_path, BROKEN_DISPLAY) as device:
        device.flash.write("config.json", json.dumps({"mqtt": {"password": PASSWORD}}))
        device.start()
        until(lambda: device.device()["crashes"] == 1, "a crash")
        until(lambda: device.crashes()[0]["count"] > 1, "the same again")
        assert device.kept()[0]["count"] == 1  # one write a minute
        crash = device.crashes()[0]
        assert (crash["part"], crash["version"], crash["reset_cause"]) == (
            "display",
            device.device()["firmware"],
            "power",
        )
        assert crash["traceback"].endswith("ValueError: no display")
        device.start("failed")
        until(lambda: device.crashes()[0]["count"] >= 2, "the one before the restart")
        assert device.device()["crashes"] == 1
        assert PASSWORD not in device.flash.read("crashes.json") + device.log()


def test_a_firmware_that_fails_altogether_restarts_and_then_helps(tmp_path):
    with Device(tmp_path, BROKEN_PORT) as device:
        device.start("no port")
        assert device.wait() == RESTART_STATUS
        assert "Traceback" in device.log()
        for count in (2, 3):
            device.start("no port", cause="soft")
            until(lambda count=count: device.kept()[0]["count"] == count, "the crash on the flash")
        device.start("safe mode", cause="soft")
        device.wait_for_line("page at")
        assert "3 starts" in device.device()["safe_mode"]
        assert device.get("/api/v1/status")["packs"] == []
        assert device.get("/healthz") == {"ok": True, "restarts": {"http": 0}}
        crash = device.crashes()[0]
        assert (crash["part"], crash["count"]) == ("evencell", 3)
        device.start("no port", cause="power")


def test_a_reset_by_the_watchdog_is_remembered(tmp_path):
    with Device(tmp_path, WATCHDOG) as device:
        device.start()
        assert device.device()["reset_cause"] == "watchdog"
        crash = device.crashes()[0]
        assert (crash["part"], crash["traceback"], crash["reset_cause"]) == (None, None, "watchdog")


def test_missing_psram_is_in_the_log_and_in_the_status(tmp_path):
    with Device(tmp_path, NO_PSRAM) as device:
        device.start()
        (fault,) = device.device()["config_faults"]
        assert fault.startswith("board: esp32_wrover has PSRAM, and none was found here.")
        assert "configuration: " + fault in device.log()


def test_a_damaged_file_leads_to_the_other_slot_and_the_log_says_which(tmp_path):
    with Device(tmp_path) as device:
        for number, name in enumerate(("evencell/app.mpy", "evencell/hub.mpy", "board.py", "boards/host.mpy")):
            slot = "ab"[number % 2]
            device.flash.write("slot", slot + " new")
            path = device.flash.path / slot / name
            whole = path.read_bytes()
            damaged(path, "a byte")
            device.start()
            assert f"the firmware before the last deploy: {name} is damaged in {slot}" in device.log()
            path.write_bytes(whole)


def test_both_slots_damaged_leave_a_sentence(tmp_path):
    with Device(tmp_path) as device:
        for slot in "ab":
            damaged(device.flash.path / slot / "evencell/app.mpy", "empty")
        device.flash.write("slot", "a new")
        device.start("Deploy it again.")
        device.wait()
        assert "ImportError" in device.log()  # main.py; a board's prompt follows


@pytest.mark.parametrize("text", ["{", "", "null", "[]", "\x00", '{"name": 3}', "x" * 9000, "[" * 5000, "a folder"])
def test_a_damaged_configuration_is_said_and_survived(tmp_path, text):
    with Device(tmp_path) as device:
        path = device.flash.path / "config.json"
        if text == "a folder":
            path.mkdir()
        else:
            path.write_text(text)
        device.start()
        assert ("configuration: " in device.log()) == (text != "")
        if text in {"", '{"name": 3}'}:
            described = device.device()
            assert (described["name"], bool(described["config_faults"])) == ("evencell", text != "")
        else:  # whether reading was public is not known (docs/security.md)
            assert web.request(device.http_port, "/api/v1/status").status == 401
            assert web.request(device.http_port, "/").status == 200


def test_a_configuration_that_is_no_text(tmp_path):
    with Device(tmp_path) as device:
        (device.flash.path / "config.json").write_bytes(b'{"name": "\xff\xfe"}')
        device.start()
        assert "configuration: " in device.log()


def test_a_held_button_sets_the_configuration_aside(tmp_path):
    with Device(tmp_path, BUTTON) as device:
        device.flash.write("config.json", '{"name": "Scooter"}')
        device.start()
        assert "the button was held" in device.log()
        assert device.device()["name"] == "evencell"
        assert device.flash.read("config.reset") == '{"name": "Scooter"}'


WRITER = """
import os, sys
sys.path.insert(0, 'a')
from board import board
from evencell.runtime import boot_state as boots, crash_file
from evencell.storage import files
board.storage = '.'
held = []
number = 0
while True:
    number += 1
    files.replace('slot', 'b new' if number % 2 else 'a')
    boots.proven(board)
    exec(open('boot.py').read())
    held = [{'part': str(number), 'version': '', 'traceback': 'x' * 600, 'count': 1}]
    crash_file.store('crashes.json', held)
    if number == 1:
        print('ready')
"""


def test_what_is_killed_while_it_writes_starts_again(tmp_path):
    device = Device(tmp_path)
    chance = random.Random(1)
    command = [*device.flash.command()[:2], WRITER]
    for _ in range(20):
        options = device.flash.options()
        with Process(command, options.pop("env"), **options) as writer:
            writer.lines.wait("ready".__eq__, "ready")
            time.sleep(chance.uniform(0.005, 0.1))
            writer.stop(signal.SIGKILL)
        assert device.kept()
        assert device.flash.boot("reset")[0] in ("a", "b")
    with device:
        device.start()
        assert 1 <= device.device()["crashes"] <= 8


@pytest.mark.browser
def test_the_page_shows_failures_and_safe_mode(tmp_path):
    path = need_browser()
    with Device(tmp_path, BROKEN_DISPLAY) as device, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        expect.set_options(1000 * PATIENCE_S)
        device.start("failed")
        page = browser.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(device.url + "#device")
        failures = page.get_by_text("Failures", exact=True)
        expect(failures).to_be_visible()
        assert device.url + "api/v1/crashes" not in asked
        failures.click()
        expect(page.locator("#crashes")).to_contain_text("ValueError: no display")
        device.flash.write("boots", "3 a")
        device.start()
        page.goto(device.url + "#now")
        expect(page.locator("#verdict")).to_contain_text("Safe mode: the balancer is not polled")
        expect(page.locator("#verdict")).to_contain_text("Switch the device off and on once")
        browser.close()


def test_the_whole_log_comes_first_on_the_event_stream(tmp_path):
    with Device(tmp_path) as device:
        faulty = {"interval_ms": "often", "timeout_ms": "long", "address": "first"}
        device.flash.write(
            "config.json", json.dumps({"packs": [faulty | {"name": f"p{number}"} for number in range(6)]})
        )
        device.start()
        with device.events() as stream:
            stream.wait_for({"link": None})
            texts = [data["text"] for name, data in stream.events if name == "log"]
        assert texts[0].startswith("evencell ")
        assert sum("configuration: packs" in text for text in texts) >= 18
        assert len("".join(texts)) > 1000
