"""Shorter names: what the code does stays as it is, and so does what others or a traceback see of it."""

import re
import sysconfig
from pathlib import Path

import pytest

from tools.build import merge
from tools.build.common import ROOT, BuildError
from tools.build.shorten import kept_names, keyword_names, shorten, shortened, unshared_names
from tools.build.tree import firmware_sources

SOURCE = """
from evencell.compat import const

_LONGEST = const(3)
_words = ["none"]
limit = 5

class Counter:
    step = 1

    def __init__(self, first, step=2):
        self._count = first
        self.step = step

    def _add(self, amount):
        nonsense = [amount for amount in range(amount)]
        try:
            raise ValueError(amount)
        except ValueError as amount:
            self._count += self.step + len(nonsense) + _LONGEST
        return self._count

def count(first, limit, bytes):
    total = 0
    def more(amount):
        nonlocal total
        total += amount
        return total
    counter = Counter(first, step=limit)
    return counter._add(more(2)), bytes, _words[0]
"""


def run(source: str) -> dict:
    names: dict = {}
    exec(source.replace("from evencell.compat import const", "const = int"), names)
    return names


def test_shortened_code_does_the_same():
    short = shorten(SOURCE, keyword_names([SOURCE]))
    assert run(short)["count"](1, 4, b"x") == run(SOURCE)["count"](1, 4, b"x") == (10, b"x", "none")


def test_parameters_and_private_names_become_letters():
    short = shorten(SOURCE, keyword_names([SOURCE]))
    assert all(name not in short for name in ("_count", "_words", "first", "amount", "_add"))


def test_public_names_stay():
    short = shorten(SOURCE, keyword_names([SOURCE]))
    for name in (
        "class Counter",
        "def count",
        "def more",
        "self.step",
        "_LONGEST = const",
        "limit = 5",
        "step=2",
    ):
        assert name in short, name


def test_name_in_a_string_stays():
    source = 'def f(thing): return hasattr(thing, "_x") and thing._x'
    assert shorten(source, set()).count("_x") == 2


def test_letters_are_unique():
    names = [f"argument{number}" for number in range(80)]
    source = f"def f({', '.join(names)}): return [a, A, {', '.join(names)}]\na = A = 0"
    assert run(shorten(source, {"b"}))["f"](*range(80)) == [0, 0, *range(80)]
    assert "b," not in shorten(source, {"b"}).replace("ab,", "").replace("bb,", "")


def test_private_names_of_micropython_itself_stay():
    source = "def wake(core, stream):\n    core._io_queue._dequeue(stream)\n"
    assert "._io_queue._dequeue(" in shorten(source, set())


def test_a_private_name_that_a_board_uses_stays():
    kept = kept_names(["class Port:\n    def _open(self): ...\n"], ["port._open()\n"])
    assert "_open" in kept


def test_letters_are_no_attribute_of_any_file():
    """An object whose private name becomes `a` may get an attribute of another file."""
    private = "class Pack:\n    def __init__(self):\n        self._cells = 1\n"
    other = "def mark(pack):\n    pack.a = 2\n"
    short, letters = shortened({"pack.py": private, "mark.py": other}, {})
    assert letters["pack.py"] == {"_cells": "b"} and "self.b = 1" in short["pack.py"]


def test_two_files_use_the_same_letters_for_what_each_has_for_itself():
    texts = {f"{name}.py": f"class {name}:\n    def _{name}_step(self): ...\n" for name in ("One", "Two")}
    _, letters = shortened(texts, {})
    assert letters == {"One.py": {"_One_step": "a"}, "Two.py": {"_Two_step": "a"}}


PACK = """
import sys

class Pack:
    def __init__(self):
        self.cell_count = 4
        self.is_read = self.max_cells = False

    def has_cells(self, cells):
        cells.row_count = 1
        return self.cell_count > 0 and sys.print_exception

    def print_exception(self):
        return self.has_cells(self)

    def link_name(self):
        pass
"""


def test_public_name_that_no_other_file_uses_or_mentions_becomes_letters():
    texts = {"pack.py": PACK, "other.py": 'FIELD = "link_name is_read"\ndef f(pack):\n    return pack.max_cells\n'}
    short, letters = shortened(texts, {})
    assert set(letters["pack.py"]) == {"cells", "cell_count", "has_cells"}
    assert all(name not in short["pack.py"] for name in ("cell_count", "has_cells"))
    assert "row_count" in short["pack.py"]  # of another object
    assert "cell_count" not in shortened(texts, {"board.py": "pack.cell_count"})[1]["pack.py"]


def test_no_name_of_micropython_becomes_letters():
    """Its own objects have it too: one name can't mean both."""
    stubs = Path(sysconfig.get_path("purelib"))
    known = set()
    for folder in ("micropython_esp32_stubs", "micropython_stdlib_stubs"):
        (record,) = stubs.glob(f"{folder}-*/RECORD")
        files = [stubs / line.split(",")[0] for line in record.read_text().splitlines() if ".pyi," in line]
        known |= set(re.findall(r"\w+", "".join(path.read_text() for path in files)))
    assert {"wait_closed", "get_extra_info", "print_exception"} < known
    boards = {f"boards/{path.name}": path for path in (ROOT / "boards").glob("*.py")}
    sources = {name: path.read_text() for name, path in firmware_sources().items()}
    merged = merge.merged({**sources, **{name: path.read_text() for name, path in boards.items()}})
    own = {name: text for name, text in merged.items() if name not in boards}
    names = set().union(*unshared_names(own, {name: merged[name] for name in boards}).values())
    assert len(names) > 50
    assert names & known == set()


BASE = "class Base:\n    def __init__(self):\n        self._bus = 1\n"
SHARED = [
    ("from evencell.base import _words\n", "_words = 3\n", "_words is private in evencell/base.py"),
    ("def f(base):\n    return base._bus\n", BASE, "_bus is private in evencell/base.py"),
    (
        "class Sub:\n    def __init__(self):\n        self._bus = 2\ndef f(base):\n    return base._bus\n",
        BASE,
        "_bus is private in evencell/base.py",
    ),
    (
        "from evencell.base import Base\nclass Sub(Base):\n    def add(self):\n        self._contrast = 2\n",
        BASE,
        "Sub inherits from evencell.base.Base, and both have private names",
    ),
    (
        "import evencell.base as b\nclass Sub(b.Base):\n    def _add(self):\n        return self._bus\n",
        BASE,
        "Sub inherits from evencell.base.Base, and both have private names",
    ),
    ("def f(g, more):\n    g(**more)\n", BASE, "hides which parameters"),
]


@pytest.mark.parametrize(("text", "base", "sentence"), SHARED)
def test_a_private_name_shared_by_two_files_is_a_build_error(text, base, sentence):
    with pytest.raises(BuildError, match=rf"^evencell/sub\.py: .*{sentence}"):
        shortened({"evencell/base.py": base, "evencell/sub.py": text}, {})


def test_a_private_name_inherited_across_files_is_a_build_error():
    """With letters of its own, the base's `_bus` and the subclass's `_contrast` would become one attribute."""
    sub = "from evencell.base import Base\nclass Sub(Base):\n    def level(self):\n        return self._bus\n"
    with pytest.raises(BuildError, match=r"_bus is private in evencell/base\.py"):
        shortened({"evencell/base.py": BASE, "evencell/sub.py": sub}, {})


def test_a_subclass_in_the_same_file_has_the_letters_of_its_base():
    sub = "class Sub(Base):\n    def __init__(self):\n        Base.__init__(self)\n        self._contrast = 2\n"
    short, _ = shortened({"a.py": BASE + sub}, {})
    names = run(short["a.py"])
    assert sorted(vars(names["Sub"]()).values()) == [1, 2]
