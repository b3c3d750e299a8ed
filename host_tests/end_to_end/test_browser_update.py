"""An update sent from the page: keys, refusals, progress, the restart, and what became of it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from host_tests.end_to_end.browsing import (
    DESK,
    PHONE,
    Visit,
    assert_reached,
    browser,
    log_in,
    raw_keys,
    too_wide,
    violations,
)
from host_tests.end_to_end.chain import FIXED, Simulator
from host_tests.end_to_end.door import PASSWORD
from host_tests.end_to_end.restarting import restarting
from host_tests.end_to_end.updating import VERSION, Device, signed, small_image, version_of
from host_tests.update.signing import key
from tools.build import page
from tools.build.slots import contents_of
from tools.update.image import of_files

__all__ = ["browser"]  # a fixture

pytestmark = pytest.mark.browser


@pytest.fixture
def device(tmp_path):
    with Simulator(tmp_path, *FIXED) as simulator, Device(tmp_path, simulator.link) as device:
        yield device


def built_of_other_words(patch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The page's files as another version has them."""
    with patch.context() as patched:
        read = Path.read_text
        patched.setattr(
            Path, "read_text", lambda path, *options: read(path, *options).replace("Balances above", "Acts above")
        )
        return page.built()


def open_update(visit: Visit):
    """Log in, then open the card of updates."""
    visit.open("settings")
    log_in(visit.page, PASSWORD)
    expect(visit.page.locator("#login")).to_be_hidden()
    visit.open("device")
    visit.page.locator("#update > summary").click()
    expect(visit.page.locator("#update input[type=file]")).to_be_visible()


def choose(page: Page, content: bytes, name: str = "image.evencell"):
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("#update input[type=file]").set_input_files([file])


def test_a_page_that_was_open_during_an_update_is_loaded_anew(browser, device, monkeypatch):
    device.start("link online")
    with Visit(browser, device, **DESK) as visit:
        expect(visit.cells).to_have_count(4)
        old = visit.page.evaluate("document.documentElement.dataset.version")
        for name, content in built_of_other_words(monkeypatch).items():
            Path(device.flash.path / "a" / name).write_bytes(content)
        visit.open("device")
        assert visit.page.locator("#view-device").count() == 1
        assert visit.page.evaluate("document.documentElement.dataset.version") != old


@pytest.mark.parametrize("options", [DESK, PHONE], ids=["desk", "phone"])
def test_a_computer_says_that_it_takes_no_update(browser, fixed, options):
    with Visit(browser, fixed.firmware, "device", **options) as visit:
        card = visit.page.locator("#update")
        card.locator("> summary").click()
        expect(card).to_contain_text("kein Update senden" if options is PHONE else "No update can be sent to this")
        expect(card.get_by_role("link")).to_be_hidden()
        expect(card.locator("input[type=file]")).to_be_hidden()
        assert violations(visit.page) == []


def test_an_update_is_sent_and_confirmed(browser, device):
    device.start("link online")
    image = of_files(version_of(contents_of(device.flash.path / "a")))
    with restarting(device), Visit(browser, device, "device", **DESK) as visit:
        page, card = visit.page, visit.page.locator("#update")
        card.locator("> summary").click()
        expect(card).to_contain_text("To send an update, log in first")
        expect(card.locator("input[type=file]")).to_be_hidden()
        card.locator("> summary").click()
        open_update(visit)
        expect(card.locator("dl")).to_contain_text("owner")

        choose(page, b"anything")
        expect(card).to_contain_text("This file is no image of evencell")
        choose(page, small_image(version="0.0.1").encode())
        expect(card).to_contain_text("evencell 0.0.1 is older than 0.1.0, which is installed")
        expect(card.get_by_role("button", name="Send update")).to_be_disabled()
        card.get_by_label("Allow an older version").check()
        expect(card.locator("#image")).to_contain_text("evencell 0.0.1 in place of 0.1.0")
        choose(page, image.signed(key("another")).encode())
        card.get_by_role("button", name="Send update").click()
        expect(card.locator(".said").first).to_contain_text("signed with a key that this device does not know")
        assert violations(page) == []
        assert raw_keys(page) == []
        assert_reached(page)

        choose(page, signed(image))
        card.get_by_role("button", name="Send update").click()
        expect(card.locator("progress")).to_be_visible()
        expect(card).to_contain_text("The device has taken it, and restarts")
        expect(card).to_contain_text(f"evencell {VERSION} is kept.")
        expect(card.locator("dl")).to_contain_text(f"Installed{VERSION}")
        card.get_by_role("button", name="Load the new version").click()
        expect(page.locator("#device")).to_contain_text(VERSION)
        assert_no_complaints(visit, "403")


def test_an_update_that_does_not_last_is_rolled_back_and_says_why(browser, device):
    device.start("link online")
    failing = version_of(contents_of(device.flash.path / "a"), app=b"import sys\nsys.exit(75)\n")
    with restarting(device), Visit(browser, device, **PHONE) as visit:
        card = visit.page.locator("#update")
        open_update(visit)
        choose(visit.page, signed(of_files(failing)))
        card.get_by_role("button", name="Update senden").click()
        expect(card.locator("dl")).to_contain_text("zurückgenommen")
        expect(card).to_contain_text(f"evencell {VERSION} blieb nicht: es endete dreimal früh. Es läuft wieder 0.1.0.")
        assert too_wide(visit.page) == 0
        assert violations(visit.page) == []
        assert raw_keys(visit.page) == []
        assert_no_complaints(visit)


def assert_no_complaints(visit: Visit, *expected: str):
    """Of the browser, but for `expected` and those of a device that restarts."""
    expected += ("ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_EMPTY")
    assert [said for said in visit.complaints if not any(part in said for part in expected)] == []
