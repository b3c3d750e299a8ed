"""The rules of docs/architecture.md that a machine can check."""

import ast
from pathlib import Path

import pytest

from host_tests.portable import ROOT

FIRMWARE = Path(ROOT) / "firmware"
PACKAGE = FIRMWARE / "evencell"
MODULES = sorted(PACKAGE.glob("**/*.py"))
HARDWARE = {"machine", "network", "esp32", "bluetooth", "neopixel"}
OUTSIDE = sorted([FIRMWARE / "boot.py", FIRMWARE / "main.py", *Path(ROOT).glob("boards/*.py")])

# What came after MicroPython 1.24, the oldest that evencell runs on. From its documentation and source, up to 1.29.
NEWER_MODULES = {"marshal", "string", "weakref"}
NEWER_NAMES = {"_build", "_thread", "popitem", "MSG_PEEK", "MSG_DONTWAIT", "dupterm_notify", "rom_ioctl", "VfsRom"}

# In memory only while something is written.
WRITING = {"evencell.forward.command_message", "evencell.link.command", "evencell.link.write", "evencell.pack.settings"}

# What each folder may import: of evencell the modules that begin so, of everything else these alone.
ALLOWED = {
    "protocol": {"array", "struct", "evencell.compat", "evencell.protocol"},
    "pack": {
        "array", "json", "os", "evencell.compat", "evencell.protocol", "evencell.pack",
        "evencell.runtime.lazy", "evencell.system.files", "evencell.system.ring",  # what history is kept with
    },
    "link": {
        "asyncio", "evencell.compat", "evencell.protocol", "evencell.pack", "evencell.link",
        "evencell.runtime.lazy", "evencell.system.on_demand",
    },
    "display": {
        "array", "binascii", "framebuf", "gc", "json", "evencell", "evencell.compat", "evencell.hub", "evencell.pack",
        "evencell.display", "evencell.protocol.jk_balancer", "evencell.storage.data_files", "evencell.system.files",
        "evencell.system.on_demand",
    },
    "forward": {
        "array", "asyncio", "binascii", "collections", "errno", "gc", "hashlib", "json", "os",
        "select", "socket", "ssl", "struct", "sys", "time", "tls",
        "evencell", "evencell.compat", "evencell.hub", "evencell.net", "evencell.pack", "evencell.forward",
        "evencell.runtime.lazy",
        "evencell.link.diagnosis", "evencell.protocol.jk_balancer", "evencell.protocol.jk_settings",
        "evencell.storage.data_files", "evencell.system.files", "evencell.system.on_demand", "evencell.system.ring",
    },
    "storage": {"io", "os", "frozen_files", "evencell.storage"},
    "runtime": {
        "asyncio", "gc", "os", "select", "sys", "time",
        "evencell.compat", "evencell.runtime", "evencell.storage.data_files", "evencell.system.files",
        "evencell.system.on_demand",
    },
    "net": {
        "asyncio", "errno", "os", "select", "socket", "evencell.compat", "evencell.net", "evencell.system.on_demand",
    },
    "system": {
        "asyncio", "binascii", "errno", "gc", "io", "json", "os", "socket", "struct", "sys", "time",
        "evencell", "evencell.compat", "evencell.net.reachability", "evencell.runtime.lazy", "evencell.system",
        "evencell.pack.temperature", "evencell.protocol.jk_settings",  # the words that the configuration may use
    },
}  # fmt: skip


def names_imported(path: Path) -> set[str]:
    """Every module that the file imports, wherever in it; `from evencell.x import y` counts as `evencell.x.y`
    where that is a module."""
    return names_imported_by(ast.walk(ast.parse(path.read_text())))


def names_imported_by(nodes) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {submodule(node.module or "", alias.name) for alias in node.names}
    return found


def submodule(module: str, name: str) -> str:
    place = FIRMWARE / f"{module}.{name}".replace(".", "/")
    return f"{module}.{name}" if place.with_suffix(".py").exists() or place.is_dir() else module


def is_allowed(name: str, allowed: set[str]) -> bool:
    if name in allowed:
        return True
    return any(name.startswith(prefix + ".") for prefix in allowed if prefix != "evencell")


def by_name(path: Path) -> str:
    return path.relative_to(FIRMWARE).as_posix()


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent != PACKAGE], ids=by_name)
def test_a_module_imports_only_what_its_folder_may(path):
    allowed = ALLOWED[path.relative_to(PACKAGE).parts[0]]
    assert {name for name in names_imported(path) if not is_allowed(name, allowed)} == set()


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_hardware_has_one_door(path):
    assert names_imported(path).isdisjoint(HARDWARE)


def test_boot_is_the_one_exception_to_the_one_door():
    """It claims the memory of both heaps before anything else is loaded, a board file too (docs/memory.md)."""
    assert names_imported(FIRMWARE / "boot.py") & HARDWARE == {"machine", "network", "esp32"}
    assert names_imported(FIRMWARE / "main.py").isdisjoint(HARDWARE)


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_the_firmware_never_imports_the_tools(path):
    assert not {name for name in names_imported(path) if name.split(".")[0] in ("tools", "host_tests", "boards")}


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_writing_costs_nothing_until_something_is_written(path):
    """What a write needs is imported in a function, or by itself alone."""
    if ".".join(path.relative_to(FIRMWARE).with_suffix("").parts) not in WRITING:
        body = ast.parse(path.read_text()).body
        at_start = [node for node in body if isinstance(node, (ast.Import, ast.ImportFrom))]
        assert not WRITING & names_imported_by(at_start)


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_what_micropython_lacks_is_not_used(path):
    missing = {"typing", "__future__", "dataclasses", "abc", "enum", "functools", "contextlib", "logging", "traceback"}
    if path.name != "compat.py":
        assert names_imported(path).isdisjoint(missing)


@pytest.mark.parametrize("path", [*MODULES, *OUTSIDE], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_newer_than_micropython_1_24_is_used(path):
    """A list of names, so no proof: the tests that run on 1.24 are more. But no board is there to run `boards` on."""
    assert names_imported(path).isdisjoint(NEWER_MODULES)
    nodes = list(ast.walk(ast.parse(path.read_text())))
    assert {node.attr for node in nodes if isinstance(node, ast.Attribute)}.isdisjoint(NEWER_NAMES)
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    assert not [node.lineno for node in calls if node.func.id == "next" and len(node.args) > 1]  # default: 1.25


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_only_the_supervisor_catches_everything(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            kinds = {part.id for part in ast.walk(node.type) if isinstance(part, ast.Name)} if node.type else {"bare"}
            assert path.name == "supervisor.py" or not kinds & {"Exception", "BaseException", "bare"}


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_nothing_is_created_at_import(path):
    """At the top of a module stand imports, definitions, constants and the docstring: no object of a class of ours,
    but where MicroPython's names are made up for."""
    if path.name == "compat.py":
        return
    for node in ast.parse(path.read_text()).body:
        for part in ast.walk(node) if isinstance(node, (ast.Assign, ast.Expr)) else ():
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
                assert part.func.id in ("const", "bytes", "tuple"), f"line {part.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_every_module_and_public_name_has_a_docstring(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", MODULES, ids=by_name)
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < 35, node.name


def test_every_captured_frame_has_an_origin():
    import json

    for entry in json.loads((Path(ROOT) / "host_tests/captures/captures.json").read_text()):
        assert entry["origin"] and entry["kind"] in ("recorded", "document", "made up"), entry["name"]
