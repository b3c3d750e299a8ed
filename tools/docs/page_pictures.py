"""Pictures of the page in docs/images/: those that the test of an owner's way takes (host_tests/). `make pictures`
calls it.

A picture of which fewer than three pixels in ten thousand are others stays as it was: seconds and temperatures differ
each time. Delete it to have it made anew.
"""

import subprocess
import sys

from playwright.sync_api import sync_playwright

from tools.build.common import BUILD, ROOT
from tools.dev.system_packages import browser
from tools.docs import palette

TAKEN = BUILD / "pictures"
IMAGES = ROOT / "docs/images"
_TEST = "host_tests/end_to_end/test_browser_walk.py"
_LEAST_DIFFERENCE = 0.0003


def main():
    """Run the test, then make a small file of each of its pictures."""
    subprocess.run([sys.executable, "-m", "pytest", "--quiet", _TEST], cwd=ROOT, check=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        blank = chromium.new_page()
        for taken in sorted(TAKEN.glob("*.png")):
            target, content = IMAGES / taken.name, palette.reduced(blank, taken.read_bytes())
            if not target.exists() or palette.difference(blank, target.read_bytes(), content) >= _LEAST_DIFFERENCE:
                target.write_bytes(content)
        chromium.close()


if __name__ == "__main__":
    main()
