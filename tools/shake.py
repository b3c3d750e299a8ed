"""Leaves out what the firmware never looks at: a `.mpy` lives in RAM, all of it."""

import ast
import importlib.util
from pathlib import Path


def without_slots(source: str) -> str:
    """`source` without `__slots__`, which MicroPython stores and ignores; every other line keeps its number.

    Where the source itself goes by them they stay.
    """
    if "self.__slots__" in source:
        return source
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and _sets_slots(node):
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    return "\n".join(lines)


def _sets_slots(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Name) and target.id == "__slots__" for target in node.targets)


_FONT = """\
\"\"\"{name}, made by the build from font-to-py's: all characters equally wide, so no index is needed.\"\"\"

_CHARACTERS = {characters!r}
_GLYPHS = {glyphs!r}


def baseline():
    return {baseline}


def get_ch(ch):
    at = {size} * (_CHARACTERS.find(ch) + 1)
    return memoryview(_GLYPHS)[at : at + {size}], {height}, {width}
"""


def compact_font(path: Path, characters: str) -> str:
    """The source of a smaller module than font-to-py's at `path`, with as much of it as the canvas uses.

    Every character is as wide as a digit; the few pixels by which some letters reach farther are cut. What is missing
    is drawn as a question mark, or as nothing where the font has none.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    font = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(font)
    _, height, width = font.get_ch("0")
    stride = (width + 7) // 8
    letters = ("?" if "?" in characters else " ") + characters
    glyphs = b"".join(_cut(font.get_ch(letter), stride) for letter in letters)
    facts = {"name": path.stem, "baseline": font.baseline(), "height": height, "width": width, "size": stride * height}
    return _FONT.format(characters=characters, glyphs=glyphs, **facts)


def _cut(character: tuple, stride: int) -> bytes:
    """The glyph with `stride` bytes a row."""
    glyph, height, width = character
    own = (width + 7) // 8
    return b"".join(bytes(glyph[row * own : row * own + own]).ljust(stride, b"\0")[:stride] for row in range(height))
