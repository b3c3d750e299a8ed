"""Modules that get letters, or lose a folder, on a chip: names, imports, names in strings, and what can't be done."""

import ast

import pytest

from tools.build.common import FIRMWARE, BuildError
from tools.build.flatten import flat_name, flattened, letters
from tools.build.imports import Imports, module_of
from tools.build.passes import CHIP_PASSES
from tools.build.tree import build, firmware_sources, small_sources

TCP = letters()["evencell/net/tcp.py"]


def test_a_module_of_which_whole_names_are_known_becomes_letters():
    assert flat_name("evencell/net/tcp.py") == f"evencell/{TCP}.py"
    assert len(TCP) <= 6 and TCP.isalnum()


def test_what_memory_holds_by_its_name_all_the_time_gets_the_shortest():
    """A name of ten characters is interned, as that of a module is; a longer one is an object of its own, too."""
    for name in ("runtime/crash_file", "forward/http/router", "forward/mqtt/connect", "link/remedies", "startup"):
        assert len(letters()[f"evencell/{name}.py"]) == 1, name


def test_modules_of_the_configuration_have_letters():
    """A text `"evencell.config." + name` anywhere would keep the names of all of them (flatten.py)."""
    for name in ("complete", "kinds", "parse", "reconcile", "unchecked"):
        assert f"evencell/config/{name}.py" in letters(), name


def test_a_folder_goes():
    for name, flat in (
        ("evencell/net/part.py", "evencell/net_part.py"),
        ("evencell/forward/bthome/part.py", "evencell/bthome_part.py"),
        ("evencell/forward/mqtt/discovery.txt", "evencell/discovery.txt"),
        ("evencell/forward/http/metrics_fields.txt", "evencell/metrics_fields.txt"),
        ("evencell/update/release_key.txt", "evencell/release_key.txt"),
        ("evencell/forward/http/metrics.py", "evencell/http/metrics.py"),
        ("evencell/forward/http/private/update.py", "evencell/http/private/update.py"),
        ("evencell/forward/http/page/app.js.gz", "evencell/http/page/app.js.gz"),
        ("evencell/display/pages/glance.py", "evencell/display/pages_glance.py"),
        ("evencell/display/pages/__init__.py", "evencell/display/pages.py"),
    ):
        assert flat_name(name) == flat


@pytest.mark.parametrize(
    "name",
    [
        "evencell/app.py",
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
        "evencell/forward/http/router.py": "",
        "evencell/forward/http/metrics.py": "from evencell.forward.http.router import X\n",
        "evencell/hub.py": 'x = "evencell.forward.http." + y\n',
        "evencell/app.py": '"""evencell.net.tcp is meant."""\nNAME = "Ω"; call("evencell.net.tcp", "A")\n',
        "boards/one.py": "def f():\n    from evencell.net import tcp as t\n",
    }
    assert flattened(texts) == {
        "evencell/net/tcp.py": "A = 1\n",
        "evencell/link/wire.py": f"from evencell.{TCP} import A as B\nfrom evencell import {TCP} as tcp\n",
        "evencell/forward/http/router.py": "",
        "evencell/forward/http/metrics.py": f"from evencell.{letters()['evencell/forward/http/router.py']} import X\n",
        "evencell/hub.py": "x = 'evencell.http.' + y\n",
        "evencell/app.py": f'"""evencell.net.tcp is meant."""\nNAME = "Ω"; call(\'evencell.{TCP}\', "A")\n',
        "boards/one.py": f"def f():\n    from evencell import {TCP} as t\n",
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
        "http",
        "http/page",
    }
