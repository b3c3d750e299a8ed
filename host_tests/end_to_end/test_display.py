"""The computer's display in another size, with colours: over HTTP, and on the page."""

import re

import pytest
from playwright.sync_api import expect, sync_playwright

from host_tests.broker import free_port
from host_tests.end_to_end import web
from host_tests.end_to_end.chain import FIXED, Firmware, Simulator
from host_tests.end_to_end.command import EVENCELL, evencell
from host_tests.end_to_end.process import PATIENCE_S, Process, until
from host_tests.end_to_end.test_display_life import tree_with
from host_tests.needs import need_browser, need_micropython


@pytest.fixture
def address(tmp_path):
    """A firmware with a display of 240 × 320 pixels: the port of its page."""
    need_micropython()
    port = free_port()
    with Simulator(tmp_path, *FIXED) as simulator:
        options = ["--port", simulator.link, "--http", f"127.0.0.1:{port}", "--data", tmp_path, "--display", "240x320"]
        with Process([EVENCELL, "run", *options]) as process:
            process.lines.wait(lambda line: "link online" in line, "online")
            yield port


def test_the_picture_has_colours(address):
    def picture():
        answer = web.request(address, "/api/v1/display")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "image/x-portable-pixmap")
        header = b"P6\n240 320\n255\n"
        assert answer.body.startswith(header)
        pixels = answer.body[len(header) :]
        assert len(pixels) == 240 * 320 * 3
        return any(pixels)

    until(picture, "a lit pixel")


@pytest.mark.browser
def test_the_page_shows_it(address):
    path = need_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{address}/#device")
        display = page.locator("#display")
        expect(display).to_have_attribute("width", re.compile("240"), timeout=1000 * PATIENCE_S)
        expect(display).to_have_attribute("height", "320")
        lit = "display => display.getContext('2d').getImageData(0, 0, 240, 320).data.some((x, i) => i % 4 < 3 && x)"
        until(lambda: display.evaluate(lit), "a lit pixel")
        browser.close()


@pytest.mark.browser
def test_the_page_shows_one_that_comes_later(tmp_path):
    path = need_browser()
    tree = tree_with(tmp_path, "display_board.py")
    with Simulator(tmp_path, *FIXED) as simulator, sync_playwright() as playwright:
        firmware = Firmware(tmp_path / "device", simulator.link, tree=tree)
        fault = firmware.data / "display_fault"
        fault.touch()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.clock.install()
        with firmware:
            with page.expect_response("**/api/v1/display", timeout=1000 * PATIENCE_S) as answer:
                page.goto(firmware.url + "#device")
            assert answer.value.status == 404
            fault.unlink()
            firmware.wait_for_line("display: answers again")
            expect(page.locator("#display")).to_be_hidden()
            page.clock.fast_forward(61_000)
            expect(page.locator("#display")).to_be_visible(timeout=1000 * PATIENCE_S)
        browser.close()


@pytest.mark.parametrize("size", ["240", "12x64", "240x321", "axb", "240x320x3"])
def test_a_size_that_is_none_has_status_2(size, tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator:
        result = evencell("run", "--port", simulator.link, "--display", size)
    assert result.returncode == 2
    assert "is not WIDTHxHEIGHT" in result.stderr
