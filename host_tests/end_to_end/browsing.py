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
# Marks each control with its number, in the order of the document. Of radio buttons the chosen one is reached, or the
# first; browsers also reach what scrolls.
MARK = """() => {
  const kinds = "a[href], button, input, select, summary, canvas[tabindex], [role=region][tabindex]";
  const isChosen = ({ type, name, checked, form }) => type !== "radio" || checked
    || !form.querySelector(`[name="${name}"]:checked`);
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.disabled;
  document.querySelectorAll("[data-stop]").forEach((node) => delete node.dataset.stop);
  const found = [...document.querySelectorAll(kinds)].filter((node) => isSeen(node) && isChosen(node));
  found.forEach((node, i) => (node.dataset.stop = i));
  found[0].focus();
  return found.map((node) => (node.id || node.name || node.ariaLabel || node.textContent).slice(0, 40));
}"""
# The number of what has the focus, null outside of the page, and what is wrong with how it is seen.
FOCUSED = """() => {
  const node = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(node);
  if (node === document.body) return [null, ""];
  const { left, right, top, bottom } = node.getBoundingClientRect();
  const middle = (from, to, size) => (Math.max(from, 0) + Math.min(to, size)) / 2;
  const there = document.elementFromPoint(middle(left, right, innerWidth), middle(top, bottom, innerHeight));
  const isHidden = !there || !(node.contains(there) || there.contains(node));
  const hasNone = outlineStyle === "none" || parseFloat(outlineWidth) < 2;
  const wrong = hasNone ? "no outline" : isHidden ? `behind ${there?.outerHTML.slice(0, 80)}` : "";
  return [Number(node.dataset.stop ?? -1), node.dataset.stop ? wrong : `unexpected ${node.outerHTML.slice(0, 80)}`];
}"""
# Coloured pixels of the curves: what is not grey.
COLOURED = """(id) => {
  const canvas = document.getElementById(id);
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const spread = Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]);
    count += data[i + 3] > 200 && spread > 60;
  }
  return count;
}"""
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


def log_in(page: Page, password: str):
    """Send the form of the login, whatever becomes of it."""
    page.locator("#login input[type=password]").fill(password)
    page.locator("#login button").click()


def open_section(page: Page, name: str):
    """A section of the settings, with all that is behind "More settings", once its form is there."""
    page.locator(f"#config-{name}").wait_for(state="attached")
    page.locator(f"#section-{name}").evaluate(
        "node => [node, ...node.querySelectorAll('details')].forEach((each) => { each.open = true; })"
    )


def save(page: Page, name: str, says: str):
    """Send the form of a section of the settings."""
    page.locator(f"#config-{name} > .main").click()
    expect(page.locator(f"#config-{name} > .said")).to_contain_text(says)


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


def assert_reached(page: Page):
    """Tab goes through all controls, in the order of the document."""
    names, stops = page.evaluate(MARK), [0]
    for _ in range(2 * len(names)):
        page.keyboard.press("Tab")
        stop, wrong = page.evaluate(FOCUSED)
        if stop in (None, 0):
            break
        assert not wrong, f"{names[stop]}: {wrong}"
        if stop != stops[-1]:  # a field for a time has a stop for hours and one for minutes
            stops.append(stop)
    missed = [names[stop] for stop in set(range(len(names))) - set(stops)]
    assert (missed, stops) == ([], sorted(stops))
