"""The fonts and the words of the displays, as modules that the build makes."""

import importlib
import string
from pathlib import Path

from evencell.display.fonts import fonts
from tools.making import BUILD, FIRMWARE, installed, newer, run, tool, write_if_changed
from tools.parts import DISPLAY_SIZES
from tools.shake import compact_font

# The fonts of the displays are named `font_ROLE_HEIGHT` (display/fonts.py). All digits of one are equally wide.
# Which characters there are depends on the role, and on what the texts use.
_FONT_FILE = "DejaVuSansMono-Bold.ttf"
_PLAIN_FONTS = {"font_text_10": "DejaVuSansMono.ttf"}  # bold letters of this size run into each other
_TEXTS = "evencell.display.texts_"
_TEXT_SIGNS = " !\"#%&'()*+,-./:<=>?_~Δ°"
_WORD_SIGNS = " 0123456789+-.AVmΔ"
_DIGITS = "0123456789.- "
_FONT_PACKAGE = "rinoh_typeface_dejavusansmono"


def font_sources() -> dict[str, Path]:
    """Fonts as Python modules, made by font-to-py from the DejaVu files of an installed wheel."""
    package = installed(_FONT_PACKAGE)
    return {f"evencell/display/{name}.py": make_font(package, name) for name in font_names()}


def text_sources() -> dict[str, Path]:
    """A module for each section of each language's texts: only the sections that a page uses come into memory."""
    folder = BUILD / "texts"
    folder.mkdir(exist_ok=True)
    found = {}
    for language in languages():
        for section, texts in importlib.import_module(_TEXTS + language).TEXTS.items():
            name = f"texts_{language}_{section}.py"
            write_if_changed(folder / name, f"TEXTS = {texts!r}\n".encode())
            found[f"evencell/display/{name}"] = folder / name
    return found


def whole_texts() -> set[str]:
    """Names of the modules that stand in those of their sections."""
    return {f"evencell/display/texts_{language}.py" for language in languages()}


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
    folder = FIRMWARE / "evencell/display"
    return sorted(path.stem.removeprefix("texts_") for path in folder.glob("texts_*.py"))


def make_font(package: Path, name: str) -> Path:
    """Render a font at the height that its name ends with, horizontally mapped, into a module."""
    _, role, height = name.split("_")
    ttf = package / _PLAIN_FONTS.get(name, _FONT_FILE)
    module = BUILD / "fonts" / f"{name}.py"
    texts = [FIRMWARE / f"evencell/display/texts_{language}.py" for language in languages()]
    if not newer(module, ttf, Path(__file__), *texts):
        new = module.parent / "new" / module.name
        new.parent.mkdir(parents=True, exist_ok=True)
        command = [str(tool("font_to_py")), str(ttf), height, new.name, "-x", "-c", font_characters(role)]
        run(command, cwd=new.parent)
        new.write_text(compact_font(new, font_characters(role)), "utf-8")
        new.replace(module)
    return module
