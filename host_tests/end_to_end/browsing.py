"""The page in Chromium: a visit with all that it asked for and complained about, and what every view must fulfil."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from host_tests.end_to_end.process import PATIENCE_S
from host_tests.needs import missing, need_browser
from tools.build.common import ROOT

PATIENCE_MS = 1000 * PATIENCE_S
VIEWS = ("now", "history", "health", "settings", "device")
PHONE = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark", "locale": "de-DE", "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light", "locale": "en-GB"}
# A key as the device or the words have it: two parts or more, joined by "_" or ".", in lower case.
RAW_KEY = re.compile(
    r"(?<![\w./@:-])(?:[a-z]+_[a-z_0-9]+|(?:verdict|now|history|health|device|line|counter|alarm)\.\w+)"
)
AXE = ROOT / ".venv/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="module")
def browser():
    path = need_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """The page of a firmware, open. `view` is the one that is opened first."""

    def __init__(self, browser, firmware, view: str = "now", **options):
        self.page: Page = browser.new_page(**options)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        expect.set_options(PATIENCE_MS)
        self.page.goto(f"{firmware.url}#{view}")
        self.verdict = self.page.locator("#verdict")
        self.cells = self.page.locator("#cells > li")
        self.link = self.page.locator("#link")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()

    def open(self, view: str):
        """By its link; returns once it is shown."""
        self.page.locator(f'#views a[href="#{view}"]').click()
        expect(self.page.locator(f"#view-{view}")).to_be_visible()

    def asked_for(self, part: str) -> list[str]:
        """What was requested with this in its address."""
        return [url for url in self.requests if part in url]


def too_wide(page: Page) -> int:
    """By how many pixels the page must be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def scrolled_parts(page: Page) -> list[str]:
    """Visible parts of the page that must be scrolled sideways; the log may be, and what is typed in."""
    return page.evaluate(
        """() => [...document.querySelectorAll("main *:not(input)")].filter((node) => {
            const { overflowX } = getComputedStyle(node);
            const isScrolled = /auto|scroll/.test(overflowX) && node.scrollWidth > node.clientWidth;
            return isScrolled && node.offsetParent && !node.closest(".log");
        }).map((node) => `${node.tagName} ${node.className}: ${node.scrollWidth} > ${node.clientWidth}`)"""
    )


def cut_hints(page: Page) -> list[str]:
    """Placeholders that are wider than their fields."""
    return page.evaluate(
        """() => [...document.querySelectorAll("input[placeholder]")].filter((node) => {
            const style = getComputedStyle(node), pen = document.createElement("canvas").getContext("2d");
            pen.font = `${style.fontSize} ${style.fontFamily}`;
            const room = node.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
            return node.offsetParent && pen.measureText(node.placeholder).width > room;
        }).map((node) => node.placeholder)"""
    )


def raw_keys(page: Page) -> list[str]:
    """What looks like a key in the visible text; the log and device texts in English are quotes."""
    text = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter((node) => !node.closest("[lang]:not(html), script, noscript") && node.offsetParent)
            .flatMap((node) => [...node.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data))
            .join("\\n")"""
    )
    return RAW_KEY.findall(text)


def violations(page: Page) -> list[str]:
    """What axe-core finds, a line each."""
    if not AXE.exists():
        missing("axe-core is not installed: make setup")
    if page.evaluate("!window.axe"):
        page.evaluate(Path(AXE).read_text("utf-8"))  # not as a script element: the page's policy allows none
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)")
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for rule in found for node in rule["nodes"]
    ]
