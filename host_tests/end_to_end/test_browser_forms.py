"""The forms of the configuration in Chromium: what each saves, where it shows a fault, and what is kept."""

import base64
import json
import shutil

import pytest
from playwright.sync_api import Page, expect

from host_tests.end_to_end.browsing import (
    DESK,
    PHONE,
    Visit,
    browser,
    cut_hints,
    log_in,
    open_section,
    raw_keys,
    save,
    scrolled_parts,
    too_wide,
    violations,
)
from host_tests.end_to_end.chain import FIXED, Chain, Firmware, Simulator
from host_tests.end_to_end.door import CONFIG, PASSWORD, Client
from tools.build.common import ROOT
from tools.build.tree import build

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

SECRET = "not for anybody"
GIVEN = {
    **CONFIG,
    "wifi": {"networks": [{"ssid": "Home", "password": SECRET}, {"ssid": "Camping"}]},
    "mqtt": {"host": "127.0.0.1", "user": "a", "password": SECRET},
}
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"

# Section: what is entered, what config.json has then, and a wrong value with a part of what is said at its field.
FORMS = {
    "general": (
        {"name": "Scooter", "time.zone": BERLIN, "history.enabled": False, "time.servers": "a.example, b.example:124"},
        {
            "name": "Scooter", "history": {"enabled": False},
            "time": {"zone": BERLIN, "servers": ["a.example", "b.example:124"]},
        },
        ("time.interval_s", "5", "whole number from 900 to 86400"),
    ),
    "packs": (
        {
            "packs[0].capacity_ah": "60,5", "packs[0].chemistry": "nmc", "packs[0].writable": True,
            "packs[0].temperature_scale": "1", "packs[0].cells": "4",
        },
        {"packs": [{"capacity_ah": 60.5, "cells": 4, "chemistry": "nmc", "writable": True, "temperature_scale": "1"}]},
        ("packs[0].interval_ms", "fast", "text of 4 characters"),
    ),
    "network": (
        {"wifi.hostname": "scooter", "wifi.static.address": "192.168.1.20", "wifi.static.gateway": "192.168.1.1"},
        {"wifi": {"hostname": "scooter", "static": {"address": "192.168.1.20", "gateway": "192.168.1.1"}}},
        ("wifi.static.address", "10.0.0.1", "no other host in the network of the gateway"),
    ),
    "access": (
        {"http.public_read": False, "http.origins": "http://home.example:8123"},
        {"http": {"public_read": False, "origins": ["http://home.example:8123"]}},
        ("http.origins", "home.example", "a list of up to 4 origins"),
    ),
    "mqtt": (
        {"mqtt.port": "1884", "mqtt.commands": True, "mqtt.publish_s": "60", "mqtt.prefix": "home"},
        {"mqtt": {"port": 1884, "commands": True, "publish_s": 60, "prefix": "home"}},
        ("mqtt.port", "70000", "70000 is not allowed. Allowed: a whole number from 1 to 65535"),
    ),
    "store": (
        {"influx.url": "http://192.168.1.10:8086/write?db=a", "influx.token": SECRET, "journal.max_kib": "512"},
        {"influx": {"url": "http://192.168.1.10:8086/write?db=a", "token": SECRET}, "journal": {"max_kib": 512}},
        ("influx.url", "192.168.1.10", "an address such as"),
    ),
    "display": (
        {
            "display.brightness": "40", "display.night": ("22:00", "06:00"), "display.language": "de",
            "display.rotation": 180,
        },
        {"display": {"brightness": 40, "night": ["22:00", "06:00"], "language": "de", "rotation": 180}},
        ("display.off_after_s", "-1", "-1 is not allowed"),
    ),
    "log": (
        {"log.level": "debug", "log.syslog": "192.168.1.5"},
        {"log": {"level": "debug", "syslog": "192.168.1.5"}},
        ("log.syslog_port", "0", "0 is not allowed"),
    ),
}  # fmt: skip

CHOICES = {"nmc": "NMC (Li-ion)", "1": "whole degrees", "de": "Deutsch", 180: "180°", "debug": "all details"}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    with Chain(tmp_path_factory.mktemp("forms"), *FIXED, config=GIVEN, broker=False) as chain:
        yield chain.firmware


@pytest.fixture(scope="module")
def shared(browser, firmware):
    """One visit, logged in: its forms are of different sections."""
    with visit(browser, firmware) as opened:
        yield opened


def visit(browser, firmware, **options) -> Visit:
    opened = Visit(browser, firmware, "settings", **{**DESK, **options})
    log_in(opened.page, PASSWORD)
    expect(opened.page.locator("#config-general")).to_be_attached()
    return opened


def stored(firmware) -> dict:
    return json.loads((firmware.data / "config.json").read_text())


def enter(page: Page, path: str, value):
    """What an owner does: types, ticks or chooses."""
    if isinstance(value, tuple):
        for i, time in enumerate(value):
            page.locator(f'[data-path="{path}"] input').nth(i).fill(time)
        return
    control = page.locator(f'[name="{path}"]')
    if isinstance(value, bool):
        control.set_checked(value)
    elif control.evaluate("node => node.tagName") != "SELECT":
        control.fill(value)
    elif path == "time.zone":
        control.select_option(value)
    else:
        control.select_option(label=CHOICES[value])


def is_part(part, whole) -> bool:
    if isinstance(part, dict):
        return all(is_part(value, whole.get(key)) for key, value in part.items())
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return len(part) == len(whole) and all(map(is_part, part, whole))
    return part == whole


@pytest.mark.parametrize("name", FORMS)
def test_a_form_shows_a_fault_at_its_field_then_saves(shared, firmware, name):
    page, (values, expected, (wrong, value, text)) = shared.page, FORMS[name]
    open_section(page, name)
    before = stored(firmware)
    right = page.locator(f'[name="{wrong}"]').input_value()
    for path, wanted in values.items():
        enter(page, path, wanted)
    enter(page, wrong, value)
    save(page, name, "Nothing was saved")
    expect(page.locator(f'[data-path="{wrong}"] .fault')).to_contain_text(text)
    expect(page.locator(f'[name="{wrong}"]')).to_have_attribute("aria-invalid", "true")
    assert stored(firmware) == before
    enter(page, wrong, values.get(wrong, right))
    save(page, name, "Saved")
    expect(page.locator(f"#config-{name} .fault")).to_have_count(0)
    assert is_part(expected, stored(firmware)), stored(firmware)
    save(page, name, "Nothing was changed")
    assert stored(firmware)["wifi"]["networks"][0]["password"] == SECRET  # what was kept
    assert stored(firmware)["mqtt"]["password"] == SECRET
    assert SECRET not in page.content()
    assert all("400" in complaint for complaint in shared.complaints), shared.complaints


def test_networks_are_added_moved_and_removed_and_passwords_kept(browser, firmware):
    with visit(browser, firmware) as opened:
        page = opened.page
        open_section(page, "network")
        networks = page.locator('[data-path="wifi.networks"]')
        networks.get_by_role("button", name="Add a network").click()
        enter(page, "wifi.networks[2].ssid", "Work")
        enter(page, "wifi.networks[2].password", "short")
        networks.get_by_role("button", name="Move Network 3 up").click()
        networks.get_by_role("button", name="Remove Network 3").click()
        save(page, "network", "Nothing was saved")
        expect(page.locator('[data-path="wifi.networks[1].password"] .fault')).to_contain_text("WPA password")
        enter(page, "wifi.networks[1].password", "battery staple")
        networks.get_by_role("button", name="Move Network 1 down").click()
        save(page, "network", "after a restart")
        found = [(network["ssid"], network.get("password")) for network in stored(firmware)["wifi"]["networks"]]
        assert found == [("Work", "battery staple"), ("Home", SECRET)]
        page.locator('[data-path="wifi.networks[1].password"] button').click()  # delete the password
        save(page, "network", "after a restart")
        assert stored(firmware)["wifi"]["networks"][1].get("password") is None


def test_networks_in_reach_are_offered(browser, tmp_path):
    air = {
        "Lab <b>": {"password": "battery staple", "rssi": -61},
        "Home": SECRET,
        "Guests": {"password": None, "rssi": -70},
    }
    (tmp_path / "air.json").write_text(json.dumps(air))
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Firmware(tmp_path, simulator.link, config=GIVEN, radio={"air": str(tmp_path / "air.json")}) as firmware,
        visit(browser, firmware) as opened,
    ):
        page = opened.page
        firmware.wait_for_line('connected to "Home"')
        open_section(page, "network")
        page.get_by_role("button", name="Search for networks").click()
        found = page.locator(".found button")
        expect(found).to_have_text(["Lab <b>−61 dBm", "Guests−70 dBm, open"])
        found.first.click()
        last = page.locator('[data-path="wifi.networks"] fieldset').last
        expect(last.locator("input").first).to_have_value("Lab <b>")
        expect(last.locator(".secret")).to_be_focused()


def test_a_device_without_a_scan_takes_a_name(browser, firmware):
    with visit(browser, firmware) as opened:
        page = opened.page
        open_section(page, "network")
        scan, found = page.get_by_role("button", name="Search for networks"), page.locator(".found")
        scan.click()
        expect(found).to_contain_text("The search failed")  # this computer has no radio
        page.route("**/api/v1/networks", lambda route: route.fulfill(status=404, json={"error": "not found"}))
        scan.click()
        expect(found).to_contain_text("type the name in")
        expect(scan).to_be_hidden()
        page.get_by_role("button", name="Add a network").click()
        expect(page.locator('[data-path="wifi.networks"] fieldset').last.locator("input").first).to_be_focused()


def test_a_key_for_updates_is_added_and_a_wrong_one_is_marked(browser, firmware):
    with visit(browser, firmware) as opened:
        page = opened.page
        open_section(page, "update")
        page.get_by_role("button", name="Add a key").click()
        enter(page, "update.keys[0].name", "mine")
        enter(page, "update.keys[0].modulus", "no key")
        save(page, "update", "Nothing was saved")
        expect(page.locator('[data-path="update.keys[0].modulus"] .fault')).to_contain_text("text of 6 characters")
        modulus = base64.b64encode(b"\xff" * 256).decode()
        line = {"update": {"keys": [{"name": "owner", "modulus": modulus}]}}  # as `evencell keygen` prints it
        enter(page, "update.keys[0].modulus", json.dumps(line))
        save(page, "update", "Saved")
        assert stored(firmware)["update"]["keys"] == [{"name": "mine", "modulus": modulus}]


def test_any_rule_is_a_time_zone(browser, firmware):
    with visit(browser, firmware) as opened:
        page = opened.page
        open_section(page, "general")
        page.locator('[name="time.zone"]').select_option(label="Another rule …")
        rule = page.get_by_label("Rule of the time zone")
        rule.fill("Europe/Berlin")
        save(page, "general", "Nothing was saved")
        expect(page.locator('[data-path="time.zone"] .fault')).to_contain_text("a POSIX TZ rule")
        rule.fill("<+0545>-5:45")
        save(page, "general", "in use")
        assert stored(firmware)["time"]["zone"] == "<+0545>-5:45"
        expect(page.locator('[name="time.zone"]')).to_have_value("<+0545>-5:45")


def test_tokens_are_shown_once_and_deleted(browser, firmware):
    with visit(browser, firmware) as opened:
        page = opened.page
        open_section(page, "access")
        page.get_by_label("Name of a new token").fill("grafana")
        page.get_by_role("button", name="Create a token").click()
        token = page.locator("#tokens").get_by_label("Token", exact=True)
        expect(token).to_be_visible()
        value = token.input_value()
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert Client(firmware.http_port, token=value).send("GET", "/api/v1/config").status == 200
        page.get_by_label("Name of a new token").fill("grafana")
        page.get_by_role("button", name="Create a token").click()
        expect(page.locator("#tokens .said")).to_contain_text("a token of this name already")
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete: grafana").click()
        expect(page.locator(".tokens")).to_contain_text("There is none")
        assert Client(firmware.http_port, token=value).send("GET", "/api/v1/config").status == 401


def test_what_counts_after_a_restart_offers_it(browser, tmp_path):
    with Chain(tmp_path, *FIXED, config=GIVEN, broker=False) as chain, visit(browser, chain.firmware) as opened:
        page = opened.page
        open_section(page, "network")
        enter(page, "wifi.hostname", "scooter")
        save(page, "network", "after a restart")
        page.once("dialog", lambda dialog: dialog.accept())
        page.locator("#config-network > .said").get_by_role("button", name="Restart the device").click()
        expect(page.locator("#config-network > .said")).to_contain_text("The device restarts")
        assert chain.firmware.wait() == 75


def test_another_password_ends_the_session_and_is_the_one_that_counts(browser, tmp_path):
    with Chain(tmp_path, *FIXED, config=GIVEN, broker=False) as chain, visit(browser, chain.firmware) as opened:
        page, password = opened.page, opened.page.locator("#password")
        open_section(page, "access")
        password.get_by_label("Present password").fill("not the password")
        password.get_by_label("New password").fill("a quite new password")
        expect(password.locator("small").last).to_contain_text("Good")
        password.locator("button").click()
        expect(password.locator(".said")).to_contain_text("The present password is wrong")
        expect(password.locator("[name=old]")).to_have_attribute("aria-invalid", "")
        password.get_by_label("Present password").fill(PASSWORD)
        password.get_by_label("New password").fill("aaaaaaaaaaaa")
        password.locator("button").click()
        expect(password.locator(".said")).to_contain_text("This password is guessed easily")
        expect(password.locator("[name=new]")).to_have_attribute("aria-invalid", "")
        password.get_by_label("New password").fill("a quite new password")
        password.locator("button").click()
        expect(page.locator("#login .said")).to_contain_text("The password is changed")
        assert Client(chain.firmware.http_port).log_in("a quite new password").status == 204


def test_pins_are_those_of_the_board_and_an_empty_field_is_its_own(browser, tmp_path):
    tree = shutil.copytree(build("host"), tmp_path / "tree")
    shutil.copy(ROOT / "host_tests/end_to_end/pins_board.py", tree / "board.py")
    with (
        Simulator(tmp_path, *FIXED) as simulator,
        Firmware(tmp_path, simulator.link, config=GIVEN, tree=tree) as firmware,
        visit(browser, firmware) as opened,
    ):
        page = opened.page
        open_section(page, "pins")
        assert page.locator("#config-pins label").all_inner_texts() == ["RS485: transmit", "RS485: receive", "Button"]
        expect(page.locator('[name="pins.tx"]')).to_have_attribute("placeholder", "17")
        enter(page, "pins.tx", "x")
        save(page, "pins", "Nothing was saved")
        expect(page.locator("#config-pins .fault").first).to_contain_text("pins by name")
        enter(page, "pins.tx", "25")
        save(page, "pins", "after a restart")
        assert stored(firmware)["pins"] == {"tx": 25}
        enter(page, "pins.tx", "")
        save(page, "pins", "after a restart")
        assert stored(firmware)["pins"] == {}


def test_sentences_of_the_device_are_german_on_a_german_page(browser, tmp_path):
    broken = {**CONFIG, "mqtt": {"enabled": True, "host": "127.0.0.1", "port": 1}, "influx": {"password": SECRET}}
    with (
        Chain(tmp_path, *FIXED, config=broken, broker=False) as chain,
        visit(browser, chain.firmware, **PHONE) as opened,
    ):
        page = opened.page
        expect(page.locator("#balancer")).to_contain_text("Das Handbuch empfiehlt 5 mV über 50 Ah")
        open_section(page, "log")
        page.locator('[name="log.syslog_port"]').fill("70000")
        page.locator("#config-log > .main").click()
        fault = page.locator('[data-path="log.syslog_port"] .fault')
        expect(fault).to_have_text("70000 ist nicht erlaubt; erlaubt: eine ganze Zahl von 1 bis 65535.")
        open_section(page, "store")  # a fault of before
        expect(page.locator('[data-path="influx.password"] .fault')).to_have_text("Braucht einen Benutzer; gilt nicht.")
        opened.open("device")
        expect(page.locator("#sending")).to_contain_text("Verbindung von 127.0.0.1:1 abgelehnt: Läuft dort ein Broker")
        opened.open("now")
        expect(page.locator("#notices")).to_contain_text("influx.password: Braucht einen Benutzer; gilt nicht.")
        expect(page.locator("#notices [lang]")).to_have_count(0)
        chain.simulator.switch("+other_protocol:jk_bms")
        expect(page.locator("#notices")).to_contain_text("JK BMS. Sicherung heraus, dann an RS485 des Balancers")


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_every_form_is_accessible_and_without_keys(browser, firmware, options):
    """On the desk in English, on the phone in German, light and dark."""
    with visit(browser, firmware, **options) as opened:
        page = opened.page
        for name in (*FORMS, "balancing", "rules", "update"):
            open_section(page, name)
        assert page.locator(".config details:not([open]):not([hidden])").count() == 0
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert violations(page) == [], theme
        assert raw_keys(page) == []
        for width in (320, 768, options["viewport"]["width"]):
            page.set_viewport_size({**options["viewport"], "width": width})
            assert (too_wide(page), scrolled_parts(page), cut_hints(page)) == (0, [], []), width
