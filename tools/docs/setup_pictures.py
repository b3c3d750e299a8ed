"""Takes pictures of first contact on a phone: docs/images/setup-….png. `make pictures` calls it."""

import contextlib
import json
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tools.build.tree import build
from tools.dev import device
from tools.dev.demo import free_port, listens, start, wait_until
from tools.dev.system_packages import browser
from tools.docs.page_pictures import IMAGES, SIZES

_ACCESS_POINT = "192.168.4.1"  # the page shows where it is: the browser finds the firmware under a device's address
_ID = "7c9ebd3d49aa"
_PASSWORD = "correct horse"
_AIR = {
    "Home": {"password": _PASSWORD, "rssi": -52, "address": "192.168.1.20"},
    "Home upstairs": {"password": _PASSWORD, "rssi": -67},
    "Workshop": {"password": _PASSWORD, "rssi": -71},
    "Café Central": {"password": None, "rssi": -78},
    "Printer 7C": {"password": _PASSWORD, "rssi": -86},
}
_TIMEOUT_MS = 60_000
_CHOICES = "label:has([name=chemistry])"


def main():
    """Write all pictures."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        port = start_device(Path(folder), running)
        rules = f"--host-resolver-rules=MAP {_ACCESS_POINT}:80 127.0.0.1:{port}"
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox", rules])
            expect.set_options(_TIMEOUT_MS)
            page = chromium.new_page(**SIZES["phone"])
            page.goto(f"http://{_ACCESS_POINT}/")
            take_all(page)
            chromium.close()


def start_device(folder: Path, running: contextlib.ExitStack) -> int:
    """Start the firmware without a configuration, with a simulated radio; returns the page's port."""
    build("host")
    air, data, port = folder / "air.json", folder / "data", free_port(8080)
    air.write_text(json.dumps(_AIR))
    data.mkdir()
    (data / "id").write_text(_ID)
    environment = device.environment(
        str(folder / "none"),
        data,
        overrides=device.overrides(f"127.0.0.1:{port}", None, None),
        radio={"air": str(air), "dns_port": free_port(5353)},
    )
    start(running, device.command(), env=environment)
    wait_until(lambda: listens(port), "the setup page")
    return port


def take_all(page: Page):
    """A picture of each step, as it is seen without scrolling."""
    page.get_by_role("radio", name="Home", exact=False).first.check()
    page.locator("#passphrase").fill("not the password")
    take(page, "form")
    page.locator("#name").fill("Scooter")
    page.locator("#password").fill("four random words here")
    page.locator(_CHOICES).first.click()
    page.locator("#capacity").fill("20")
    page.locator("#unencrypted").scroll_into_view_if_needed()
    take(page, "pack")
    page.locator("#send").click()
    expect(page.locator("#elapsed")).to_contain_text("2 s so far")
    take(page, "trying")
    expect(page.locator("#locked .fault")).to_be_visible()
    take(page, "failed")
    page.locator("#passphrase").fill(_PASSWORD)
    page.locator("#send").click()
    expect(page.locator("#done")).to_be_visible()
    take(page, "done")


def take(page: Page, step: str):
    """One picture."""
    page.screenshot(path=IMAGES / f"setup-{step}-phone.png", animations="disabled")


if __name__ == "__main__":
    main()
