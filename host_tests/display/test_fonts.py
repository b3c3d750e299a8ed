"""The fonts that the build makes: digits don't jump, and every character of the texts is there."""

import pytest

from evencell.display.render.font import Font
from tools.build.fonts import font_characters, font_names, font_sources, languages
from tools.build.select import DISPLAY_SIZES, DISPLAY_WISHES, display_sizes, fonts_of, useless_pages

PANEL = {"chip": "esp32", "display": {"driver": "st7789", "width": 135, "height": 240}}


@pytest.mark.parametrize("name", font_names())
def test_a_glyph_stands_for_every_character(name):
    """None looks like another, but for O and 0 in small fonts; what is missing is a question mark, or nothing."""
    font = Font(str(font_sources()["evencell/display/" + name]))
    characters = font_characters(name.split("_")[0])
    glyphs = {bytes(font.glyph(character)) for character in characters if character != "O"}
    assert len(glyphs) == len(set(characters) - {"O"})
    assert {len(glyph) for glyph in glyphs} == {(font.width + 7) // 8 * font.height}
    assert font.glyph("\u2603") == font.glyph("?" if "?" in characters else " ")
    assert font.width <= font.height and font.height // 2 <= font.baseline <= font.height


@pytest.mark.parametrize("name", font_names())
def test_zero_and_eight_differ(name):
    """A row of the eight's waist is lit from side to side; no row of the zero's middle half is."""
    font = Font(str(font_sources()["evencell/display/" + name]))
    glyph, stride = font.glyph("0"), (font.width + 7) // 8
    rows = [int.from_bytes(glyph[row * stride : (row + 1) * stride], "big") for row in range(font.height)]
    lit = [row for row in rows if row]
    quarter = len(lit) // 4
    for row in lit[quarter : len(lit) - quarter]:
        row >>= (row & -row).bit_length() - 1
        assert row & (row + 1), f"{row:b}"


@pytest.mark.parametrize("language", languages())
def test_text_can_be_written(language):
    texts = __import__(f"evencell.display.text.{language}", fromlist=["TEXTS"]).TEXTS
    for section, role in (("words", "word"), ("names", "text"), ("remedies", "text"), ("device", "text")):
        assert set("".join(texts[section].values())) <= set(font_characters(role))


def test_a_board_gets_the_fonts_of_its_display_however_it_is_turned():
    assert display_sizes(PANEL) == ((135, 240), (240, 135))
    names = fonts_of(PANEL)
    assert "evencell/display/text_14.font" in names
    assert "evencell/display/text_10.font" not in names


def test_a_board_with_a_small_flash_gets_what_its_bus_and_its_configuration_can_have():
    assert display_sizes({"chip": "host"}) == DISPLAY_SIZES
    bare = {"chip": "esp32", "i2c": {}}
    assert display_sizes(bare) == ((128, 64), (128, 32))
    assert display_sizes({**bare, "flash_mb": 8}) == DISPLAY_SIZES
    assert display_sizes({**PANEL, "i2c": {}}) == ((128, 64), (128, 32), (135, 240), (240, 135))
    wishes = {"driver": "ili9341"}
    assert display_sizes({**bare, DISPLAY_WISHES: wishes}) == ((128, 64), (128, 32), (240, 320), (320, 240))
    assert display_sizes({**bare, DISPLAY_WISHES: {"driver": "none"}}) == display_sizes({"chip": "esp32"}) == ()


def test_pages_and_drivers_that_no_display_uses_are_left_out():
    bare = {"chip": "esp32", "i2c": {}}
    assert "evencell/display/colour/glance.py" in useless_pages(bare)
    assert "evencell/display/pages/glance.py" in useless_pages(PANEL)
    assert not useless_pages({**bare, DISPLAY_WISHES: {"driver": "picture"}}) & {"evencell/display/colour/glance.py"}
    assert useless_pages({"chip": "host"}) == set()
