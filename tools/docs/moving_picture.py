"""Takes the README's moving picture: page and display of one running firmware. `make pictures` calls it."""

import base64
import contextlib
import tempfile
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tools.build.common import ROOT, tool
from tools.build.tree import build
from tools.dev import device
from tools.dev.demo import free_port, listens, start, wait_until
from tools.dev.system_packages import browser
from tools.docs import webp
from tools.screens.png import encode_png, enlarged, read_pnm

TARGET = ROOT / "docs/images/evencell.webp"
LARGEST_BYTES = 1_500_000
_PAGE_SIZE = (720, 760)
_DISPLAY_SIZE, _TIMES = "135x240", 2
_SIZE = (1060, 760)
# A pack at rest that needs balancing, and so fast that minutes of it are seen in seconds.
_SIMULATION = ("--cells", "3412,3386,3397,3434", "--capacity-ah", "20", "--speed", "3")
_FIRST_AFTER_MS = 8_000  # until the trends show something
_FRAMES, _APART_MS, _SHOWN_MS = 24, 1_000, 500
_PRESS_EACH = 8  # frames between two presses of the display's button
_PRESS_MS = "200"
_QUALITY = 0.85
# Draws the page's picture, and beside it the display's in its frame; returns a WebP file.
_COMPOSE = """async ([size, page, display, at, quality]) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = size;
  const pen = canvas.getContext("2d");
  const load = data => new Promise(done => {
    const image = new Image();
    image.onload = () => done(image);
    image.src = "data:image/png;base64," + data;
  });
  const [left, right] = [await load(page), await load(display)];
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, ...size);
  pen.drawImage(left, 0, 0);
  const x = at + (size[0] - at - right.width) / 2, y = (size[1] - right.height) / 2;
  pen.fillStyle = "#1b1f24";
  pen.beginPath();
  pen.roundRect(x - 18, y - 18, right.width + 36, right.height + 36, 20);
  pen.fill();
  pen.drawImage(right, x, y);
  return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""


def main():
    """Write the picture."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        data = Path(folder)
        address = start_device(data, running)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
            page = chromium.new_page(viewport={"width": _PAGE_SIZE[0], "height": _PAGE_SIZE[1]})
            page.goto(address)
            page.wait_for_timeout(_FIRST_AFTER_MS)
            frames = list(take(page, chromium.new_page(), address, data / "data/button"))
            chromium.close()
    content = webp.animated([(frame, _SHOWN_MS) for frame in frames], _SIZE)
    if len(content) > LARGEST_BYTES:
        raise SystemExit(f"The moving picture has {len(content)} bytes, and {LARGEST_BYTES} are the limit.")
    TARGET.write_bytes(content)


def start_device(folder: Path, running: contextlib.ExitStack) -> str:
    """Start a simulated pack and the firmware that shows it; returns the page's address."""
    build("host")
    port = folder / "balancer"
    start(running, [str(tool("evencell")), "sim", "--link", str(port), *_SIMULATION])
    wait_until(port.exists, "the simulated balancer")
    http_port = free_port(8080)
    overrides = {**device.overrides(f"127.0.0.1:{http_port}", None, None), "name": "Simulated pack"}
    environment = device.environment(
        str(port), folder / "data", overrides=overrides, display=device.picture(_DISPLAY_SIZE)
    )
    start(running, device.command(), env=environment)
    wait_until(lambda: listens(http_port), "the page")
    return f"http://127.0.0.1:{http_port}/"


def take(page: Page, drawing: Page, address: str, button: Path):
    """Each frame as a WebP file; now and then the display's next page."""
    for number in range(_FRAMES):
        if number and number % _PRESS_EACH == 0:
            button.write_text(_PRESS_MS)
        page.wait_for_timeout(_APART_MS)
        pictures = [base64.b64encode(each).decode() for each in (page.screenshot(), display_picture(address))]
        yield base64.b64decode(drawing.evaluate(_COMPOSE, [_SIZE, *pictures, _PAGE_SIZE[0], _QUALITY]))


def display_picture(address: str) -> bytes:
    """What the display shows, as a PNG file."""
    with tempfile.NamedTemporaryFile() as file, urllib.request.urlopen(address + "api/v1/display", timeout=10) as got:
        file.write(got.read())
        file.flush()
        return encode_png(enlarged(read_pnm(Path(file.name), b"\xff\xff\xff", b"\0\0\0"), _TIMES))


if __name__ == "__main__":
    main()
