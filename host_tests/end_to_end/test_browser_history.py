"""The history and the health on the page: read when a view needs it, and what is seen and done then."""

import re
import time
from datetime import datetime
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from host_tests.end_to_end.browsing import COLOURED, DESK, PHONE, Visit, browser, scrolled_parts, too_wide, violations
from host_tests.end_to_end.chain import FIXED, Chain, Firmware, Simulator
from host_tests.end_to_end.past import DRIFTING, make_past
from host_tests.end_to_end.process import until
from host_tests.end_to_end.proxy import Proxy

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser

DAYS = 8


@pytest.fixture(scope="module")
def with_past(tmp_path_factory):
    """A device that was there for days, up to ten minutes ago."""
    folder = tmp_path_factory.mktemp("past")
    with Simulator(folder, *FIXED) as simulator:
        firmware = Firmware(folder, simulator.link)
        make_past(firmware.data, 4, DAYS, int(time.time()) - 600)
        with firmware:
            firmware.wait_for_line("link online")
            yield firmware


def spans_asked_for(visit: Visit) -> list[str]:
    return [url.rsplit("span=", 1)[1] for url in visit.asked_for("/history?")]


def over(visit: Visit):
    return visit.page.locator("#history-over")


def test_the_last_hour_is_there_at_once(browser, with_past):
    with Visit(browser, with_past, **DESK) as visit:
        until(lambda: visit.page.evaluate(COLOURED, "hour") > 500, "coloured curves")
        assert spans_asked_for(visit) == ["1h"]
        assert visit.complaints == []


@pytest.mark.parametrize("options", [DESK, {**PHONE, "locale": "en-GB"}], ids=["desk", "phone"])
def test_each_span_is_drawn_and_hover_shows_values(browser, with_past, options):
    with Visit(browser, with_past, "history", **options) as visit:
        page = visit.page
        expect(over(visit)).to_contain_text("Means of a minute")
        until(lambda: page.evaluate(COLOURED, "curves") > 500, "coloured curves")
        box = page.locator("#curves").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
        tip = page.locator("#tip")
        expect(tip).to_contain_text(re.compile(r"Cell 3.*\d{4}\.\d\smV"))
        expect(tip).to_contain_text("Pack voltage")
        page.get_by_role("button", name="Month").click()
        expect(over(visit)).to_contain_text("Means of 15 minutes")
        expect(over(visit)).to_contain_text("Recorded since")  # the axis is a month, and eight days of it are filled
        page.get_by_role("button", name="Distance from the average").click()
        until(lambda: page.evaluate(COLOURED, "curves") > 200, "coloured curves")
        assert spans_asked_for(visit)[-2:] == ["24h", "30d"]
        assert too_wide(page) == 0
        assert violations(page) == []
        assert visit.complaints == []


def test_wheel_drag_and_keys_move_and_zoom(browser, with_past):
    with Visit(browser, with_past, "history", **DESK) as visit:
        page, curves = visit.page, visit.page.locator("#curves")
        expect(over(visit)).to_contain_text("Means of a minute")
        whole = over(visit).inner_text()
        box = curves.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
        page.mouse.wheel(0, -200)
        expect(over(visit)).not_to_have_text(whole)
        zoomed = over(visit).inner_text()
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 + 150, box["y"] + 100, steps=4)
        page.mouse.up()
        expect(over(visit)).not_to_have_text(zoomed)
        curves.focus()
        page.keyboard.press("Home")
        expect(over(visit)).to_have_text(whole)
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#tip")).to_be_visible()
        page.keyboard.press("+")
        expect(over(visit)).not_to_have_text(whole)
        assert visit.complaints == []


class Fingers:
    """Fingers on the screen, by the protocol of Chromium's own tools."""

    def __init__(self, page):
        self._session = page.context.new_cdp_session(page)

    def touch(self, kind: str, *points):
        places = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def move(self, *paths, steps: int = 5):
        """Each finger from its first point to its last."""
        self.touch("touchStart", *(path[0] for path in paths))
        for step in range(1, steps + 1):
            share = step / steps
            self.touch("touchMove", *((a + (c - a) * share, b + (d - b) * share) for (a, b), (c, d) in paths))
        self.touch("touchEnd")


def seen_ms(visit: Visit) -> float:
    """The span on the axis, of what the page says about it."""
    text = over(visit).inner_text().split(".")[0]
    return visit.page.evaluate(
        """(text) => {
            const [from, to] = text.split(" – ").map((part) => new Date(`${part} ${new Date().getFullYear()}`));
            return to - from;
        }""",
        text.replace(",", ""),
    )


def test_two_fingers_zoom_and_one_moves(browser, with_past):
    with Visit(browser, with_past, "history", **{**PHONE, "locale": "en-US"}) as visit:
        page, fingers = visit.page, Fingers(visit.page)
        expect(over(visit)).to_contain_text("Means of a minute")
        page.locator("#curves").scroll_into_view_if_needed()
        box = page.locator("#curves").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + 150
        whole = over(visit).inner_text()
        fingers.move(((x - 20, y), (x - 100, y)), ((x + 20, y), (x + 100, y)))
        expect(over(visit)).not_to_have_text(whole)
        zoomed = over(visit).inner_text()
        assert seen_ms(visit) < 12 * 3_600_000, zoomed
        assert page.evaluate("visualViewport.scale") == 1
        fingers.move(((x, y), (x + 80, y)))
        expect(over(visit)).not_to_have_text(zoomed)
        moved = over(visit).inner_text()
        fingers.move(((x - 120, y), (x - 15, y)), ((x + 120, y), (x + 15, y)))
        expect(over(visit)).not_to_have_text(moved)
        assert seen_ms(visit) > 20 * 3_600_000, over(visit).inner_text()
        scrolled = page.evaluate("scrollY")
        fingers.move(((x, y), (x, y - 120)))
        page.wait_for_function("(before) => scrollY > before", arg=scrolled)
        assert visit.complaints == []


def test_events_outlive_a_restart_of_the_device_and_of_the_page(browser, tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator, Firmware(tmp_path, simulator.link) as firmware:
        firmware.wait_for_line("link online")
        with Visit(browser, SimpleNamespace(url=firmware.url), "history", **DESK) as visit:
            events = visit.page.locator("#events")
            expect(events).to_contain_text("Balancer online")
            hour = visit.page.get_by_role("button", name="Hour")
            expect(hour).to_have_attribute("aria-pressed", "true")  # no more is recorded
            seen_at = events.locator("time").last.get_attribute("datetime")
            until(lambda: time.time() - datetime.fromisoformat(seen_at).timestamp() > 4, "an event that is another one")
            firmware.stop()
            firmware.start()
            firmware.wait_for_line("link online")
            visit.page.reload()
            expect(events.get_by_text("Balancer online")).to_have_count(2)
            assert events.locator("time").last.get_attribute("datetime") == seen_at


@pytest.mark.parametrize("is_lost", [False, True], ids=["before the first stream", "between two streams"])
def test_an_event_while_no_stream_is_open_is_shown(browser, tmp_path, is_lost):
    """Once the next one is. By the page's clock, which stands, it is never time to ask for events."""
    with (
        Chain(tmp_path, *FIXED, broker=False) as chain,
        Proxy(chain.firmware.http_port) as proxy,
        Visit(browser, SimpleNamespace(url=f"http://127.0.0.1:{proxy.port}/"), "history", **DESK) as visit,
    ):
        page, events, held = visit.page, visit.page.locator("#events"), []
        expect(visit.link).to_have_text("live")
        page.clock.set_fixed_time(page.evaluate("Date.now()"))
        page.route("**/api/v1/events", lambda route: held.append(route))
        proxy.drop() if is_lost else page.reload()
        expect(events).to_contain_text("Balancer online")
        until(lambda: held or page.wait_for_timeout(0), "the request for a stream")
        chain.simulator.switch("+overvoltage")
        until(lambda: "overvoltage" in chain.firmware.pack()["alarms"], "the alarm")
        expect(events).not_to_contain_text("Alarm")
        held[0].continue_()
        expect(events).to_contain_text("Alarm")
        expect(events.get_by_text("Balancer online")).to_have_count(1)
        page.unroute_all(behavior="wait")


def test_events_are_listed_and_the_file_has_every_step(browser, with_past):
    with Visit(browser, with_past, "history", **DESK) as visit:
        expect(visit.page.locator("#events")).to_contain_text("Balancer online")
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Download CSV").click()
        lines = download.value.path().read_text().splitlines()
        assert lines[0].startswith("time,cell1_minimum_mv,cell1_maximum_mv,cell1_mean_mv,cell2_")
        assert lines[0].endswith("delta_mv,pack_mv")
        assert len(lines) > 24 * 60 - 30
        assert download.value.suggested_filename == "evencell pack1 24h.csv"


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["english", "german"])
def test_a_weak_cell_is_named_with_its_figures_and_what_to_do(browser, with_past, options):
    with Visit(browser, with_past, "health", **options) as visit:
        is_german = options is PHONE
        verdict = visit.page.locator("#health-verdict")
        cell = f"Zelle {DRIFTING} ist wahrscheinlich" if is_german else f"Cell {DRIFTING} is probably the weakest"
        expect(verdict).to_contain_text(cell)
        expect(verdict).to_contain_text(
            re.compile(r"fällt um (2,9|3,0) mV am Tag" if is_german else r"falls by (2\.9|3\.0) mV a day")
        )
        row = visit.page.locator("tr.named")
        expect(row).to_have_count(1)
        expect(row).to_contain_text(re.compile(r"−(2[.,]9|3[.,]0)"))
        assert visit.page.locator(".steps li").count() == 3
        visit.page.set_viewport_size({"width": 320, "height": 740})
        assert too_wide(visit.page) == 0
        assert scrolled_parts(visit.page) == []
        assert visit.complaints == []


def test_without_a_history_the_reason_is_said(browser, tmp_path):
    config = {"history": {"enabled": False}}
    with Simulator(tmp_path, *FIXED) as simulator, Firmware(tmp_path, simulator.link, config=config) as firmware:
        firmware.wait_for_line("link online")
        with Visit(browser, SimpleNamespace(url=firmware.url), "history", **DESK) as visit:
            expect(over(visit)).to_contain_text("No history is kept")
            visit.open("health")
            expect(visit.page.locator("#health-verdict")).to_contain_text("No history is kept")
