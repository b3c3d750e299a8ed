"""The display of the real firmware: its button (a file), its pages, menu and light, and what becomes of a dead one."""

import json
import shutil
from pathlib import Path

import pytest

from host_tests.broker import free_port
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.finger import HELD_MS, LONG_MS, SHORT_MS, press
from host_tests.end_to_end.process import until
from host_tests.portable import ROOT
from tools.build.tree import build

ALWAYS_LIT = {"display": {"dim_after_s": 0, "off_after_s": 0}}
NEVER_IN_THE_DISPLAY_PROFILE = (
    "wifi",
    "sntp",
    "http",
    "server",
    "mqtt",
    "event_stream",
    "status_json",
    "influx",
    "syslog",
    "socket",
    "ssl",
)


@pytest.fixture
def simulator(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator:
        yield simulator


@pytest.fixture
def tree(tmp_path):
    """The built firmware with a display that can die."""
    return tree_with(tmp_path, "display_board.py")


def tree_with(tmp_path, board: str) -> Path:
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    shutil.copy(Path(ROOT) / "host_tests/end_to_end" / board, tree / "board.py")
    return tree


def kept_in(path: Path):
    """The value in a file of state, without its checksum."""
    return json.loads(path.read_text().rpartition("\n#")[0])


def display(firmware: Firmware) -> dict:
    return firmware.status()["device"]["display"]


def shows(firmware: Firmware, page: str):
    until(lambda: display(firmware)["page"] == page, f"the page {page}")


def picture(firmware: Firmware) -> bytes:
    return firmware.get("/api/v1/display").body


def is_dark(firmware: Firmware) -> bool:
    return not any(picture(firmware).split(b"\n", 2)[2])


def test_a_button_goes_through_the_pages(tmp_path, simulator):
    with Firmware(tmp_path / "device", simulator.link, config=ALWAYS_LIT) as firmware:
        firmware.wait_for_line("link online")
        first = picture(firmware)
        assert display(firmware) == {"state": "on", "page": "glance", "brightness": 80, "error": None}
        press(firmware, SHORT_MS)
        shows(firmware, "cells")
        until(lambda: picture(firmware) != first, "another picture")
        press(firmware, SHORT_MS, button="button_2")
        shows(firmware, "glance")


def test_the_menu_changes_the_brightness_for_good(tmp_path, simulator):
    config = {"display": {**ALWAYS_LIT["display"], "brightness": 60}}
    with Firmware(tmp_path / "device", simulator.link, config=config) as firmware:
        firmware.wait_for_line("link online")
        press(firmware, HELD_MS)
        shows(firmware, "menu")
        press(firmware, LONG_MS)
        until(lambda: display(firmware)["brightness"] == 80, "a brighter display")
        press(firmware, HELD_MS)
        shows(firmware, "glance")
        firmware.kill()
        firmware.start()
        assert display(firmware)["brightness"] == 80
        assert json.loads((firmware.data / "config.json").read_text()) == config
        firmware.kill()
        config["display"]["brightness"] = 30
        (firmware.data / "config.json").write_text(json.dumps(config))
        firmware.start()
        assert display(firmware)["brightness"] == 30


def kept(firmware: Firmware) -> list:
    """What the event log has."""
    events = json.loads(firmware.get("/api/v1/eventlog").body)["events"]
    return [(event["name"], event["by"], event["to"], event["result"]) for event in events]


def test_the_menu_switches_balancing_off_once_it_is_confirmed(tmp_path, simulator):
    config = {**ALWAYS_LIT, "packs": [{"interval_ms": 200, "writable": True}]}
    with Firmware(tmp_path / "device", simulator.link, config=config) as firmware:
        firmware.wait_for_line("link online")
        assert firmware.pack()["balancing_enabled"] is True
        press(firmware, HELD_MS)
        shows(firmware, "menu")
        asked = picture(firmware)
        press(firmware, LONG_MS)
        until(lambda: picture(firmware) != asked, "the question")
        press(firmware, SHORT_MS, LONG_MS)
        until(lambda: kept(firmware) == [("balancing_enabled", "menu", False, "written")], "the write in the event log")
        assert firmware.pack()["balancing_enabled"] is False


def test_a_locked_page_is_there_after_a_restart(tmp_path, simulator):
    with Firmware(tmp_path / "device", simulator.link, config=ALWAYS_LIT) as firmware:
        firmware.wait_for_line("link online")
        press(firmware, SHORT_MS, HELD_MS, SHORT_MS, SHORT_MS, LONG_MS, HELD_MS)
        shows(firmware, "cells")
        firmware.kill()
        firmware.start()
        shows(firmware, "cells")
        press(firmware, SHORT_MS)
        shows(firmware, "cells")


def test_an_alarm_breaks_in_and_wakes(tmp_path, simulator):
    config = {"display": {"dim_after_s": 0, "off_after_s": 5}}
    with Firmware(tmp_path / "device", simulator.link, config=config) as firmware:
        firmware.wait_for_line("link online")
        until(lambda: display(firmware)["state"] == "off", "a display that is off")
        simulator.switch("+wire_off:2")
        until(lambda: display(firmware)["page"] == "alarms" and display(firmware)["state"] == "on", "the alarm")
        simulator.switch("-wire_off")
        shows(firmware, "glance")


def test_it_grows_dim_then_dark_and_a_press_wakes_it(tmp_path, simulator, tree):
    config = {"display": {"dim_after_s": 2, "off_after_s": 4}}
    with Firmware(tmp_path / "device", simulator.link, config=config, tree=tree) as firmware:
        firmware.wait_for_line("link online")
        until(lambda: display(firmware)["brightness"] == 20, "a dim display")
        until(lambda: display(firmware)["state"] == "off", "a display that is off")
        until(lambda: is_dark(firmware), "a dark picture")
        sent = (firmware.data / "sent").read_text()
        sequence = firmware.pack()["sequence"]
        until(lambda: firmware.pack()["sequence"] > sequence + 2, "readings")
        assert (firmware.data / "sent").read_text() == sent
        press(firmware, SHORT_MS)
        until(lambda: display(firmware)["state"] == "on" and not is_dark(firmware), "a picture")
        assert display(firmware)["page"] == "glance"


def test_a_display_that_fails_stops_nothing_and_is_found_again(tmp_path, simulator, tree):
    with Firmware(tmp_path / "device", simulator.link, config=ALWAYS_LIT, tree=tree) as firmware:
        firmware.wait_for_line("link online")
        fault = firmware.data / "display_fault"
        fault.touch()
        until(lambda: display(firmware)["state"] == "missing", "a display that is missing")
        assert display(firmware)["error"] == "no answer; check its wires and supply"
        sequence = firmware.pack()["sequence"]
        until(lambda: firmware.pack()["sequence"] > sequence + 3, "readings")
        press(firmware, SHORT_MS)
        shows(firmware, "cells")
        assert firmware.log().count("display: no answer") == 1
        fault.unlink()
        firmware.wait_for_line("display: answers again")
        until(lambda: display(firmware)["state"] == "on", "the display")
        assert firmware.log().count("display: answers again") == 1
        assert firmware.get("/healthz").json()["restarts"]["display"] == 0


def test_a_display_that_is_absent_from_the_start(tmp_path, simulator, tree):
    """Its code is loaded once it answers; button and picture are there then, too."""
    firmware = Firmware(tmp_path / "device", simulator.link, config=ALWAYS_LIT, tree=tree)
    fault, loaded = firmware.data / "display_fault", firmware.data / "modules"
    fault.touch()
    with firmware:
        firmware.wait_for_line("link online")
        until(loaded.exists, "the list of modules")
        modules = {name.rpartition(".")[2] for name in loaded.read_text().split() if ".display" in name}
        assert modules <= {"display", "absent", "drivers", "picture"}
        assert display(firmware)["state"] == "missing" and "check its wires" in display(firmware)["error"]
        assert firmware.get("/api/v1/display").status == 404
        assert firmware.get("/healthz").json()["ok"]
        fault.unlink()
        firmware.wait_for_line("display: answers again")
        until(lambda: display(firmware)["state"] == "on" and not is_dark(firmware), "the display")
        sequence = firmware.pack()["sequence"]
        until(lambda: firmware.pack()["sequence"] > sequence, "a reading: the button has been seen up by then")
        press(firmware, SHORT_MS)
        shows(firmware, "cells")
        assert firmware.log().count("display: no answer") == 1
        assert not any(firmware.get("/healthz").json()["restarts"].values())


def test_the_display_profile_loads_no_network(tmp_path, simulator, tree):
    config = {
        "profile": "display",
        "wifi": {"networks": [{"ssid": "Home"}]},
        "mqtt": {"enabled": True, "host": "127.0.0.1"},
    }
    with Firmware(tmp_path / "device", simulator.link, config=config, tree=tree, http=False) as firmware:
        firmware.wait_for_line("link online")
        path = firmware.data / "modules"
        until(lambda: "pages.glance" in path.read_text(), "the list of modules")
        modules = {name.rpartition(".")[2] for name in path.read_text().split()}
        assert {"app", "poller", "screen"} <= modules
        assert modules.isdisjoint(NEVER_IN_THE_DISPLAY_PROFILE)


def test_the_display_profile_keeps_each_cells_extremes_over_power_cuts(tmp_path, simulator):
    config = {"profile": "display"}
    with Firmware(tmp_path / "device", simulator.link, config=config, http=False) as firmware:
        kept = firmware.data / "extremes.json"
        until(kept.exists, "the extremes")
        assert kept_in(kept) == {"pack1": [[3301, 3302, 3299, 3300]] * 2}
        firmware.kill()
        simulator.kill()
        simulator.use("--cells", "3250,3302,3299,3350")
        simulator.start()
        firmware.start()
        both = {"pack1": [[3250, 3302, 3299, 3300], [3301, 3302, 3299, 3350]]}
        until(lambda: kept_in(kept) == both, "both extremes")
        press(firmware, HELD_MS, *[SHORT_MS] * 5, LONG_MS)
        now = {"pack1": [[3250, 3302, 3299, 3350]] * 2}
        until(lambda: kept_in(kept) == now, "new extremes")


def test_setup_mode_shows_the_password_of_the_access_point_and_no_other_page(tmp_path, simulator, tree):
    air = tmp_path / "air.json"
    air.write_text("{}")
    radio = {"air": str(air), "dns_port": free_port()}
    with Firmware(tmp_path, simulator.link, tree=tree, radio=radio) as firmware:
        firmware.wait_for_line("its password is on the display")
        assert len(json.loads((firmware.data / "access_point").read_text())["password"]) == 10
        path = firmware.data / "modules"
        until(lambda: path.exists() and "pages.setup" in path.read_text(), "the page")
        assert (firmware.data / "sent").exists()
        names = path.read_text().split()
        pages = {name for name in names if ".display.pages." in name or ".display.colour." in name}
        assert pages == {"evencell.display.pages.setup"}
        assert "evencell.link.poller" not in names
