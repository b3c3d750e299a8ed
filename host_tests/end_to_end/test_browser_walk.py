"""An owner's way with the page, from first contact to an update, at phone and desk size.

At each step the page is judged, and a picture taken: build/pictures/. `make pictures` makes those of docs/ of them.
"""

import contextlib
import datetime
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from host_tests.broker import free_port
from host_tests.end_to_end.browsing import (
    COLOURED,
    Visit,
    log_in,
    open_section,
    raw_keys,
    save,
    too_wide,
    violations,
)
from host_tests.end_to_end.chain import Simulator
from host_tests.end_to_end.new_device import ACCESS_POINT, ADDRESS, CELLS_MV, WIFI_PASSWORD, NewDevice
from host_tests.end_to_end.process import until
from host_tests.end_to_end.restarting import restarting
from host_tests.end_to_end.updating import signed, version_of
from host_tests.needs import need_browser
from host_tests.update.signing import key
from tools.build.slots import contents_of
from tools.docs.page_pictures import TAKEN
from tools.update.image import of_files

pytestmark = pytest.mark.browser

PASSWORD = "four random words here"
NEW_VERSION = "0.2.0"
SENDING_S = 8  # the page asks each two seconds how much the device has
SLOW_LINE = {"offline": False, "latency": 0, "downloadThroughput": -1}
_ALIKE = {"locale": "en-GB", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"}
SIZES = {
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.5, "color_scheme": "dark", **_ALIKE},
    "desk": {"viewport": {"width": 1180, "height": 820}, "color_scheme": "light", **_ALIKE},
}
# A pack so large that its cells are the same at the end of the way.
SIMULATION = ("--cells", ",".join(map(str, CELLS_MV)), "--capacity-ah", "400")


class Walk:
    """The open page, the device behind it, and what is done at each step."""

    def __init__(self, visit: Visit, device: NewDevice, size: str):
        self.visit, self.device, self.size = visit, device, size
        self.page: Page = visit.page

    def step(self, name: str):
        """Judge the page as it is, and take a picture."""
        assert self.visit.complaints == [], name
        self.page.screenshot(path=TAKEN / f"{name}-{self.size}.png", animations="disabled")
        assert violations(self.page) == [], name
        assert raw_keys(self.page) == [], name
        assert too_wide(self.page) == 0, name

    def has_been_away(self):
        """Take back what Chromium itself says of requests that found no device, or no login yet."""
        gone = ("ERR_", "status of 404", "status of 401")
        self.visit.complaints[:] = [said for said in self.visit.complaints if not any(map(said.__contains__, gone))]

    def show_section(self, name: str):
        """An open section of the settings, at the top of the window."""
        open_section(self.page, name)
        self.page.locator(f"#section-{name}").evaluate("node => scrollTo(0, node.offsetTop - 8)")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def browser(port):
    """One that finds the firmware under the addresses of a device."""
    rules = ", ".join(f"MAP {address}:80 127.0.0.1:{port}" for address in (ACCESS_POINT, ADDRESS))
    path, options = need_browser(), ["--no-sandbox", f"--host-resolver-rules={rules}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.mark.parametrize("size", SIZES)
def test_an_owner_goes_all_the_way(browser, port, tmp_path, size):
    TAKEN.mkdir(parents=True, exist_ok=True)
    with (
        Simulator(tmp_path, *SIMULATION) as simulator,
        NewDevice(tmp_path, simulator.link, port, free_port()) as device,
        browser.new_context(**SIZES[size]) as context,
    ):
        context.clock.install(time=datetime.datetime.fromtimestamp(device.now_s(), datetime.UTC))
        device.start("power")
        with restarting(device), Visit(context, SimpleNamespace(url=f"http://{ACCESS_POINT}/"), "") as visit:
            walk = Walk(visit, device, size)
            first_contact(walk)
            first_reading(walk)
            log_in_to_it(walk)
            change_settings(walk)
            every_view(walk)
            update(walk)
            lose_and_find(walk)
            simulator.switch("+wire_resistance")
            alarm_and_refusal(walk)


def first_contact(walk: Walk):
    page = walk.page
    page.get_by_role("radio", name="Home", exact=False).first.check()
    page.locator("#passphrase").fill("not the password")
    walk.step("setup-form")
    page.locator("#name").fill("Scooter")
    page.locator("#password").fill(PASSWORD)
    page.locator("label:has([name=chemistry])").first.click()
    page.locator("#capacity").fill("20")
    page.locator("#unencrypted").scroll_into_view_if_needed()
    walk.step("setup-pack")
    page.locator("#send").click()
    expect(page.locator("#trying")).to_be_visible()
    expect(page.locator("#elapsed")).to_contain_text("2 s so far")
    walk.step("setup-trying")
    expect(page.locator("#locked .fault")).to_contain_text('"Home" refuses the password')
    walk.step("setup-failed")
    page.locator("#passphrase").fill(WIFI_PASSWORD)
    page.locator("#send").click()
    expect(page.locator("#by_address")).to_have_attribute("href", f"http://{ADDRESS}/")
    walk.step("setup-done")
    page.locator("#finish").click()
    expect(walk.visit.verdict).to_be_visible()  # the page of the device has come in the place of this one


def first_reading(walk: Walk):
    walk.page.goto(f"http://{ADDRESS}/")
    expect(walk.visit.verdict).to_contain_text("Balancing: cell 1 → cell 3")
    expect(walk.visit.link).to_have_text("live")
    walk.has_been_away()


def log_in_to_it(walk: Walk):
    walk.visit.open("settings")
    expect(walk.page.locator("#balancer")).to_be_visible()
    walk.step("page-login")
    log_in(walk.page, PASSWORD)
    expect(walk.page.locator("#section-update")).to_contain_text("Updates")


def change_settings(walk: Walk):
    """The time zone, a policy, a rule, and whose updates are taken."""
    page = walk.page
    with opened(page, "general"):
        page.locator('[name="time.zone"]').select_option("CET-1CEST,M3.5.0,M10.5.0/3")
        save(page, "general", "Saved, and in use")
        page.locator("#section-general").evaluate("node => scrollTo(0, node.offsetTop - 8)")
        walk.step("page-saved")
    with opened(page, "network"):
        walk.show_section("network")
        walk.step("page-form")
    with opened(page, "packs"):
        page.locator('[name="packs[0].writable"]').check()
        save(page, "packs", "Saved")
    with opened(page, "balancing"):
        page.locator('[name="control.policy.preset"][value=custom]').check()
        page.get_by_role("button", name="Add a condition").click()
        condition = page.locator('[data-path="control.policy.conditions[0]"]')
        condition.get_by_label("What is watched").select_option(label="Spread, mV")
        condition.get_by_label("Not below").fill("5")
        save(page, "balancing", "Saved")
        walk.show_section("balancing")
        walk.step("page-balancing")
    with opened(page, "rules"):
        fill(page, "Add a rule", "control.rules[0]", name="low", below="3000", hysteresis="50")
        save(page, "rules", "Saved")
        walk.show_section("rules")
        walk.step("page-rules")
    with opened(page, "update"):
        modulus = key("owner").public.entry("owner")["modulus"]
        fill(page, "Add a key", "update.keys[0]", name="owner", modulus=modulus)
        save(page, "update", "Saved")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Restart the device").last.click()
    expect(page.locator("#login")).to_be_visible()  # the restart has ended the session
    walk.has_been_away()


@contextlib.contextmanager
def opened(page: Page, section: str) -> Iterator[None]:
    """A section of the settings, closed again at the end."""
    open_section(page, section)
    yield
    page.locator(f"#section-{section} > summary").click()


def fill(page: Page, button: str, path: str, **values: str):
    """Add an entry to a list, and fill in its fields."""
    page.get_by_role("button", name=button).click()
    for name, value in values.items():
        page.locator(f'[name="{path}.{name}"]').fill(value)


def every_view(walk: Walk):
    """The settings as one who is logged in has them."""
    for view in ("now", "history", "health", "device"):
        walk.visit.open(view)
        expect(walk.page.locator(f"#view-{view}")).not_to_contain_text("…")
        if view == "now":
            wait_for_curves(walk)
            expect(walk.page.locator("#policy")).to_contain_text("Balancing allowed")  # seconds after the start
            expect(walk.visit.cells.first).to_contain_text("gives 2.00")
        if view == "device":
            expect(walk.page.locator("#network")).to_contain_text("connected")
            expect(walk.page.locator("#display")).to_be_visible()
        walk.step(f"page-{view}")
    walk.visit.open("settings")
    log_in(walk.page, PASSWORD)
    expect(walk.page.locator("#section-update")).to_contain_text("owner")
    expect(walk.page.locator("#balancer .main")).to_be_enabled()
    walk.step("page-settings")


def wait_for_curves(walk: Walk):
    """Until the last hour is drawn."""
    until(lambda: walk.page.evaluate(COLOURED, "hour") > 500, "coloured curves")


def update(walk: Walk):
    page, card = walk.page, walk.page.locator("#update")
    image = signed(of_files(version_of(contents_of(walk.device.flash.path / "a"), NEW_VERSION)))
    walk.visit.open("device")
    card.locator("> summary").click()
    file = {"name": f"evencell-host-{NEW_VERSION}.evencell", "mimeType": "application/octet-stream", "buffer": image}
    card.locator("input[type=file]").set_input_files([file])
    expect(card).to_contain_text(f"evencell {NEW_VERSION} in place of")
    card.evaluate("node => scrollTo(0, node.offsetTop - 8)")
    walk.step("page-update")
    line = page.context.new_cdp_session(page)
    line.send("Network.emulateNetworkConditions", {**SLOW_LINE, "uploadThroughput": len(image) / SENDING_S})
    card.get_by_role("button", name="Send update").click()
    progress = card.locator("progress")
    until(lambda: progress.evaluate("node => node.value > 0.4"), "progress")
    walk.step("page-sending")
    expect(card).to_contain_text(f"evencell {NEW_VERSION} is kept.")
    line.detach()
    walk.has_been_away()
    card.evaluate("node => scrollTo(0, node.offsetTop - 8)")
    walk.step("page-updated")
    card.get_by_role("button", name="Load the new version").click()
    expect(page.locator("#device")).to_contain_text(NEW_VERSION)


def lose_and_find(walk: Walk):
    walk.visit.open("now")
    wait_for_curves(walk)
    expect(walk.visit.cells.first).to_contain_text("gives 2.00")
    walk.device.kill()
    expect(walk.visit.verdict).to_contain_text("Connection to the device lost")
    walk.has_been_away()
    walk.step("page-lost")
    walk.device.start()
    expect(walk.visit.link).to_have_text("live")
    expect(walk.page.locator("#policy")).to_contain_text("Balancing allowed")
    wait_for_curves(walk)
    expect(walk.visit.cells.first).to_contain_text("gives 2.00")
    walk.has_been_away()
    walk.step("page-found")


def alarm_and_refusal(walk: Walk):
    """A wire has too much resistance: the policy pauses, and balancing is not switched on against it."""
    page = walk.page
    expect(walk.visit.verdict).to_contain_text("Wire resistance too large")
    expect(page.locator("#policy")).to_contain_text("Balancing paused")
    walk.step("page-alarm")
    walk.visit.open("settings")
    log_in(page, PASSWORD)
    switch, said = page.locator("#b-balancing_enabled"), page.locator("#balancer .said")
    expect(switch).not_to_be_checked()
    page.once("dialog", lambda dialog: dialog.accept())
    switch.check()
    page.locator("#balancer .main").click()
    expect(said).to_contain_text("should stay off")
    page.locator("#balancer").evaluate("node => scrollTo(0, node.offsetTop - 8)")
    walk.step("page-refusal")
