"""The drawings of the documents in a browser: no words leave the sheet or their box, or lie on others."""

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from host_tests.needs import missing, need_browser
from tools.build.common import ROOT

DRAWINGS = sorted((ROOT / "docs").glob("**/*.svg"))
WIDEST_OF_THE_USUAL_FONTS = "DejaVu Sans"  # Debian's; Liberation Sans, Arial and Helvetica are narrower
# Boxes smaller than this hold no words. Symbols are copied to where they are used, or their words would have no place.
MEASURE = """() => {
  for (const use of document.querySelectorAll("use")) {
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    const place = `translate(${use.getAttribute("x") || 0} ${use.getAttribute("y") || 0})`;
    group.setAttribute("transform", `${use.getAttribute("transform") || ""} ${place}`);
    group.append(document.querySelector(use.getAttribute("href")).cloneNode(true));
    use.replaceWith(group);
  }
  const shown = name => [...document.querySelectorAll(name)].filter(element => !element.closest("defs"));
  const rects = shown("rect").map(rect => rect.getBoundingClientRect());
  const boxes = rects.filter(box => box.width > 40 && box.height > 25);
  const inside = (box, place) => box.left >= place.left && box.right <= place.right;
  const wrong = [];
  const words = shown("text").map(text => {
    const place = text.getBoundingClientRect();
    const anchor = getComputedStyle(text).textAnchor;
    const x = { end: place.right - 1, middle: (place.left + place.right) / 2 }[anchor] || place.left + 1;
    const y = (place.top + place.bottom) / 2;
    const around = boxes.filter(box => x > box.left && x < box.right && y > box.top && y < box.bottom);
    const innermost = around.sort((a, b) => a.width * a.height - b.width * b.height)[0];
    if (!innermost || !inside(place, innermost)) wrong.push(`leaves its box: ${text.textContent}`);
    return { text: text.textContent, place };
  });
  words.forEach((one, i) => words.slice(i + 1).forEach(other => {
    const width = Math.min(one.place.right, other.place.right) - Math.max(one.place.left, other.place.left);
    const height = Math.min(one.place.bottom, other.place.bottom) - Math.max(one.place.top, other.place.top);
    if (width > 1 && height > 4) wrong.push(`on each other: ${one.text} | ${other.text}`);
  }));
  return wrong;
}"""


@pytest.fixture(scope="module")
def page():
    path = need_browser()
    found = subprocess.run(["fc-match", WIDEST_OF_THE_USUAL_FONTS], capture_output=True, text=True)
    if WIDEST_OF_THE_USUAL_FONTS not in found.stdout:
        missing("DejaVu Sans is not installed: apt-get install fonts-dejavu-core")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("drawing", DRAWINGS, ids=lambda path: path.stem)
def test_words_fit_with_the_widest_of_the_usual_fonts(page, drawing: Path):
    page.set_content(drawing.read_text().replace("Helvetica", f'"{WIDEST_OF_THE_USUAL_FONTS}"'))
    assert page.evaluate(MEASURE) == []
