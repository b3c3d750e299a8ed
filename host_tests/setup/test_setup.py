"""Setup mode: when it opens, what it changes, and when it ends."""

import asyncio
import json

import pytest

from evencell.config import edit
from evencell.forward.http.pbkdf2 import is_password
from host_tests.net.stations import Cable
from host_tests.setup.device import HOME, MINUTE_S, OLD, PASSWORD, WANTED, Device, ask_for_setup, is_wanted, visited


@pytest.mark.parametrize("config", [None, "", {}, {"packs": [{"name": "front"}]}], ids=repr)
def test_an_unconfigured_device_opens_for_ten_minutes_and_then_runs_as_usual(tmp_path, monkeypatch, config):
    device = Device(tmp_path, monkeypatch, config)
    device.live(9 * MINUTE_S)
    assert device.access_point() == {"ssid": "evencell-" + device.context.device_id[-6:], "password": None}
    assert not device.context.hub.packs and device.context.network is None
    device = Device(tmp_path, monkeypatch)
    device.live(11 * MINUTE_S)
    assert 600 <= device.restart_s() <= 602
    assert "nothing was set up in 10 minutes" in device.log()
    assert device.access_point() is None
    restarted = Device(tmp_path, monkeypatch, restarted=True)
    restarted.live(20 * MINUTE_S)
    assert restarted.access_point() is None and restarted.context.setup is None
    assert "config.json names none" in restarted.log() and "set it up by phone" in restarted.log()


@pytest.mark.parametrize(
    "config",
    [OLD, {"auth": OLD["auth"]}, '{"name": "torn', {"profile": "display"}, {"wifi": {"networks": 1}}],
    ids=["network", "password", "damaged", "display", "fault"],
)
def test_a_configured_or_damaged_device_never_opens_by_itself(tmp_path, monkeypatch, config):
    assert not is_wanted(Device(tmp_path, monkeypatch, config))


def test_a_board_with_a_cable_is_set_up_only_without_any_configuration(tmp_path, monkeypatch):
    for config, wanted in ((None, True), ({"name": "x"}, False)):
        device = Device(tmp_path, monkeypatch, config)
        device.board.wired = True
        assert is_wanted(device) is wanted


@pytest.mark.parametrize("torn", ["", '{"name": "to'], ids=repr)
@pytest.mark.parametrize("wired", [False, True], ids=["Wi-Fi", "cable"])
def test_a_first_configuration_that_was_not_written_whole_is_none(tmp_path, monkeypatch, torn, wired):
    (tmp_path / "config.json.new").write_text(torn)
    device = Device(tmp_path, monkeypatch)
    device.board.wired = wired
    assert is_wanted(device)
    assert not device.context.config_faults and edit.read_given(device.context) == {}


def test_wifi_off_in_the_menu_and_safe_mode_keep_it_closed(tmp_path, monkeypatch):
    (tmp_path / "boots").write_text("4 4 a")
    assert not is_wanted(Device(tmp_path, monkeypatch))
    (tmp_path / "boots").unlink()
    assert is_wanted(Device(tmp_path, monkeypatch))
    (tmp_path / "learned.json").write_text(json.dumps({"wifi_off": True}))
    assert not is_wanted(Device(tmp_path, monkeypatch))


@pytest.mark.parametrize("config", [None, OLD], ids=["new", "configured"])
def test_a_network_that_can_not_be_joined_changes_nothing(tmp_path, monkeypatch, config):
    device = Device(tmp_path, monkeypatch, config)
    ask_for_setup(tmp_path)
    before = device.config()

    async def visit(phone, context):
        for network, field, words in (
            ({"ssid": "Home", "password": "wrong horse"}, "network.password", '"Home" refuses the password'),
            ({"ssid": "Hme", "password": "correct horse"}, "network.ssid", '"Hme" is not in reach'),
            ({"ssid": "Cellar", "password": "12345678"}, "network.password", '"Cellar" gave no address within 15 s'),
            ({"ssid": "Attic", "password": "12345678"}, "network.password", '"Attic" refuses the password'),
        ):
            assert phone.post("/api/v1/setup", WANTED | {"network": network}) == (202, {"state": "trying"})
            assert phone.post("/api/v1/setup", WANTED)[0] == 409
            assert phone.ask("GET", "/api/v1/networks").status == 503
            result = await phone.result()
            assert (result["state"], result["field"]) == ("failed", field)
            assert result["problem"].startswith(words)
            assert result["address"] is None
            assert phone.post("/api/v1/setup/finish", {})[0] == 409
            assert not context.board.station().is_connected()

    visited(device, 5 * MINUTE_S, visit)
    assert device.config() == before
    assert "horse" not in device.log() and PASSWORD not in device.log()


def test_a_bug_or_a_full_flash_ends_the_try_and_the_next_one_works(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)
    station, really = device.board.station(), device.board.station().connect

    async def visit(phone, _context):
        monkeypatch.setattr(station, "connect", lambda *_: 1 / 0)
        phone.post("/api/v1/setup", WANTED)
        result = await phone.result()
        assert (result["state"], result["problem"][:17]) == ("failed", "the device failed")
        monkeypatch.setattr(station, "connect", really)
        (tmp_path / "config.json.new").mkdir()
        phone.post("/api/v1/setup", WANTED)
        result = await phone.result()
        assert (result["state"], result["field"]) == ("failed", None)
        assert "config.json can't be written" in result["problem"]
        assert not station.is_connected() and device.config() is None
        (tmp_path / "config.json.new").rmdir()
        phone.post("/api/v1/setup", WANTED)
        assert (await phone.result())["state"] == "done"

    visited(device, 2 * MINUTE_S, visit)
    assert "ZeroDivisionError" in device.log()
    assert device.config()["name"] == "Scooter"


def test_what_works_is_written_and_the_result_stays_for_five_minutes(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)
    (tmp_path / "claim").write_text("off")  # the start before had no network
    done_s = []

    async def visit(phone, context):
        assert phone.post("/api/v1/setup", WANTED)[0] == 202
        while context.setup.state == "trying":
            await asyncio.sleep(0.1)
        assert context.setup.state == "done"
        await asyncio.sleep(4 * MINUTE_S)  # the phone is away: the channel has moved
        state = phone.get("/api/v1/setup")
        done_s.append(context.clock.uptime_ms() / 1000)
        assert (state["state"], state["address"], state["ssid"]) == ("done", "192.168.1.7", "Home")
        assert state["seconds_left"] in (299, 300)
        assert phone.post("/api/v1/setup", WANTED)[0] == 409
        await asyncio.sleep(2 * MINUTE_S)
        assert phone.get("/api/v1/setup")["seconds_left"] < 200

    visited(device, 20 * MINUTE_S, visit)
    assert 299 <= device.restart_s() - done_s[0] <= 302
    config = device.config()
    password_hash = config.pop("auth")["password_hash"]
    assert config == {
        "name": "Scooter",
        "display": {"language": "de"},
        "packs": [{"chemistry": "nmc", "capacity_ah": 30, "cells": 4}],
        "wifi": {"networks": [{"ssid": "Home", "password": "correct horse"}]},
    }
    assert asyncio.run(is_password(PASSWORD, password_hash))
    assert not (tmp_path / "claim").exists()
    text = "".join(path.read_text(errors="replace") for path in tmp_path.iterdir() if path.is_file())
    assert PASSWORD not in text
    assert "horse" not in device.log() and PASSWORD not in device.log()


def test_a_board_with_a_cable_tries_the_cable(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)
    cable = Cable(device.context.clock, {})
    device.board.wired, device.board.station = True, lambda: cable

    async def visit(phone, _context):
        wanted = WANTED | {"network": None}
        assert phone.post("/api/v1/setup", wanted)[0] == 202
        result = await phone.result()
        assert (result["state"], result["field"]) == ("failed", None)
        assert result["problem"] == "the cable gave no address within 15 s: is it plugged in?"
        cable.air[None] = None
        phone.post("/api/v1/setup", wanted)
        result = await phone.result()
        assert (result["state"], result["address"], result["ssid"]) == ("done", "192.168.1.7", None)

    visited(device, 2 * MINUTE_S, visit)
    assert "wifi" not in device.config()


def test_finishing_restarts_at_once(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, _context):
        phone.post("/api/v1/setup", WANTED | {"network": {"ssid": "Camping", "password": None}})
        assert (await phone.result())["state"] == "done"
        assert phone.post("/api/v1/setup/finish", {}) == (202, {"restart": True})
        assert phone.get("/api/v1/setup")["seconds_left"] <= 1

    visited(device, 2 * MINUTE_S, visit)
    assert device.restart_s() < MINUTE_S
    assert device.config()["wifi"]["networks"] == [{"ssid": "Camping", "password": None}]


def test_a_result_that_is_read_after_the_finish_delays_no_restart(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, context):
        phone.post("/api/v1/setup", WANTED)
        while context.setup.state == "trying":
            await asyncio.sleep(1)
        assert phone.post("/api/v1/setup/finish", {})[0] == 202
        assert phone.get("/api/v1/setup")["state"] == "done"

    visited(device, 2 * MINUTE_S, visit)
    assert device.restart_s() < MINUTE_S


def test_one_try_after_the_other_does_not_keep_an_open_access_point_open(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, context):
        while True:
            if context.setup.state != "trying":
                phone.post("/api/v1/setup", WANTED | {"network": {"ssid": "Nowhere"}})
            await asyncio.sleep(0.05)

    visited(device, 15 * MINUTE_S, visit)
    assert 600 <= device.restart_s() <= 620 and device.config() is None


def test_only_what_belongs_to_a_pack_is_given_back_or_written(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)

    async def visit(phone, _context):
        pack = {"cells": 4, "password": PASSWORD, "writable": True}
        phone.post("/api/v1/setup", WANTED | {"pack": pack})
        assert (await phone.result())["given"] == {"name": "Scooter", "pack": {"cells": 4}}

    visited(device, MINUTE_S, visit)
    assert device.config()["packs"] == [{"cells": 4}]


def test_of_a_configuration_before_only_what_is_set_up_changes(tmp_path, monkeypatch):
    old = OLD | {
        "profile": "display",
        "http": {"enabled": False, "public_read": False},
        "packs": [{"name": "front", "address": 3, "cells": 8}, {"name": "rear"}],
    }
    old["wifi"] = {"country": "DE", "static": {"address": "10.0.0.2", "gateway": "10.0.0.1"}, **OLD["wifi"]}
    device = Device(tmp_path, monkeypatch, old)
    (tmp_path / "learned.json").write_text('{"setup": true, "wifi_off": true}')

    async def visit(phone, context):
        assert phone.post("/api/v1/setup", {key: WANTED[key] for key in ("network", "password")})[0] == 202
        assert (await phone.result())["state"] == "done"
        assert context.key_values.get("wifi_off") is None

    visited(device, 2 * MINUTE_S, visit)
    config = device.config()
    assert config["wifi"] == {"country": "DE", "networks": [HOME, *OLD["wifi"]["networks"]]}
    assert config["http"] == {"enabled": True, "public_read": False}
    assert config["auth"].keys() == {"password_hash"} and config["auth"] != OLD["auth"]
    assert (config["packs"], config["mqtt"], config["name"]) == (old["packs"], OLD["mqtt"], "Old")
    assert "profile" not in config
    assert json.loads((tmp_path / "config.json.old").read_text()) == config  # no old password comes back


def test_with_a_display_the_access_point_has_a_password_and_each_request_keeps_it_open(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch, shows_display=True)

    async def visit(phone, _context):
        await asyncio.sleep(9 * MINUTE_S)
        phone.get("/api/v1/session")

    visited(device, 25 * MINUTE_S, visit)
    assert 19 * MINUTE_S <= device.restart_s() <= 19 * MINUTE_S + 5
    other = Device(tmp_path, monkeypatch, shows_display=True)
    other.live(10)
    setup = other.context.setup
    assert other.access_point() == {"ssid": setup.ssid, "password": setup.password}
    assert len(setup.password) == 10 and setup.password != device.context.setup.password
    assert setup.password not in other.log() and setup.address == "127.0.0.1"


def test_an_access_point_that_does_not_open_is_retried(tmp_path, monkeypatch):
    device = Device(tmp_path, monkeypatch)
    access_point, tries = device.board.access_point(), []
    really = access_point.start

    def start(ssid, password):
        tries.append(ssid)
        if len(tries) < 3:
            raise OSError("Wifi Out of Memory")
        really(ssid, password)

    monkeypatch.setattr(access_point, "start", start)
    device.live(20)
    assert len(tries) == 3 and device.access_point()
    assert "the access point does not open: Wifi Out of Memory" in device.log()


def test_a_held_button_restarts_into_setup_and_without_it_everything_is_as_before(tmp_path, monkeypatch):
    config = {key: OLD[key] for key in ("name", "wifi", "auth")} | {"profile": "telemetry"}
    device = Device(tmp_path, monkeypatch, config)

    def is_pressed():  # for 9 s, then for 15 s
        return 30 <= device.uptime_s() < 39 or 60 <= device.uptime_s() < 75

    monkeypatch.setattr(device.board, "button", lambda: is_pressed)
    (tmp_path / "claim").write_text("101500")
    device.live(2 * MINUTE_S)
    assert 75 <= device.restart_s() <= 77, "after its release: else the configuration would be deleted"
    assert not (tmp_path / "claim").exists(), "boot.py claims what the plan has"
    device = Device(tmp_path, monkeypatch, restarted=True)
    device.live(11 * MINUTE_S)
    assert (tmp_path / "claim").read_text() == "101500"
    assert 600 <= device.restart_s() <= 602
    assert "setup mode" in device.log() and device.config() == config
    assert not is_wanted(Device(tmp_path, monkeypatch)), "once"
