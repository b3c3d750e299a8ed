"""The fonts that the build makes: digits don't jump, and every character of the texts is there."""

import importlib.util
from pathlib import Path

import pytest

from tools.lettering import font_characters, font_names, font_sources, languages
from tools.parts import DISPLAY_SIZES, display_sizes, fonts_of

PANEL = {"chip": "esp32", "display": {"width": 135, "height": 240}}


@pytest.fixture(scope="module")
def modules():
    """Name → module of every font."""
    return {Path(name).stem: load(path) for name, path in font_sources().items()}


def load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", font_names())
def test_all_characters_are_equally_wide(modules, name):
    assert len({modules[name].get_ch(character)[2] for character in font_characters(name.split("_")[1])}) == 1


@pytest.mark.parametrize("name", font_names())
def test_every_character_is_there(modules, name):
    """None looks like another; what is missing is a question mark, or nothing."""
    characters = font_characters(name.split("_")[1])
    glyphs = {bytes(modules[name].get_ch(character)[0]) for character in characters}
    assert len(glyphs) == len(characters)
    assert bytes(modules[name].get_ch("\u2603")[0]) == bytes(modules[name].get_ch("?" if "?" in characters else " ")[0])


@pytest.mark.parametrize("language", languages())
def test_text_can_be_written(language):
    texts = __import__(f"evencell.display.texts_{language}", fromlist=["TEXTS"]).TEXTS
    for section, role in (("words", "word"), ("names", "text"), ("remedies", "text"), ("device", "text")):
        assert set("".join(texts[section].values())) <= set(font_characters(role))


def test_a_board_gets_the_fonts_of_its_display_however_it_is_turned():
    assert display_sizes(PANEL) == ((135, 240), (240, 135))
    names = fonts_of(PANEL)
    assert "evencell/display/font_text_14.py" in names
    assert "evencell/display/font_text_10.py" not in names


def test_a_board_without_a_display_built_in_may_get_any():
    assert display_sizes({"chip": "esp32", "i2c": {}}) == display_sizes({"chip": "host"}) == DISPLAY_SIZES
    assert display_sizes({"chip": "esp32"}) == ()
