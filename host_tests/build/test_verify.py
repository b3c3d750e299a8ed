"""A pass that changes what the code does is a build error."""

import pytest

from tools.build.common import BuildError
from tools.build.verify import bound_names, check_renamed, check_sources

HUB = "SIZE = 3\n\ndef publish():\n    global last\n    last = SIZE\n"


@pytest.mark.parametrize(
    "text",
    [
        "from evencell.hub import publish, last\n",
        "from evencell import hub\n",
        "import os\ndef f(a, *b):\n    return [os, a, b, len(a)] + [c for c in b]\n",
        "class A:\n    x = 1\n    def f(self):\n        return __name__, A\n",
        "from evencell.compat import const\n_A = const(1)\n",
        "_A = const(1)\n",
    ],
)
def test_sound_sources_pass(text):
    compat = "const = int\n"
    check_sources({"evencell/hub.py": HUB, "evencell/app.py": text, "evencell/compat.py": compat}, {})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("from evencell.hub import gone\n", "gone is imported from evencell.hub, and is not there"),
        ("def f():\n    from evencell.gone import publish\n", "publish is imported from evencell.gone"),
        ("def f():\n    return SIZE\n", "SIZE: used, but neither defined nor imported"),
        ("def f(x):\n    return [y for _ in x]\n", "y: used"),
        ("class A:\n    b = SIZE\n", "SIZE: used"),
        ("LEVELS = const(1), const(2)\n", "const: used"),
    ],
)
def test_name_lost_by_a_pass_is_named(text, sentence):
    with pytest.raises(BuildError, match=f"^evencell/app.py: {sentence}"):
        check_sources({"evencell/hub.py": HUB, "evencell/app.py": text}, {})


def test_a_board_finds_what_it_imports():
    with pytest.raises(BuildError, match=r"^boards/x.py: publish is imported from evencell.old"):
        check_sources({"evencell/hub.py": HUB}, {"boards/x.py": "from evencell.old import publish\n"})
    check_sources({"evencell/hub.py": HUB}, {"boards/x.py": "from evencell.hub import publish\nundefined\n"})


def test_bound_names_of_a_module_are_found():
    assert bound_names("import os.path as p\nfor i in (): x: int = 1\ndef f():\n    y = 1\n" + HUB) == {
        *("p", "i", "x", "f", "SIZE", "publish", "last"),
    }


BEFORE = "def f(first, second):\n    global _kept\n    _kept = first\n    return first.second, second\n"
LETTERS = {"first": "a", "second": "b", "_kept": "c"}
AFTER = "def f(a, b):\n    global c\n    c = a\n    return a.second, b\n"


def test_names_may_become_letters():
    check_renamed("x.py", BEFORE, AFTER, LETTERS)


@pytest.mark.parametrize(
    ("after", "letters"),
    [
        (AFTER.replace("return a.second, b", "return a.second, a"), LETTERS),
        (AFTER.replace("a.second", "a.b"), LETTERS),
        (AFTER.replace("def f", "def g"), LETTERS),
        (AFTER + "pass\n", LETTERS),
        (AFTER.replace("global c", "global _kept"), LETTERS),
        (AFTER.replace("b", "a"), LETTERS | {"second": "a"}),
        (AFTER.replace("a", "f"), LETTERS | {"first": "f"}),
    ],
)
def test_anything_else_is_a_build_error(after, letters):
    with pytest.raises(BuildError, match=r"^x\.py: "):
        check_renamed("x.py", BEFORE, after, letters)
