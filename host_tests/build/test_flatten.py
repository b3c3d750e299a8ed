"""Modules that lose their folder on a chip: names, imports, names in strings, and what can't be done."""

import ast

import pytest

from tools.build.common import FIRMWARE, BuildError
from tools.build.flatten import flat_name, flattened
from tools.build.imports import Imports, module_of
from tools.build.passes import CHIP_PASSES
from tools.build.tree import build, firmware_sources, small_sources


def test_a_folder_without_folders_goes():
    for name, flat in (
        ("evencell/net/tcp.py", "evencell/net_tcp.py"),
        ("evencell/forward/outbox/store.py", "evencell/forward/outbox_store.py"),
        ("evencell/forward/mqtt/discovery.txt", "evencell/forward/discovery.txt"),
        ("evencell/update/release_key.txt", "evencell/release_key.txt"),
        ("evencell/display/pages/glance.py", "evencell/display/pages_glance.py"),
        ("evencell/display/pages/__init__.py", "evencell/display/pages.py"),
    ):
        assert flat_name(name) == flat


@pytest.mark.parametrize(
    "name",
    [
        "evencell/app.py",
        "evencell/forward/syslog.py",
        "evencell/forward/http/server.py",
        "evencell/forward/http/private/update.py",
        "evencell/forward/http/page/app.js.gz",
        "evencell/__init__.py",
        "evencell/display/view.py",
        "boards/esp32.py",
        "board.py",
    ],
)
def test_what_is_found_by_the_beginning_of_its_name_stays(name):
    assert flat_name(name) == name


def test_every_import_and_every_name_in_a_string_follows():
    texts = {
        "evencell/net/tcp.py": "A = 1\n",
        "evencell/link/wire.py": "from evencell.net.tcp import A as B\nfrom evencell.net import tcp\n",
        "evencell/app.py": '"""evencell.net.tcp is meant."""\nNAME = "Ω"; call("evencell.net.tcp", "A")\n',
        "boards/one.py": "def f():\n    from evencell.net import tcp as t\n",
    }
    assert flattened(texts) == {
        "evencell/net/tcp.py": "A = 1\n",
        "evencell/link/wire.py": "from evencell.net_tcp import A as B\nfrom evencell import net_tcp as tcp\n",
        "evencell/app.py": '"""evencell.net.tcp is meant."""\nNAME = "Ω"; call(\'evencell.net_tcp\', "A")\n',
        "boards/one.py": "def f():\n    from evencell import net_tcp as t\n",
    }


def test_a_name_that_is_put_together_follows():
    texts = {
        "evencell/display/pages/__init__.py": "PAGES = ()\n",
        "evencell/display/pages/glance.py": 'view.load("render.font")\n',
        "evencell/display/render/font.py": "",
        "evencell/display/view.py": 'from evencell.display.pages import PAGES\nload(_DISPLAY + "pages." + name)\n',
        "evencell/display/tasks.py": '__import__("evencell.display.render." + name)\n',
    }
    made = flattened(texts)
    assert made["evencell/display/pages/glance.py"] == "view.load('render_font')\n"
    assert made["evencell/display/tasks.py"] == "__import__('evencell.display.render_' + name)\n"
    imported, loaded = made["evencell/display/view.py"].splitlines()
    assert imported == "from evencell.display.pages import PAGES"
    assert loaded == "load(_DISPLAY + 'pages_' + name)"


@pytest.mark.parametrize(
    "line", ["import evencell.net.tcp", 'x = "evencell.net.other"', "from evencell.net import tcp, X"]
)
def test_a_name_that_would_be_missed_is_an_error(line):
    with pytest.raises(BuildError):
        flattened({"evencell/net/tcp.py": "", "evencell/app.py": line})


def test_no_two_modules_get_one_name_and_none_is_called_by_its_old_one():
    sources = firmware_sources()
    flat = [flat_name(name) for name in sources]
    assert len(set(flat)) == len(flat)
    moved = {module_of(name) for name in sources} - {module_of(flat_name(name)) for name in sources}
    for name, path in small_sources(sources, CHIP_PASSES).items():
        strings = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
        assert not moved & strings, name


def test_what_main_imports_keeps_its_name():
    """An update does not change main.py, and a module that it does not find would pass for one that was left out."""
    sources = firmware_sources()
    imported = Imports((FIRMWARE / "main.py").read_text(), map(module_of, sources)).at_import
    names = [name for name in sources if module_of(name) in imported]
    assert len(names) == 2 and [flat_name(name) for name in names] == names


def test_a_slot_has_few_folders():
    slot = build("esp32_generic")
    assert {path.relative_to(slot).as_posix() for path in slot.glob("**/") if path != slot} == {
        "display",
        "forward",
        "http",
        "http/page",
    }
