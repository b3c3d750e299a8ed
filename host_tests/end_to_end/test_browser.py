"""The page in a browser: what its reader sees, and what it says when a part is gone."""

import re

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from host_tests.end_to_end.chain import EVERY_SECOND, FIXED, FIXED_MV, Chain
from host_tests.end_to_end.process import PATIENCE_S
from host_tests.end_to_end.several import CELLS_MV, Setup, bus_of, config_of
from host_tests.needs import need_browser

pytestmark = pytest.mark.browser

PATIENCE_MS = 1000 * PATIENCE_S
LIT_PIXELS = """() => {
  const canvas = document.querySelector("canvas");
  if (!canvas || !canvas.offsetParent) return 0;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, i) => i % 4 === 3 && value).length;
}"""


@pytest.fixture(scope="module")
def browser():
    path = need_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def chain(tmp_path):
    soon_offline = {"packs": [{"interval_ms": 300, "timeout_ms": 300}]}
    with Chain(tmp_path, *FIXED, config=soon_offline, broker=False) as chain:
        yield chain


class Visit:
    """The page of a chain's firmware, open, with all it asked for and complained about."""

    def __init__(self, browser, chain: Chain, **options):
        self.page = browser.new_page(**options)
        self.requests = []
        self.complaints = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        expect.set_options(PATIENCE_MS)
        self.page.goto(chain.firmware.url)
        self.cells = self.page.get_by_role("listitem").filter(has_text="mV")
        self.links = self.page.get_by_role("status")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()

    def wait_for_cells(self):
        expect(self.cells).to_have_count(len(FIXED_MV))
        for number, voltage_mv in enumerate(FIXED_MV):
            expect(self.cells.nth(number)).to_contain_text(str(voltage_mv))


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", "viewport": {"width": 360, "height": 640}}])
def test_every_value_is_shown_and_nobody_else_is_asked(browser, fixed, options):
    with Visit(browser, fixed, **options) as visit:
        visit.wait_for_cells()
        expect(visit.cells.nth(1)).to_contain_text("highest")
        expect(visit.cells.nth(2)).to_contain_text("lowest")
        for number in (0, 3):
            expect(visit.cells.nth(number)).not_to_contain_text(re.compile("highest|lowest"))
        expect(visit.links).to_contain_text(re.compile("Device .*live.* Balancer .*online"))
        for text in ("13.20", "Waiting", "24.0 °C", "2.00 A", "Up to date", "evencell is not a BMS"):
            expect(visit.page.locator("body")).to_contain_text(text)
        visit.page.wait_for_function(LIT_PIXELS, timeout=PATIENCE_MS)
        assert visit.complaints == []
        assert all(url.startswith((fixed.firmware.url, "data:")) for url in visit.requests)
        assert too_wide(visit.page) == 0


def too_wide(page) -> int:
    """By how many pixels the page must be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_moving_values_move_on_the_page(browser, moving):
    with Visit(browser, moving) as visit:
        expect(visit.cells).to_have_count(4)
        cells = visit.cells.first.locator("..")
        expect(cells).not_to_have_text(cells.inner_text())
        assert visit.complaints == []


def test_a_dead_balancer_makes_the_data_old(browser, chain):
    with Visit(browser, chain) as visit:
        visit.wait_for_cells()
        chain.simulator.kill()
        expect(visit.links).to_contain_text(re.compile("Device .*live.* Balancer .*no answer"))
        expect(visit.page.locator("body")).to_contain_text(re.compile(r"Last reading \d+ s ago"))
        visit.wait_for_cells()
        assert "no new reading" in visit.page.title()
        chain.simulator.start()
        expect(visit.links).to_contain_text(re.compile("Balancer .*online"))
        expect(visit.page.locator("body")).to_contain_text("Up to date")
        assert visit.complaints == []


def test_a_dead_device_is_lost_and_found_again(browser, chain):
    with Visit(browser, chain) as visit:
        visit.wait_for_cells()
        chain.firmware.kill()
        expect(visit.links).to_contain_text(re.compile("Device .*disconnected.* Balancer .*unknown"))
        visit.wait_for_cells()
        assert "no new reading" in visit.page.title()
        chain.firmware.start()
        expect(visit.links).to_contain_text(re.compile("Device .*(live|polled).* Balancer .*online"))
        assert all("ERR_" in complaint for complaint in visit.complaints), visit.complaints


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", "viewport": {"width": 360, "height": 640}}])
def test_a_broker_that_is_away_and_what_waits_for_it(browser, tmp_path, options):
    with Chain(tmp_path, *FIXED, config=EVERY_SECOND) as chain, Visit(browser, chain, **options) as visit:
        expect(visit.links).to_contain_text("MQTT ● connected")
        chain.broker.kill()
        away = re.compile(r"MQTT ○ not connected, \d+ readings? waiting.*: nobody listens there")
        expect(visit.links).to_contain_text(away)
        assert too_wide(visit.page) == 0
        visit.page.get_by_text("Device", exact=True).last.click()
        expect(visit.page.locator("#device")).to_contain_text("state")
        expect(visit.page.locator("#device")).not_to_contain_text("[object")
        chain.broker.start()
        expect(visit.links).to_contain_text("MQTT ● connected")
        chain.firmware.kill()
        expect(visit.links).to_contain_text("MQTT ◌ unknown")
        assert all("ERR_" in complaint for complaint in visit.complaints), visit.complaints


def test_a_line_of_the_log_about_the_broker_has_the_page_ask_at_once(browser, tmp_path):
    """The stream lacks the device. By the page's clock, which stands, it is never time to ask."""
    with Chain(tmp_path, *FIXED, config=EVERY_SECOND) as chain, Visit(browser, chain) as visit:
        expect(visit.links).to_contain_text("MQTT ● connected")
        visit.page.clock.set_fixed_time(visit.page.evaluate("Date.now()"))
        chain.broker.kill()
        expect(visit.links).to_contain_text("MQTT ○ not connected")
        chain.broker.start()
        expect(visit.links).to_contain_text("MQTT ● connected")


def test_faults_of_the_configuration_are_shown(browser, tmp_path):
    config = {"display": {"brightness": 101}}
    with Chain(tmp_path, *FIXED, config=config, broker=False) as chain, Visit(browser, chain) as visit:
        expect(visit.page.get_by_text("display.brightness: 101").first).to_be_visible()
        expect(visit.page.locator("#mqtt")).to_be_hidden()  # no broker is configured


@pytest.mark.parametrize("width", [1200, 360])
def test_several_packs_are_told_apart(browser, tmp_path, width):
    """One that is silent says so, whichever is chosen; one that has no line was never asked."""
    config = config_of({"name": "front"}, {"name": "rear", "address": 2}, {"name": "shed", "uart": 1})
    viewport = {"width": width, "height": 740}
    with (
        Setup(tmp_path, config, bus_of("front", "rear")) as several,
        Visit(browser, several, viewport=viewport) as visit,
    ):
        packs = visit.page.get_by_role("navigation", name="Packs").get_by_role("button")
        expect(packs).to_have_text(["front", "rear", "shed ○ no answer"])
        for number, name in enumerate(("front", "rear")):
            packs.nth(number).click()
            expect(visit.cells.first).to_contain_text(str(CELLS_MV[name][0]))
            expect(visit.links).to_contain_text(re.compile("Balancer .*online"))
        several.lines[0].switch("+silent@1")
        expect(packs).to_have_text(["front ○ no answer", "rear", "shed ○ no answer"])
        expect(visit.links).to_contain_text(re.compile("Balancer .*online"))
        packs.nth(2).click()
        expect(visit.page.locator("body")).to_contain_text("it was never asked")
        expect(visit.page.get_by_text("UART 1 needs a port of its own").first).to_be_visible()
        assert visit.complaints == []
        assert too_wide(visit.page) == 0


def test_a_name_is_text_and_never_a_script(browser, tmp_path):
    name = "<img src=x onerror=x()>"
    with Chain(tmp_path, *FIXED, config={"name": name}, broker=False) as chain, Visit(browser, chain) as visit:
        expect(visit.page.get_by_role("heading", name=name)).to_be_visible()
        visit.wait_for_cells()
        assert visit.complaints == []
        with pytest.raises(Error, match="x is not defined"):
            visit.page.evaluate("x()")
