"""The page in a browser: what its reader sees, and what it says when a part is gone."""

import re

import pytest
from playwright.sync_api import Error, expect

from host_tests.end_to_end.browsing import (
    DESK,
    PHONE,
    VIEWS,
    Visit,
    browser,
    raw_keys,
    scrolled_parts,
    too_wide,
    violations,
)
from host_tests.end_to_end.chain import EVERY_SECOND, FIXED, FIXED_MV, Chain
from host_tests.end_to_end.process import until
from host_tests.end_to_end.several import CELLS_MV, Setup, bus_of, config_of

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

LARGEST_SHIFT = 0.02  # "good" is below 0.1; what is seen is below 0.02
SHIFT = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries().reduce((sum, { value }) => sum + value, 0)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(0), 500); // no entries: no observer is called
})"""
LIT_PIXELS = """() => {
  const canvas = document.querySelector("#display");
  if (!canvas || !canvas.offsetParent) return 0;
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, i) => i % 4 === 2 && value > 100).length;
}"""


@pytest.fixture
def chain(tmp_path):
    soon_offline = {"packs": [{"interval_ms": 300, "timeout_ms": 300}]}
    with Chain(tmp_path, *FIXED, config=soon_offline, broker=False) as chain:
        yield chain


def wait_for_cells(visit: Visit):
    expect(visit.cells).to_have_count(len(FIXED_MV))
    for number, voltage_mv in enumerate(FIXED_MV):
        expect(visit.cells.nth(number)).to_contain_text(str(voltage_mv))


def test_first_view_says_how_the_pack_is_and_asks_no_other_server(browser, fixed):
    with Visit(browser, fixed.firmware, **DESK) as visit:
        wait_for_cells(visit)
        expect(visit.verdict).to_contain_text("Pack healthy: balanced, spread 3 mV")
        expect(visit.link).to_have_text("live")
        for text in ("13.20", "24.0", "2.00 A", "Up to date", "evencell is not a BMS"):
            expect(visit.page.locator("body")).to_contain_text(text)
        expect(visit.page.locator("#alarms, #notices").first).to_be_empty()
        assert all(url.startswith((fixed.firmware.url, "data:")) for url in visit.requests)
        assert visit.page.evaluate(SHIFT) <= LARGEST_SHIFT
        assert not visit.asked_for("/page/history.js")
        assert visit.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_every_view_is_whole_accessible_and_without_raw_keys(browser, fixed, options, theme):
    with Visit(browser, fixed.firmware, **{**options, "color_scheme": theme}) as visit:
        wait_for_cells(visit)
        for view in VIEWS:
            visit.open(view)
            closed = visit.page.locator(f"#view-{view} details:not([open]) > summary:visible")
            while closed.count():
                closed.first.click()
            expect(visit.page.locator(f"#view-{view}")).not_to_contain_text("…")
            assert raw_keys(visit.page) == [], view
            assert too_wide(visit.page) == 0, view
            assert violations(visit.page) == [], view
            for width in (320, 768):
                visit.page.set_viewport_size({**options["viewport"], "width": width})
                assert too_wide(visit.page) == 0, (view, width)
                assert scrolled_parts(visit.page) == [], (view, width)
                assert visit.page.locator("h1").bounding_box()["height"] < 30, width  # in one line
            visit.page.set_viewport_size(options["viewport"])
        assert visit.complaints == []


def test_a_page_that_the_device_refuses_says_why(browser, fixed):
    reason = "the device is not known by this host name: use its address, or add http://NAME to http.origins"
    page = browser.new_page(**PHONE)
    page.route("**/api/v1/**", lambda route: route.fulfill(status=403, json={"error": reason}))
    page.goto(fixed.firmware.url)
    expect(page.locator("#verdict")).to_contain_text("Das Gerät antwortet mit einem Fehler")
    expect(page.locator("#verdict")).to_contain_text("seine Adresse benutzen")
    page.close()


def test_everything_is_reached_by_keyboard(browser, fixed):
    with Visit(browser, fixed.firmware, **DESK) as visit:
        wait_for_cells(visit)
        visit.page.keyboard.press("Tab")
        expect(visit.page.locator(".skip")).to_be_focused()
        for view in VIEWS:
            visit.page.keyboard.press("Tab")
            expect(visit.page.locator(f'#views a[href="#{view}"]')).to_be_focused()
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("#view-device")).to_be_visible()
        focused = set()
        for _ in range(12):
            visit.page.keyboard.press("Tab")
            focused.add(visit.page.evaluate("document.activeElement.textContent.slice(0, 8)"))
        assert {"Counters", "Log", "Dark", "Deutsch"} <= focused


def test_language_and_theme_follow_the_browser_until_they_are_chosen(browser, fixed):
    with Visit(browser, fixed.firmware, **PHONE) as visit:
        expect(visit.verdict).to_contain_text("Akku gesund: ausgeglichen, Spanne 3 mV")
        expect(visit.page.locator("#figures")).to_contain_text("13,20")
        root = visit.page.locator("html")
        expect(root).to_have_attribute("data-theme", "dark")
        visit.page.emulate_media(color_scheme="light")
        expect(root).to_have_attribute("data-theme", "light")
        visit.page.get_by_role("button", name="Dunkel").click()
        visit.page.get_by_role("button", name="English").click()
        expect(visit.verdict).to_contain_text("Pack healthy")
        expect(root).to_have_attribute("data-theme", "dark")
        assert visit.complaints == []


def test_display_is_shown_and_moving_values_move(browser, moving):
    with Visit(browser, moving.firmware, **DESK) as visit:
        expect(visit.cells).to_have_count(4)
        cells = visit.page.locator("#cells")
        expect(cells).not_to_have_text(cells.inner_text())
        expect(visit.verdict).to_contain_text(re.compile(r"Balancing: cell \d → cell \d"))
        assert visit.asked_for("/api/v1/display") == []
        visit.open("device")
        until(lambda: visit.page.evaluate(LIT_PIXELS), "a lit pixel")
        assert visit.complaints == []


def test_alarms_stand_in_order_of_danger_with_cell_and_remedy(browser, tmp_path):
    """Whole degrees leave the temperature's scale unknown."""
    faults = ("count_mismatch", "dead_cell:2", "overvoltage", "whole_degrees")
    options = ["--cells", "3600,3302,3300,3218", *(word for fault in faults for word in ("--fault", fault))]
    with Chain(tmp_path, *options, broker=False) as chain, Visit(browser, chain.firmware, **DESK) as visit:
        titles = ["Cell voltage not plausible: cell 2", "Cell count differs from the settings: cell 5"]
        expect(visit.page.locator("#alarms strong")).to_have_text(titles)
        expect(visit.verdict).to_contain_text("Cell 1 at 3.60 V: stop charging")
        expect(visit.cells.nth(1)).to_contain_text("0 V, though counted")
        expect(visit.page.locator("#figures")).to_contain_text("scale unknown")
        assert visit.page.title().startswith("⚠")
        assert violations(visit.page) == []
        for fault in faults:
            chain.simulator.switch("-" + fault.partition(":")[0])
        expect(visit.page.locator("#alarms strong")).to_have_count(0)
        assert visit.complaints == []


def test_markers_and_axis_stay_while_cells_differ_by_little(browser, fixed):
    """3 mV are within the accuracy of the balancer: no cell is the highest."""
    with Visit(browser, fixed.firmware, **DESK) as visit:
        wait_for_cells(visit)
        for number in range(4):
            expect(visit.cells.nth(number)).not_to_contain_text(re.compile("highest|lowest"))
        expect(visit.page.locator("#scale")).to_contain_text("to 10 mV")


def test_a_dead_balancer_makes_the_data_old(browser, chain):
    with Visit(browser, chain.firmware, **DESK) as visit:
        wait_for_cells(visit)
        chain.simulator.kill()
        expect(visit.verdict).to_contain_text("The balancer does not answer")
        expect(visit.verdict).to_contain_text(re.compile(r"Last reading \d+\ss ago"))
        expect(visit.link).to_have_text("live")
        wait_for_cells(visit)
        assert "no new reading" in visit.page.title()
        chain.simulator.start()
        expect(visit.verdict).to_contain_text("Pack healthy")
        assert visit.complaints == []


@pytest.mark.parametrize("options", [DESK, {**PHONE, "locale": "en-GB"}], ids=["desk", "phone"])
def test_a_dead_device_is_lost_and_found_again(browser, chain, options):
    with Visit(browser, chain.firmware, **options) as visit:
        wait_for_cells(visit)
        chain.firmware.kill()
        expect(visit.link).to_have_text("disconnected")
        expect(visit.verdict).to_contain_text("Connection to the device lost")
        wait_for_cells(visit)
        assert "no new reading" in visit.page.title()
        chain.firmware.start()
        expect(visit.verdict).to_contain_text("Pack healthy")
        expect(visit.link).to_have_text(re.compile("live|every 2 s"))
        assert all("ERR_" in complaint for complaint in visit.complaints), visit.complaints


@pytest.mark.parametrize("options", [DESK, {**PHONE, "locale": "en-GB"}], ids=["desk", "phone"])
def test_a_broker_that_is_away_and_what_waits_for_it(browser, tmp_path, options):
    with (
        Chain(tmp_path, *FIXED, config=EVERY_SECOND) as chain,
        Visit(browser, chain.firmware, "device", **options) as visit,
    ):
        sending = visit.page.locator("#sending")
        expect(sending).to_contain_text("connected")
        chain.broker.kill()
        expect(sending).to_contain_text("waiting for the next try")
        expect(sending).to_contain_text("connection refused")
        expect(sending).to_contain_text(re.compile(r"Waiting to be sent.*\d+ readings?"))
        assert too_wide(visit.page) == 0
        chain.broker.start()
        expect(sending).to_contain_text("connected")
        assert visit.complaints == []


def test_a_line_of_the_log_about_the_broker_has_the_page_ask_at_once(browser, tmp_path):
    """The stream lacks the device. By the page's clock, which stands, it is never time to ask."""
    with (
        Chain(tmp_path, *FIXED, config=EVERY_SECOND) as chain,
        Visit(browser, chain.firmware, "device", **DESK) as visit,
    ):
        sending = visit.page.locator("#sending")
        expect(sending).to_contain_text("connected")
        visit.page.clock.set_fixed_time(visit.page.evaluate("Date.now()"))
        chain.broker.kill()
        expect(sending).to_contain_text("waiting for the next try")
        chain.broker.start()
        expect(sending).to_contain_text("connected")


def test_faults_of_the_configuration_are_shown(browser, tmp_path):
    config = {"display": {"brightness": 101}}
    with Chain(tmp_path, *FIXED, config=config, broker=False) as chain, Visit(browser, chain.firmware, **DESK) as visit:
        expect(visit.page.locator("#notices")).to_contain_text("display.brightness: 101")
        visit.open("device")
        expect(visit.page.locator("#sending")).to_contain_text("no broker is configured")


@pytest.mark.parametrize("width", [1200, 360])
def test_several_packs_are_distinguished(browser, tmp_path, width):
    """One that is silent says so, whichever is chosen; one that has no line was never asked."""
    config = config_of({"name": "front"}, {"name": "rear", "address": 2}, {"name": "shed", "uart": 1})
    viewport = {"width": width, "height": 740}
    with (
        Setup(tmp_path, config, bus_of("front", "rear")) as several,
        Visit(browser, several.firmware, viewport=viewport, locale="en-GB") as visit,
    ):
        packs = visit.page.get_by_role("navigation", name="Packs").get_by_role("button")
        expect(packs).to_have_text(["front", "rear", "shed – no answer"])
        for number, name in enumerate(("front", "rear")):
            packs.nth(number).click()
            expect(visit.cells.first).to_contain_text(str(CELLS_MV[name][0]))
        several.lines[0].switch("+silent@1")
        expect(packs).to_have_text(["front – no answer", "rear", "shed – no answer"])
        packs.nth(2).click()
        expect(visit.verdict).to_contain_text("The balancer was never asked")
        expect(visit.page.get_by_text("UART 1 needs a port of its own").first).to_be_visible()
        assert visit.complaints == []
        assert too_wide(visit.page) == 0


def test_24_cells_fit_a_phone(browser, tmp_path):
    cells = ",".join(str(3300 + number % 5) for number in range(24))
    with (
        Chain(tmp_path, "--cells", cells, broker=False) as chain,
        Visit(browser, chain.firmware, **PHONE) as visit,
    ):
        expect(visit.cells).to_have_count(24)
        expect(visit.cells.nth(23)).to_contain_text("3303")
        assert too_wide(visit.page) == 0


def test_a_simulated_pack_is_said_to_be_one(browser, tmp_path):
    with Chain(tmp_path, *FIXED, broker=False) as chain, Visit(browser, chain.firmware, **DESK) as visit:
        wait_for_cells(visit)
        chip = visit.page.locator("#simulated")
        expect(chip).to_be_hidden()  # evencell run does not know what answers at its port
        visit.page.route("**/api/v1/session", answer_as_simulated)
        visit.page.reload()
        expect(chip).to_have_text("Simulated pack")
        visit.page.unroute_all(behavior="wait")


def answer_as_simulated(route):
    response = route.fetch()
    body = response.json()
    body["simulated"] = True
    route.fulfill(response=response, json=body)


def test_a_name_is_text_and_never_a_script(browser, tmp_path):
    name = "<img src=x onerror=x()>"
    config = {"name": name}
    with Chain(tmp_path, *FIXED, config=config, broker=False) as chain, Visit(browser, chain.firmware) as visit:
        expect(visit.page.get_by_role("heading", name=name)).to_be_visible()
        wait_for_cells(visit)
        assert visit.complaints == []
        with pytest.raises(Error, match="x is not defined"):
            visit.page.evaluate("x()")
