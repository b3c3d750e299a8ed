"""First contact by phone: the setup page in a browser, at the firmware with a simulated radio."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from boards.host import RESTART_STATUS
from host_tests.broker import free_port
from host_tests.end_to_end.browsing import DESK, PHONE, Visit, browser, log_in, raw_keys, too_wide, violations
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

WIFI_PASSWORD = "right password"
PASSWORD = "four random words here"
AIR = {
    "Home": {"password": WIFI_PASSWORD, "rssi": -52, "address": "192.168.1.20"},
    "Camping": {"password": None, "rssi": -75},
    "Cellar": {"password": WIFI_PASSWORD, "rssi": -88, "hidden": True},
}
# While the device restarts, and once its own page is there.
EXPECTED_COMPLAINTS = re.compile(r"ERR_|status of (404|401)")


class NewDevice:
    """Simulated balancer, and firmware without a configuration. `air`: the file with the networks in reach."""

    def __init__(self, folder):
        self.air = folder / "air.json"
        self.set_air(AIR)
        self.simulator = Simulator(folder, *FIXED)
        radio = {"air": str(self.air), "dns_port": free_port()}
        self.firmware = Firmware(folder, self.simulator.link, radio=radio)

    def __enter__(self):
        self.simulator.__enter__()
        self.firmware.__enter__()
        return self

    def __exit__(self, *error):
        self.firmware.__exit__(*error)
        self.simulator.__exit__(*error)

    def set_air(self, air):
        self.air.write_text(json.dumps(air))


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A device that no test brings into a network."""
    with NewDevice(tmp_path_factory.mktemp("untouched")) as device:
        yield device


def fill_in(page: Page, wifi_password: str):
    page.get_by_role("radio", name="Home").check()
    page.locator("#passphrase").fill(wifi_password)
    page.locator("#name").fill("Scooter")
    page.locator("#password").fill(PASSWORD)
    page.locator("[name=chemistry][value=lfp]").check()
    page.locator("#capacity").fill("2,5")


def assert_whole(visit: Visit):
    assert violations(visit.page) == []
    assert raw_keys(visit.page) == []
    assert too_wide(visit.page) == 0


@pytest.mark.parametrize(
    ("options", "refused", "joined"),
    [
        (DESK, '"Home" refuses the password', "“Home” works"),
        (PHONE, "„Home“ weist das Passwort zurück", "„Home“ funktioniert"),
    ],
    ids=["desk", "phone"],
)
def test_from_an_empty_device_to_its_page_with_a_login(browser, tmp_path, options, refused, joined):
    with NewDevice(tmp_path) as device, Visit(browser, device.firmware, "", **options) as visit:
        page, firmware = visit.page, device.firmware
        expect(page.get_by_role("radio", name="Home")).to_be_visible()
        assert_whole(visit)
        assert visit.asked_for("/page/") == []
        fill_in(page, "not the password")
        page.locator("#send").click()
        expect(page.locator("#trying h2")).to_contain_text("Home")
        assert violations(page) == []

        expect(page.locator("#locked .fault")).to_contain_text(refused)
        expect(page.locator("#passphrase")).to_be_focused()
        assert [page.locator(f"#{name}").input_value() for name in ("name", "password", "capacity")] == [
            "Scooter",
            PASSWORD,
            "2,5",
        ]
        assert_whole(visit)
        assert not (firmware.data / "config.json").exists()

        page.locator("#passphrase").fill(WIFI_PASSWORD)
        page.locator("#send").click()
        expect(page.locator("#done h2")).to_have_text(joined)
        expect(page.locator("#by_address")).to_have_attribute("href", "http://192.168.1.20/")
        expect(page.locator("#by_host")).to_have_attribute("href", re.compile(r"^http://evencell-\w{6}\.local/$"))
        assert_whole(visit)
        assert visit.complaints == []

        page.locator("#finish").click()
        assert firmware.wait() == RESTART_STATUS
        firmware.start()
        expect(visit.verdict).to_be_visible()  # the page of the device has come in the place of this one
        expect(page.locator("#name")).to_have_text("Scooter")
        page.locator('#views a[href="#settings"]').click()
        log_in(page, PASSWORD)
        expect(page.locator("#login")).to_be_hidden()
        config = json.loads((firmware.data / "config.json").read_text())
        assert config["packs"][0] == {"chemistry": "lfp", "capacity_ah": 2.5, "cells": 4}
        assert all(map(EXPECTED_COMPLAINTS.search, visit.complaints)), visit.complaints


def test_a_page_that_loses_the_device_waits_and_a_page_loaded_anew_goes_on(browser, untouched):
    """The access point changes its channel: some phones lose it, some open its page anew."""
    with Visit(browser, untouched.firmware, "", **DESK) as visit:
        page = visit.page
        fill_in(page, "not the password")
        page.locator("#send").click()
        expect(page.locator("#trying")).to_be_visible()
        page.route("**/api/v1/setup", lambda route: route.abort())
        expect(page.locator("#elapsed")).to_contain_text(re.compile(r"No answer for \d+ s. This page asks again"))
        page.reload()
        page.unroute_all(behavior="wait")
        expect(page.locator("#locked .fault")).to_contain_text("refuses the password")
        expect(page.get_by_role("radio", name="Home")).to_be_checked()
        expect(page.locator("#name")).to_have_value("Scooter")
        expect(page.locator("[name=chemistry][value=lfp]")).to_be_checked()
        expect(page.locator("#capacity")).to_have_value("2.5")
        expect(page.locator("#password")).to_be_empty()


def test_what_is_missing_is_said_at_its_field_in_the_language_of_the_moment(browser, tmp_path):
    with NewDevice(tmp_path) as device, Visit(browser, device.firmware, "", **DESK) as visit:
        page = visit.page
        page.locator("#name").fill("")
        page.get_by_role("radio", name="Another network").check()
        page.locator("#send").click()
        expect(page.locator(".fault")).to_have_text(
            [
                "Enter the name, 32 characters at most.",
                "Enter a name, 32 characters at most.",
                re.compile(r"^Use at least \d+ characters\.$"),
                "Choose the chemistry: it decides which voltages are alarms.",
                "Enter the capacity in Ah, such as 20 or 2.5.",
            ]
        )
        expect(page.locator("#ssid")).to_be_focused()
        page.locator("#ssid").fill("Cellar")
        page.get_by_role("button", name="Deutsch").click()
        expect(page.locator(".fault").first).to_have_text("Gib einen Namen ein, höchstens 32 Zeichen.")
        expect(page.locator("#ssid")).to_have_value("Cellar")
        assert_whole(visit)


def test_a_password_is_rated_and_an_open_network_warned_of(browser, untouched):
    with Visit(browser, untouched.firmware, "", **DESK) as visit:
        page = visit.page
        rating, password = page.locator("#rating"), page.locator("#password")
        expect(rating).to_contain_text(re.compile(r"At least \d+ characters"))
        for text, words in (
            ("abc", "Too short"),
            ("evencell2026", "Weak"),
            ("aaaaaaaaaaaa", "Weak"),
            ("0123456789", "Weak"),
            ("kdvmzprwtx", "Fair"),
            (PASSWORD, "Strong"),
        ):
            password.fill(text)
            expect(rating).to_contain_text(words)
        page.get_by_role("radio", name="Camping").check()
        expect(page.locator("#unlocked")).to_contain_text("This network has no password")
        expect(page.locator("#passphrase")).to_be_hidden()


def test_a_scan_that_fails_is_said_and_repeated(browser, tmp_path):
    with NewDevice(tmp_path) as device:
        device.air.write_text("not JSON")
        with Visit(browser, device.firmware, "", **DESK) as visit:
            scan = visit.page.locator("#scan")
            expect(scan).to_have_text("The search failed. Search again, or enter the name.")
            device.set_air(AIR)
            visit.page.get_by_role("button", name="Search again").click()
            expect(scan).to_have_text("Choose your network:")


def test_everything_is_filled_in_and_sent_by_keyboard(browser, untouched):
    with Visit(browser, untouched.firmware, "", **DESK) as visit:
        page, press = visit.page, visit.page.keyboard.press
        expect(page.get_by_role("radio", name="Home")).to_be_visible()

        def tab_to(selector: str):
            for _ in range(20):
                press("Tab")
                if page.locator(selector).evaluate("node => node === document.activeElement"):
                    return
            raise AssertionError(f"{selector} is not reached")

        tab_to("#refresh")
        press("Tab")
        press("Space")
        press("ArrowDown")
        press("ArrowUp")
        expect(page.get_by_role("radio", name="Home")).to_be_checked()
        for selector, text in (("#passphrase", "not the password"), ("#name", "Scooter"), ("#password", PASSWORD)):
            tab_to(selector)
            press("Control+a")
            page.keyboard.type(text)
        tab_to("[name=chemistry][value=lfp]")
        press("Space")
        tab_to("#capacity")
        press("Control+a")
        page.keyboard.type("20")
        press("Enter")
        expect(page.locator("#trying h2")).to_be_focused()
