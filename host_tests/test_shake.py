"""What is left out of a library, and what must stay."""

import ast

import pytest

from tools.build import MICRODOT_FILES, MICRODOT_UNUSED, installed
from tools.shake import shake

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
