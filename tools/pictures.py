"""Takes the pictures of the README from the running thing: `make pictures`."""

import contextlib
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tools import device
from tools.build import build
from tools.demo import free_port, listens, start, wait_until
from tools.making import ROOT, tool
from tools.screens.command import OVERVIEW, overview
from tools.screens.png import write_png
from tools.system_packages import browser

_IMAGES = ROOT / "docs/images"
_MOVING_AFTER_MS = 45_000  # until the trends show something


def main():
    write_png(OVERVIEW, overview())
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        address = start_device(Path(folder), running)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": 1100, "height": 800}, device_scale_factor=1.5)
            take(page, address)
            chromium.close()


def start_device(folder: Path, running: contextlib.ExitStack) -> str:
    """Simulator and firmware; returns the page's address."""
    build("host")
    port = folder / "balancer"
    start(running, [str(tool("evencell")), "sim", "--link", str(port)])
    wait_until(port.exists, "the simulated balancer")
    http_port = free_port(8080)
    overrides = {**device.overrides(f"127.0.0.1:{http_port}", None, None), "name": "Scooter (simulated)"}
    environment = device.environment(str(port), folder / "data", overrides=overrides)
    start(running, device.command(), env=environment)
    wait_until(lambda: listens(http_port), "the page")
    return f"http://127.0.0.1:{http_port}/"


def take(page: Page, address: str):
    page.goto(address)
    page.wait_for_timeout(_MOVING_AFTER_MS)
    page.screenshot(path=_IMAGES / "page.png", full_page=True)


if __name__ == "__main__":
    main()
