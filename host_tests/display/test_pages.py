"""Every page keeps the contract, and comes and goes with all it needs (view.py)."""

import ast
from pathlib import Path

import pytest

from evencell.display.pages import PAGES
from host_tests.portable import ROOT

DISPLAY = Path(ROOT) / "firmware/evencell/display"
FILES = sorted(path for path in (DISPLAY / "pages").glob("*.py") if path.stem != "__init__")
COLOUR_FILES = sorted(path for path in (DISPLAY / "colour").glob("*.py") if path.stem != "__init__")


def test_every_file_is_a_page_that_can_be_reached():
    assert sorted([*PAGES, "setup"]) == [path.stem for path in FILES]


def test_every_page_for_colour_displays_is_one_of_them():
    assert {path.stem for path in COLOUR_FILES} <= set(PAGES)


@pytest.mark.parametrize("path", FILES + COLOUR_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_page_has_the_two_functions(path):
    functions = {node.name: len(node.args.args) for node in ast.parse(path.read_text()).body if hasattr(node, "args")}
    assert functions["draw"] == 2
    assert functions["has_content"] == 1


@pytest.mark.parametrize("path", sorted(DISPLAY.glob("*.py")), ids=lambda path: path.stem)
def test_resident_modules_do_not_import_lazy_ones(path):
    """Fonts, texts, pages and what they are drawn with are loaded by name, or by each other."""
    if path.stem in ("sheet", "prose", "menu", "saver", "part"):  # part.py is let go once all has started
        return
    text = path.read_text()
    for name in ("render.sheet", "render.prose", "render.font", "render.qr", "text.", "pages.", "colour."):
        assert f"import {name}" not in text and f"evencell.display.{name}" not in text, name
