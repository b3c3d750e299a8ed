"""The page by keyboard alone: every control is reached in its order, is seen when it has the focus, and keeps it."""

import json

import pytest
from playwright.sync_api import Page, expect

from host_tests.end_to_end.browsing import DESK, PHONE, VIEWS, Visit, assert_reached, browser, log_in, open_section
from host_tests.end_to_end.chain import FIXED, Chain
from host_tests.end_to_end.door import CONFIG, PASSWORD
from host_tests.end_to_end.process import until

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

LOUD = {"name": "loud", "field": "any_cell_mv", "above": 3300, "delay_s": 0, "severity": "danger"}
HIGH = {"name": "high", "field": "temperature_c", "above": 1, "delay_s": 0}
GIVEN = {
    **CONFIG,
    "packs": [{"writable": True, "capacity_ah": 20}],
    "wifi": {"networks": [{"ssid": "Home"}, {"ssid": "Camping"}]},
    "control": {"rules": [LOUD, HIGH]},
}


@pytest.fixture(scope="module")
def firmware(tmp_path_factory):
    with Chain(tmp_path_factory.mktemp("keyboard"), *FIXED, config=GIVEN, broker=False) as chain:
        until(lambda: chain.firmware.pack()["alarms"] == ["rule:loud", "rule:high"], "the raised rules")
        yield chain.firmware


@pytest.mark.parametrize("options", [DESK, {**PHONE, "locale": "en-GB"}], ids=["desk", "phone"])
def test_every_control_of_every_view_is_reached_in_order_and_seen(browser, firmware, options):
    with Visit(browser, firmware, "settings", **options) as visit:
        page = visit.page
        expect(page.locator("#balancer")).to_be_visible()
        assert_reached(page)  # the login
        log_in(page, PASSWORD)
        expect(page.locator("#section-update")).to_be_visible()
        for view in VIEWS:
            visit.open(view)
            closed = page.locator(f"#view-{view} details:not([open]) > summary:visible")
            while closed.count():
                closed.first.click()
            until_loaded(page, view)
            assert_reached(page)
        assert visit.complaints == []


def until_loaded(page: Page, view: str):
    """Wait for the controls that depend on an answer of the device."""
    if view == "now":
        expect(page.locator("#verdict").get_by_role("button", name="Acknowledge")).to_be_visible()
    elif view == "history":
        expect(page.get_by_role("button", name="Download CSV")).to_be_enabled()
    elif view == "settings":
        expect(page.locator(".tokens li")).to_be_visible()
    elif view == "device":
        expect(page.locator("#update dl")).to_contain_text("Installed")


def press_tab_to(page: Page, selector: str, key: str = "Tab"):
    target = page.locator(selector)
    for _ in range(150):
        page.keyboard.press(key)
        if target.evaluate("node => node === document.activeElement"):
            return
    raise AssertionError(f"{selector} is not reached")


def test_a_login_a_change_and_its_discarding_need_no_mouse(browser, firmware):
    with Visit(browser, firmware, "settings", **DESK) as visit:
        page, keys = visit.page, visit.page.keyboard
        press_tab_to(page, "#login-password")
        keys.type(PASSWORD)
        keys.press("Enter")
        expect(page.locator("#login")).to_be_hidden()
        expect(page.locator("#main")).to_be_focused()
        press_tab_to(page, "#section-general > summary")
        keys.press("Enter")
        name, save = page.locator("#f-name"), page.locator("#config-general > .main")
        press_tab_to(page, "#f-name")
        keys.press("Control+a")
        keys.type("Not this")
        press_tab_to(page, "#config-general > .main + .button")
        keys.press("Enter")
        expect(name).to_have_value("evencell")
        expect(save).to_be_focused()
        expect(page.get_by_role("button", name="Discard changes")).to_have_count(0)
        press_tab_to(page, "#f-name", "Shift+Tab")
        keys.press("Control+a")
        keys.type("Scooter")
        keys.press("Enter")
        expect(page.locator("#config-general > .said")).to_contain_text("Saved, and in use")
        expect(name).to_be_focused()
        assert json.loads((firmware.data / "config.json").read_text())["name"] == "Scooter"
        assert visit.complaints == []


def test_what_is_open_and_focused_stays_so_while_forms_are_saved(browser, firmware):
    with Visit(browser, firmware, "settings", **DESK) as visit:
        page, keys = visit.page, visit.page.keyboard
        log_in(page, PASSWORD)
        open_section(page, "log")
        open_section(page, "general")
        page.locator('[name="time.interval_s"]').fill("7200")
        page.locator("#config-general > .main").focus()
        keys.press("Enter")
        page.locator('[name="log.syslog_port"]').focus()  # before the answer, which makes all forms anew
        expect(page.locator("#config-general > .said")).to_contain_text("Saved")
        expect(page.locator('[name="log.syslog_port"]')).to_be_focused()
        expect(page.locator('[name="time.interval_s"]')).to_be_visible()

        open_section(page, "network")
        networks = page.locator('[data-path="wifi.networks"]')
        networks.get_by_role("button", name="Move Network 2 up").focus()
        keys.press("Enter")
        expect(page.locator('[name="wifi.networks[0].ssid"]')).to_be_focused()
        networks.get_by_role("button", name="Search for networks").focus()
        keys.press("Enter")
        expect(page.locator(".found")).to_contain_text("The search failed")  # this computer has no radio
        expect(networks.get_by_role("button", name="Search for networks")).to_be_focused()
        page.get_by_role("button", name="Log out").focus()
        keys.press("Enter")
        expect(page.locator("#login-password")).to_be_focused()
        assert all("503" in complaint for complaint in visit.complaints), visit.complaints


def test_an_alarm_whose_figures_change_keeps_the_focus_at_its_button(browser, firmware):
    """The notice is made anew with each temperature; once it is acknowledged its button is gone."""
    with Visit(browser, firmware, "settings", **DESK) as visit:
        page = visit.page
        log_in(page, PASSWORD)
        expect(page.locator("#login")).to_be_hidden()
        visit.open("now")
        button = page.locator("#alarms").get_by_role("button", name="Acknowledge")
        button.focus()
        old = button.element_handle()
        page.route("**/api/v1/packs/*/control", answer_with_other_words)
        until(lambda: not old.evaluate("node => node.isConnected"), "a notice made anew")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        page.unroute_all(behavior="wait")
        expect(page.locator("#alarms")).to_contain_text("Acknowledged.")
        expect(page.locator("#main")).to_be_focused()


def answer_with_other_words(route):
    response = route.fetch()
    body = response.json()
    for rule in body["rules"]:
        rule["text"] = f"{rule['text']} now"
    route.fulfill(response=response, json=body)
