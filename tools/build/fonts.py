"""The fonts and the words of the displays: data files that the build makes, each read when a page needs it."""

import importlib
import importlib.util
import json
import string
from pathlib import Path

from evencell.display.fonts import fonts
from tools.build.common import BUILD, FIRMWARE, installed, newer, run, tool, write_if_changed
from tools.build.select import DISPLAY_SIZES

# The fonts of the displays are named `ROLE_HEIGHT.font` (display/fonts.py); display/render/font.py says
# what is in them. All digits of one are equally wide.
# Which characters there are depends on the role, and on what the texts use.
_FONT_FILE = "DejaVuSansMono-Bold.ttf"
_PLAIN_FONTS = {"text_10.font": "DejaVuSansMono.ttf"}  # bold letters of this size run into each other
_TEXTS = "evencell.display.text."
_TEXT_SIGNS = " !\"#%&'()*+,-./:<=>?_~±Δ°"
_WORD_SIGNS = " 0123456789+-.AVmΔ"
_DIGITS = "0123456789.- "
FOLDER = "evencell/display/"  # of the tree
_LEAST_FOR_A_DOT = 20  # pixels of a font's height that leave dark ones between a zero's dot and its sides
_FONT_PACKAGE = "rinoh_typeface_dejavusansmono"


def font_sources() -> dict[str, Path]:
    """Name in the tree → font, made by font-to-py from the DejaVu files of an installed wheel."""
    package = installed(_FONT_PACKAGE)
    return {FOLDER + name: make_font(package, name) for name in font_names()}


def text_sources() -> dict[str, Path]:
    """Name in the tree → the texts of a language. In one file: each file takes a block of the flash of its own."""
    folder = BUILD / "texts"
    folder.mkdir(exist_ok=True)
    found = {}
    for language in languages():
        name = f"texts_{language}.txt"
        write_if_changed(folder / name, text_file(importlib.import_module(_TEXTS + language).TEXTS))
        found[FOLDER + name] = folder / name
    return found


def text_file(texts: dict[str, dict[str, str]]) -> bytes:
    """As display/view.py reads it: a line for each section, its name, a tab and JSON."""
    lines = (f"{section}\t{json.dumps(words, ensure_ascii=False)}\n" for section, words in texts.items())
    return "".join(lines).encode()


def whole_texts() -> set[str]:
    """Names of the modules that these files are made of."""
    return {f"{FOLDER}text/{language}.py" for language in languages()}


def font_names() -> list[str]:
    """Every font that a display of any size uses."""
    return sorted({name for size in DISPLAY_SIZES for name in fonts(*size)})


def font_characters(role: str) -> str:
    """What a font of this role can write."""
    texts = [importlib.import_module(_TEXTS + language).TEXTS for language in languages()]
    if role == "digits":
        return _DIGITS
    if role == "word":
        return "".join(sorted({*_WORD_SIGNS, *"".join("".join(text["words"].values()) for text in texts)}))
    used = "".join(value for text in texts for section in text.values() for value in section.values())
    plain = string.ascii_letters + string.digits + _TEXT_SIGNS
    return "".join(sorted({*plain, *used}))


def languages() -> list[str]:
    """Those there is a file of texts for."""
    folder = FIRMWARE / "evencell/display/text"
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def make_font(package: Path, name: str) -> Path:
    """Render a font at the height that its name ends with, horizontally mapped, as display/render/font.py reads it."""
    role, height = name.removesuffix(".font").split("_")
    ttf = package / _PLAIN_FONTS.get(name, _FONT_FILE)
    font = BUILD / "fonts" / name
    texts = [FIRMWARE / name for name in whole_texts()]
    if not newer(font, ttf, Path(__file__), *texts):
        font.parent.mkdir(exist_ok=True)
        module = font.with_suffix(".py")
        characters = font_characters(role)
        run([str(tool("font_to_py")), str(ttf), height, module.name, "-x", "-c", characters + "O"], cwd=font.parent)
        new = font.with_suffix(".new")
        new.write_bytes(font_file(module, characters))
        new.replace(font)
    return font


def font_file(path: Path, characters: str) -> bytes:
    """The font that font-to-py made at `path`, with as much of it as the canvas uses.

    Every character is as wide as a digit; the few pixels by which some letters reach farther are cut. What is missing
    is drawn as a question mark, or as nothing where the font has none. A zero whose dot would make an eight of it is
    drawn as the letter O, which the font at `path` must have.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    font = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(font)
    _, height, width = font.get_ch("0")
    letters = ("?" if "?" in characters else " ") + characters
    if height < _LEAST_FOR_A_DOT:
        letters = letters.replace("0", "O")
    glyphs = b"".join(_cut(font.get_ch(letter), (width + 7) // 8) for letter in letters)
    known = characters.encode()
    return bytes((height, width, font.baseline(), len(known))) + known + glyphs


def _cut(character: tuple, stride: int) -> bytes:
    """The glyph with `stride` bytes a row."""
    glyph, height, width = character
    own = (width + 7) // 8
    return b"".join(bytes(glyph[row * own : row * own + own]).ljust(stride, b"\0")[:stride] for row in range(height))
