"""Constants that other files import become numbers."""

import subprocess

import pytest

from host_tests.portable import ROOT
from tools.build import tree as build
from tools.build.common import bytecode_compiler
from tools.build.constants import placed

COLOURS = '''"""Colours."""

from evencell.compat import const

RED = const(3)
OFF = -1  # a level
LEVELS = const(4), const(5)
SHOWN = const(7)
_OWN = const(2 * 8)


def next_to(colour):
    return RED if colour == OFF else colour + _OWN
'''
PAGE = '''"""A page."""

from evencell.colours import OFF, RED, next_to
from evencell.compat import const, sleep_ms

_LOW = const(1)


def draw(level=OFF):
    from evencell.colours import RED

    return next_to(RED - OFF) + _LOW, "RED"
'''


def placed_in(page: str, others=()) -> tuple[str, str]:
    found = placed({"evencell/colours.py": COLOURS, "evencell/page.py": page}, others)
    return found["evencell/colours.py"], found["evencell/page.py"]


def test_an_importing_file_gets_the_number():
    _, page = placed_in(PAGE.replace(', "RED"', ""))
    assert "from evencell.colours import next_to\n" in page
    assert "def draw(level=(-1)):" in page
    assert "return next_to((3) - (-1)) + _LOW" in page
    assert "RED" not in page and "OFF" not in page
    assert "    pass\n" in page  # where nothing of an import is left


def test_the_file_of_a_constant_keeps_it_to_itself():
    colours, _ = placed_in(PAGE.replace(', "RED"', ""))
    assert "_RED = const(3)\n_OFF = const(-1)  # a level\n" in colours
    assert "return _RED if colour == _OFF else colour + _OWN" in colours


@pytest.mark.parametrize("use", ['_TEXT = "SHOWN"\n', "def f(module):\n    return module.SHOWN\n"])
def test_what_is_looked_up_by_its_name_keeps_it(use):
    colours, _ = placed_in(PAGE + use)
    assert "SHOWN = const(7)" in colours and "_SHOWN" not in colours


def test_what_a_board_imports_stays():
    colours, _ = placed_in(PAGE, ["from evencell.colours import SHOWN\n"])
    assert "\nSHOWN = const(7)" in colours


def test_const_itself_is_imported_only_where_the_compiler_leaves_it():
    colours, page = placed_in(PAGE)
    assert "import const" in colours  # for LEVELS
    assert "from evencell.compat import sleep_ms\n" in page


def test_const_is_not_imported_either_from_what_its_module_was_merged_into():
    _, page = placed_in(PAGE.replace("compat", "runtime.supervisor"))
    assert "from evencell.runtime.supervisor import sleep_ms\n" in page


def test_every_file_of_the_firmware_still_compiles(tmp_path):
    for name, path in build.small_sources(build.firmware_sources()).items():
        target = tmp_path / name.replace("/", ".")
        subprocess.run([bytecode_compiler(), "-O3", "-o", target, path], check=True, cwd=ROOT)
