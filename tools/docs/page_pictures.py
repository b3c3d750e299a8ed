"""Takes pictures of the page's views, on a phone and on a desk: docs/images/page-….png. `make pictures` calls it."""

import contextlib
import json
import math
import random
import tempfile
import time
from pathlib import Path
from subprocess import PIPE, Popen

from playwright.sync_api import Browser, Page, sync_playwright

from evencell.history.archive import keep, open_store
from evencell.history.recorder import History
from evencell.pack.pack import Pack
from evencell.pack.status import Status
from evencell.pack.temperature import TemperatureScale
from evencell.protocol.jk_balancer import CHARGING_LOWEST, DISCHARGING_HIGHEST
from tools.build.common import ROOT, tool
from tools.build.tree import build
from tools.dev import device
from tools.dev.demo import free_port, listens, start, wait_until
from tools.dev.login import password_hash
from tools.dev.system_packages import browser

IMAGES = ROOT / "docs/images"
VIEWS = ("now", "history", "health", "settings", "device")
_PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.5,
    "color_scheme": "dark",
    "locale": "en-GB",
}
_DESK = {"viewport": {"width": 1180, "height": 820}, "color_scheme": "light", "locale": "en-GB"}
SIZES = {"phone": _PHONE, "desk": _DESK}
_PASSWORD = "only for the pictures"
_CONFIG = {
    "name": "Scooter",
    "auth": {"password_hash": password_hash(_PASSWORD, iterations=500)},
    "packs": [{"writable": True}],
    "control": {
        "policy": {"preset": "custom", "conditions": [{"field": "delta_mv", "above": 5, "hysteresis": 2}]},
        "rules": [{"name": "low", "field": "any_cell_mv", "below": 3000, "hysteresis": 50, "severity": "danger"}],
    },
    "time": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"},
    "wifi": {"networks": [{"ssid": "Home", "password": _PASSWORD}, {"ssid": "Workshop", "password": _PASSWORD}]},
}
_CELLS_MV = (3321, 3318, 3304, 3320)  # as the past ends
_SIMULATION = ("--cells", ",".join(map(str, _CELLS_MV)), "--capacity-ah", "20", "--speed", "4")
_FALLING_MV = (0.0, 0.2, 1.9, 0.1)  # what each cell falls in a day
_DAYS = 9
_DAY_S = 86_400
_WINDOW_S = 900  # of a record
_STEP_S = 10  # between two readings; a longer gap would not count as observed
_PAUSE_MS = 5_000  # until curves and pictures are there
_BALANCE_MS = 12_000  # until the simulated balancer works
_FORBIDDEN_MS = 45_000  # until the policy has switched it off, which it decides every 30 s


class _Dated:
    """Time of day at an uptime of a device that was switched on then."""

    def __init__(self, start_s: int):
        self._start_s = start_s

    def unix_s_at(self, uptime_ms: int) -> int:
        return self._start_s + uptime_ms // 1000


def main():
    """Write all pictures."""
    with tempfile.TemporaryDirectory(prefix="evencell-") as folder, contextlib.ExitStack() as running:
        address, simulator = start_device(Path(folder), running)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
            time.sleep(_BALANCE_MS / 1000)
            for size, options in SIZES.items():
                take(chromium, address, size, options)
            take_refusal(chromium, address, simulator)
            chromium.close()


def start_device(folder: Path, running: contextlib.ExitStack) -> tuple[str, Popen]:
    """Start a simulated pack and the firmware with a past; returns the page's address, and the simulator."""
    build("host")
    port, data = folder / "balancer", folder / "data"
    simulation = [str(tool("evencell")), "sim", "--link", str(port), *_SIMULATION]
    simulator = start(running, simulation, stdin=PIPE, text=True)
    wait_until(port.exists, "the simulated balancer")
    data.mkdir()
    make_past(data / "history", int(time.time()) - 5)
    http_port = free_port(8080)
    (data / "config.json").write_text(json.dumps(_CONFIG))
    overrides = device.overrides(f"127.0.0.1:{http_port}", None, None)
    environment = device.environment(str(port), data, overrides=overrides, simulated=True)
    start(running, device.command(), env=environment)
    wait_until(lambda: listens(http_port), "the page")
    return f"http://127.0.0.1:{http_port}/", simulator


def take(chromium: Browser, address: str, size: str, options: dict):
    """A picture of each view, as it is seen without scrolling, and one of a form of the settings."""
    page = logged_in(chromium, address, options)
    for view in VIEWS:
        page.goto(f"{address}#{view}")
        page.wait_for_timeout(_PAUSE_MS)
        page.screenshot(path=IMAGES / f"page-{view}-{size}.png")
    page.goto(f"{address}#settings")
    page.locator("#section-network summary").first.click()
    page.locator("#section-network").scroll_into_view_if_needed()
    page.locator("#section-network").evaluate("node => scrollTo(0, node.offsetTop - 8)")
    page.screenshot(path=IMAGES / f"page-form-{size}.png")
    page.locator("#section-balancing summary").first.click()
    page.wait_for_timeout(_PAUSE_MS)
    page.locator("#section-balancing").evaluate("node => scrollTo(0, node.offsetTop - 8)")
    page.screenshot(path=IMAGES / f"page-balancing-{size}.png")
    take_rules(page, size)
    page.close()


def take_refusal(chromium: Browser, address: str, simulator: Popen):
    """On a phone, with a wire of the balancer that has too much resistance: the alarm with what the policy says, and
    balancing that is not switched on against it.
    """
    page = logged_in(chromium, address, _PHONE)
    assert simulator.stdin
    simulator.stdin.write("+wire_resistance\n")
    simulator.stdin.flush()
    page.goto(f"{address}#now")
    page.get_by_text("wire", exact=False).first.wait_for()
    page.wait_for_timeout(_FORBIDDEN_MS)
    page.screenshot(path=IMAGES / "page-alarm-phone.png")
    page.goto(f"{address}#settings")
    page.reload()  # so that the form has what the policy has written
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#b-balancing_enabled").check()
    page.locator("#balancer .button.main").click()
    page.locator("#balancer .said").get_by_text("should stay off").wait_for()
    page.locator("#balancer").evaluate("node => scrollTo(0, node.offsetTop + node.offsetHeight - innerHeight + 80)")
    page.wait_for_timeout(_PAUSE_MS)
    page.screenshot(path=IMAGES / "page-refusal-phone.png")
    page.close()


def logged_in(chromium: Browser, address: str, options: dict) -> Page:
    """A page at the settings."""
    page = chromium.new_page(**options)
    page.goto(f"{address}#settings")
    page.locator("#login-password").fill(_PASSWORD)
    page.locator("#login button").click()
    page.locator("#login").wait_for(state="hidden")
    return page


def take_rules(page: Page, size: str):
    """A picture of the form of rules, at the page of the settings."""
    page.locator("#section-rules summary").first.click()
    page.locator("#rules-now .fact").first.wait_for()
    page.locator("#section-rules").evaluate("node => scrollTo(0, node.offsetTop - 8)")
    page.screenshot(path=IMAGES / f"page-rules-{size}.png")


def make_past(folder: Path, end_s: int):
    """Write some days of a pack that rests, is ridden in the morning and the evening, and charged at night."""
    cells = len(_CELLS_MV)
    root, chance = str(folder), random.Random(1)
    cells, first = open_store(root, "pack1", cells)
    history = History(Pack("pack1", "jk_b2a4s", TemperatureScale("0.1")), 1000)
    history.make_room(cells, first)
    clock, start_s = _Dated(end_s - _DAYS * _DAY_S), end_s - _DAYS * _DAY_S
    for window in range(_DAYS * _DAY_S // _WINDOW_S):
        history.begin(window)
        for at_s in range(window * _WINDOW_S, (window + 1) * _WINDOW_S, _STEP_S):
            left_days = _DAYS - at_s / _DAY_S
            history.add(reading(start_s + at_s, left_days, chance), at_s * 1000)
        keep(root, "pack1", cells, history.record, clock)


def reading(at_s: int, left_days: float, chance: random.Random) -> Status:
    """A status at this time of day; nearer to the end a falling cell is lower."""
    hour = at_s % _DAY_S / 3600
    is_ride, is_charge = 7 <= hour < 7.75 or 17 <= hour < 18, 22 <= hour < 24
    common_mv = (
        -110 + 25 * math.sin(at_s / 90)
        if is_ride
        else 85 + 12 * (hour - 22)
        if is_charge
        else 8 * math.sin(at_s / 7000)
    )
    status = Status()
    status.cells_detected = status.cells_configured = len(_CELLS_MV)
    for cell, (mv, falling_mv) in enumerate(zip(_CELLS_MV, _FALLING_MV, strict=True)):
        own_mv = falling_mv * left_days * (1.6 if is_ride else 1)
        noise_mv = chance.choice((0, 0, 0, 1)) if not is_ride else chance.randint(-3, 3)
        status.cells_mv[cell] = round(mv + common_mv + own_mv + noise_mv)
    status.balance_raw, status.balance_ma, status.balancing_raw = 0, 0, 1
    if is_charge:  # a pulse from the highest cell, then one to the lowest
        status.balance_raw = (DISCHARGING_HIGHEST, CHARGING_LOWEST)[at_s // _STEP_S % 2]
        status.balance_ma = 1000
    status.derive()
    return status


if __name__ == "__main__":
    main()
