"""Shorter names: what the code does stays as it is, and so does what others or a traceback see of it."""

import ast

from tools.build import firmware_sources
from tools.shorten import keyword_names, shared_names, shorten

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


def test_it_does_the_same():
    short = shorten(SOURCE, keyword_names([SOURCE]))
    assert run(short)["count"](1, 4, b"x") == run(SOURCE)["count"](1, 4, b"x") == (10, b"x", "none")


def test_what_only_the_file_knows_gets_letters():
    short = shorten(SOURCE, keyword_names([SOURCE]))
    assert all(name not in short for name in ("_count", "_words", "first", "amount"))


def test_what_others_or_a_traceback_see_stays():
    short = shorten(SOURCE, keyword_names([SOURCE]))
    for name in (
        "class Counter",
        "def _add",
        "def count",
        "def more",
        "self.step",
        "_LONGEST = const",
        "limit = 5",
        "step=2",
    ):
        assert name in short, name


def test_a_private_name_of_two_files_stays():
    assert shared_names(["a._x = a._y", "b._x = 1", "def _z(): pass", "_z = 1"]) == {"_x", "_z"}
    assert "_count" in shorten(SOURCE, {"_count"})


def test_what_a_text_names_stays():
    source = 'def f(thing): return hasattr(thing, "_x") and thing._x'
    assert shorten(source, set()).count("_x") == 2


def test_letters_never_stand_for_two_things():
    names = [f"argument{number}" for number in range(80)]
    source = f"def f({', '.join(names)}): return [a, A, {', '.join(names)}]\na = A = 0"
    assert run(shorten(source, {"b"}))["f"](*range(80)) == [0, 0, *range(80)]
    assert "b," not in shorten(source, {"b"}).replace("ab,", "").replace("bb,", "")


def test_no_module_hides_which_arguments_it_names():
    """An argument that comes from a dict by its name can't be found; only boards do that, and stay as they are."""
    for name, path in firmware_sources().items():
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        assert all(argument.arg for call in calls for argument in call.keywords), name
