"""The history on the page: read only when somebody opens it, and what is seen then."""

import re
import time
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.past import DRIFTING, make_past
from host_tests.end_to_end.test_browser import Visit, browser, too_wide

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

DAYS = 8
PHONE = {"color_scheme": "dark", "viewport": {"width": 360, "height": 640}}


@pytest.fixture(scope="module")
def with_past(tmp_path_factory):
    """A device that was there for days."""
    folder = tmp_path_factory.mktemp("past")
    with Simulator(folder, *FIXED) as simulator:
        firmware = Firmware(folder, simulator.link)
        make_past(firmware.data, 4, DAYS, int(time.time()) - 600)
        with firmware:
            firmware.wait_for_line("link online")
            yield SimpleNamespace(firmware=firmware)


def asked_for(visit: Visit) -> list[str]:
    return [url.rsplit("?", 1)[1] for url in visit.requests if "/history" in url]


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
def test_a_weak_cell_is_named_and_drawn(browser, with_past, options):
    with Visit(browser, with_past, **options) as visit:
        page = visit.page
        visit.wait_for_cells()
        assert asked_for(visit) == []
        page.get_by_text("History and health").click()
        expect(page.locator("#verdict")).to_contain_text(re.compile(rf"Cell {DRIFTING} drifts −(2\.9|3\.0) mV a day"))
        courses = page.locator("#courses li")
        expect(courses).to_have_count(4)
        expect(courses.nth(DRIFTING - 1)).to_contain_text(re.compile(r"drift −(2\.9|3\.0)\smV/day"))
        assert page.locator("#courses .warn").count() == 1
        assert asked_for(visit) == ["pack=pack1&span=24h"]
        day = drawn(page)
        page.get_by_role("button", name="30 days").click()
        expect(page.get_by_role("button", name="30 days")).to_have_attribute("aria-current", "true")
        page.wait_for_function(
            "before => document.querySelector('#courses .mean').getAttribute('d') !== before", arg=day
        )
        assert drawn(page).count("L") >= DAYS * 96 - 2
        expect(page.locator("#past")).to_contain_text("Balancing")
        assert too_wide(page) == 0
        assert visit.complaints == []


def drawn(page) -> str:
    return page.locator("#courses .mean").first.get_attribute("d")


def test_a_gap_in_time_is_a_gap_in_the_line(browser, with_past):
    """From the past, which ended ten minutes ago, to what is read now."""
    with Visit(browser, with_past) as visit:
        visit.page.get_by_text("History and health").click()
        visit.page.get_by_role("button", name="1 hour").click()
        line = visit.page.locator("#courses .mean").first
        expect(line).to_have_attribute("d", re.compile("^M.*M"))


def test_without_a_history_the_reason_is_said(browser, tmp_path):
    config = {"history": {"enabled": False}}
    with Simulator(tmp_path, *FIXED) as simulator, Firmware(tmp_path, simulator.link, config=config) as firmware:
        firmware.wait_for_line("link online")
        with Visit(browser, SimpleNamespace(firmware=firmware)) as visit:
            visit.wait_for_cells()
            visit.page.get_by_text("History and health").click()
            expect(visit.page.locator("#verdict")).to_contain_text("history.enabled is false")
            expect(visit.page.locator("#past-shown")).to_be_hidden()
