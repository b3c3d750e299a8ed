"""What is left out of a library, and what must stay."""

import ast

import pytest

from tools.build import MICRODOT_FILES, installed
from tools.shake import MICRODOT_UNUSED, shake, without_slots

LIBRARY = '''
try:
    import orjson as json
except ImportError:
    import json
from sys import exit, path

class Server:
    """Kept."""
    types = {}
    def run(self): pass
    def stop(self): pass

def helper(): pass
'''


def test_only_what_is_named_goes():
    left = shake(LIBRARY, {"Server.run", "Server.types", "helper", "exit"})
    assert "stop" in left and "path" in left and "import json" in left
    assert all(name not in left for name in ("run", "types", "helper", "exit", "orjson"))


def test_a_name_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match=r"Server\.start, gone"):
        shake(LIBRARY, {"gone", "Server.start"})


@pytest.mark.parametrize("name", MICRODOT_FILES)
def test_nothing_of_what_stays_in_microdot_names_what_went(name):
    tree = ast.parse(shake((installed("microdot") / name).read_text(), MICRODOT_UNUSED[name]))
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    named |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    # A variable has the name of the one; the other is looked at only for files sent without their content type.
    named -= {"stream", "types_map"}
    assert not named & {unused.split(".")[-1] for unused in MICRODOT_UNUSED[name]}


def test_slots_go_and_every_other_line_stays_where_it_was():
    source = (
        'class A:\n    """Doc."""\n\n    __slots__ = (\n        "a",\n        "b",\n    )\n\n    def a(self): ...\n'
    )
    lines = without_slots(source).split("\n")
    assert "__slots__" not in "".join(lines)
    assert lines[8] == "    def a(self): ..."
