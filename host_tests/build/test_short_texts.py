"""Short texts that stand in tuples on a chip, so that MicroPython keeps no names for them."""

import ast
import subprocess

import pytest

from tools.build.common import BuildError, bytecode_compiler
from tools.build.passes import CHIP_PASSES
from tools.build.short_texts import always_loaded, in_tuples
from tools.build.tree import firmware_sources, small_sources
from tools.build.verify import check_texts

ALWAYS = "evencell/app.py"


def changed(text: str, app: str = "", callers: tuple[str, ...] = ()) -> str:
    return in_tuples({"evencell/a.py": text, ALWAYS: app}, callers, {ALWAYS})["evencell/a.py"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = f('%s: %d' % y)", "x = f(('%s: %d',)[0] % y)"),
        ("x = {'mac': 'ä€'}", "x = {('mac',)[0]: ('ä€',)[0]}"),
        ("x = 'a long text'", None),  # no name
        ("x = '€€€€'", None),  # 12 bytes
        ("x = ''", None),
        ("x = y in ('mac', 'iv')", None),  # one object for the compiler
        ("x = ('mac', y)", "x = (('mac',)[0], y)"),
        ("x = b'mac'", None),
        ("_X = const('mac')", None),
        ("def f(a: 'mac') -> 'iv':\n    'Do it.'", None),
        ("x = load('evencell.m')", None),  # the import makes that name
        ("x = y.to_bytes(4, 'little')", None),  # compared by its address
        ("def mac():\n    x = 'mac'", None),  # a name anyway
        ("x = '€', 'mac', z", "x = ('€',)[0], ('mac',)[0], z"),  # columns count bytes
    ],
)
def test_a_text_that_would_become_a_name_stands_in_a_tuple(text, expected):
    assert changed(text) == (expected or text)


def test_names_that_are_there_anyway_stay():
    assert changed("x = 'mac'", app="x = 'mac'") == "x = 'mac'"
    assert changed("x = 'mac'", app="x.mac = 1") == "x = 'mac'"
    assert changed("x = 'mac'", callers=("import net.mac",)) == "x = 'mac'"
    assert in_tuples({ALWAYS: "x = 'mac'"}, (), {ALWAYS}) == {ALWAYS: "x = 'mac'"}


def test_a_text_in_more_than_two_places_stays_a_name():
    twice, thrice = "x = f('mac', y, 'mac')", "x = f('mac', y, 'mac', z, 'mac')"
    assert changed(twice).count("('mac',)[0]") == 2
    assert changed(thrice) == thrice


def test_anything_else_that_changes_is_an_error():
    check_texts("a.py", "x = 'mac'", "x = ('mac',)[0]")
    for after in ("x = ('iv',)[0]", "x = ('mac',)[1]", "x = ('mac', 'iv')[0]"):
        with pytest.raises(BuildError):
            check_texts("a.py", "x = 'mac'", after)


def test_what_is_always_loaded_and_the_display_keep_their_texts():
    texts = {name: path.read_text() for name, path in firmware_sources().items()}
    kept = always_loaded(texts)
    assert {"evencell/app.py", "evencell/forward/http/routes.py", "evencell/display/view.py"} <= kept
    assert not {"evencell/config/complete.py", "evencell/forward/http/metrics_text.py"} & kept


def test_no_request_leaves_names_for_its_texts():
    """As compiled for a chip: a name in a file is a text of it, an object is not."""
    sources = small_sources(firmware_sources(), CHIP_PASSES)
    text = sources["evencell/forward/http/metrics_text.py"].read_text()
    assert "('# EOF\\n',)[0]" in text or '("# EOF\\n",)[0]' in text
    ast.parse(text)
    for source, is_a_name in (("x = 'mac'", True), ("x = ('mac',)[0]", False)):
        compiled = subprocess.run(
            [bytecode_compiler(), "-o", "-", "-"], input=source, capture_output=True, encoding="latin-1", check=True
        ).stdout
        assert ("\x06mac\0" in compiled) == is_a_name, "a qstr begins with twice its length"
